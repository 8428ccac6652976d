/* The physical floor of the fork isolation: the same process, forked without fuzzverse. */
#ifndef FV_RUNTIME_BARE_H
#define FV_RUNTIME_BARE_H

/* Forks `n` times in a row, each child leaves at once (after fv_bare_body, where the target
 * defines it) and is waited for. Prints the microseconds of one on stdout. */
void fv_bare_run(unsigned n);

#endif
