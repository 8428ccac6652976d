/* Records of what clients saw, and what they must look like. */
#ifndef FUZZVERSE_SIM_RECORD_H
#define FUZZVERSE_SIM_RECORD_H

#include "../fuzzverse.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FV_OPERATIONS_MAX = 1 << 16 };

/* What operations mean. Values are any 64-bit numbers; a key that was never written has `absent`. */
enum fv_operation {
    FV_OP_READ,      /* key; the result is the value */
    FV_OP_WRITE,     /* key, value */
    FV_OP_SWAP,      /* compare-and-swap: key, expected, value; the result is 1 where it was done */
    FV_OP_ADD,       /* key, value added to what is there; the result is the sum */
    FV_OP_DELETE,    /* key */
    FV_OP_INSERT,    /* into a set, or at the end of a queue: value */
    FV_OP_REMOVE,    /* from the head of a queue; the result is the value, `absent` when empty */
    FV_OP_MEMBERS,   /* of a set; told by fv_record_member */
};

struct fv_record;

struct fv_record *fv_record_new(int64_t absent);
/* Returns the operation's number. A client has one operation under way at a time. */
uint32_t fv_record_invoke(struct fv_record *record, uint32_t client, enum fv_operation operation,
                          uint64_t key, int64_t value, int64_t expected);
void fv_record_ok(struct fv_record *record, uint32_t number, int64_t result);
void fv_record_member(struct fv_record *record, uint32_t number, int64_t value); /* before ok */
void fv_record_failed(struct fv_record *record, uint32_t number); /* had no effect, for sure */
/* May have had its effect, now, later, or never. What is still open at a check is taken so. */
void fv_record_unknown(struct fv_record *record, uint32_t number);

enum fv_linear { FV_LINEAR, FV_NOT_LINEAR, FV_LINEAR_UNDECIDED /* `steps_max` was not enough */ };

/* Whether registers and maps (READ, WRITE, SWAP, ADD, DELETE) are linearizable, key by key. Wing and
 * Gong's search with memory (Lowe, "Testing for linearizability", 2017) and just-in-time linearization.
 * Logs the operations of the first key that is not. */
enum fv_linear fv_record_check_linear(const struct fv_record *record, uint64_t steps_max);
/* The same for a queue (INSERT, REMOVE). */
enum fv_linear fv_record_check_queue(const struct fv_record *record, uint64_t steps_max);
/* Properties of a set: what was acknowledged and never read again is lost, what was never inserted but
 * read is made up; NULL, or which. */
const char *fv_record_check_set(const struct fv_record *record);
/* No value removed twice, none made up, none lost but those under way. NULL, or what is wrong. */
const char *fv_record_check_queue_totals(const struct fv_record *record);

#ifdef __cplusplus
}
#endif

#endif
