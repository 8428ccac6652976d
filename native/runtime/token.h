/* The right to run. A session has as many tokens as --jobs; a running timeline holds one, a
 * splitting parent lends its own to its children, a parked timeline gives it back. The one whose
 * turn it is never waits for a token: the count may go below zero by one a tree. */
#ifndef FV_RUNTIME_TOKEN_H
#define FV_RUNTIME_TOKEN_H

#include "runtime.h"

/* Takes one more for `slot` if one is free. */
bool fv_token_try(struct fv_slot *slot);
void fv_token_force(struct fv_slot *slot);
void fv_token_give_back(struct fv_slot *slot);
/* Moves the token of `from`, if it has one. Returns whether `to` holds one now. */
bool fv_token_move(struct fv_slot *from, struct fv_slot *to);

#endif
