/* Records of what clients saw, and what they must look like.
 *
 *     struct fv_record *record = fv_record_new(0);
 *     uint32_t number = fv_record_invoke(record, client, FV_OP_WRITE, key, value, 0);
 *     ... the client asks the service, and waits ...
 *     fv_record_ok(record, number, 0);       or fv_record_failed, or fv_record_unknown
 *     ...
 *     if (fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_NOT_LINEAR)
 *         fv_bug("a client saw what no single copy would have shown");
 *
 * What happened before what is the order of these calls. */
#ifndef FUZZVERSE_SIM_RECORD_H
#define FUZZVERSE_SIM_RECORD_H

#include "../fuzzverse.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FV_OPERATIONS_MAX = 1 << 16 };

/* What operations mean. Values are any 64-bit numbers; a key that was never written has `absent`. A
 * record may hold many registers, queues and sets, each under a key of its own. */
enum fv_operation {
    FV_OP_READ,  /* the result is the value */
    FV_OP_WRITE, /* value */
    FV_OP_SWAP,  /* compare-and-swap: expected, value; the result is 1 where it was done, else 0 */
    FV_OP_ADD,   /* value, added to what is there (absent: 0); the result is the sum */
    FV_OP_INCREASE, /* the same, where the sum is not told */
    FV_OP_DELETE,   /* writes `absent` */
    FV_OP_INSERT,   /* into a set, or at the end of a queue: value */
    FV_OP_REMOVE,   /* from the head of a queue; the result is the value, `absent` when empty */
    FV_OP_MEMBERS,  /* of a set; told by fv_record_member */
};

struct fv_record;

struct fv_record *fv_record_new(int64_t absent);
void fv_record_free(struct fv_record *record); /* a timeline need not: its memory goes with it */

/* Returns the operation's number. `client` is shown in logs alone. */
uint32_t fv_record_invoke(struct fv_record *record, uint32_t client, enum fv_operation operation,
                          uint64_t key, int64_t value, int64_t expected);
void fv_record_ok(struct fv_record *record, uint32_t number, int64_t result);
void fv_record_member(struct fv_record *record, uint32_t number, int64_t value); /* before ok */
void fv_record_failed(struct fv_record *record, uint32_t number); /* had no effect, for sure */
/* May have had its effect, now, later, or never. What is still open at a check is taken so. */
void fv_record_unknown(struct fv_record *record, uint32_t number);
uint32_t fv_record_count(const struct fv_record *record); /* operations, ended or not */

/* ---- linearizability: as if each operation had happened at one moment between its ends ------ */

enum fv_linear { FV_LINEAR, FV_NOT_LINEAR, FV_LINEAR_UNDECIDED /* `steps_max` was not enough */ };

/* A good bound: a step is an operation tried or a known state compared, some 10 ns. */
#define FV_LINEAR_STEPS UINT64_C(4000000)
enum { FV_LINEAR_OVERLAP_MAX = 64 }; /* operations of a key under way at once; more: undecided */

/* Whether registers (READ, WRITE, SWAP, ADD, INCREASE, DELETE) are linearizable, key by key. Logs
 * the operations of the first key that is not, up to the one that has no place. No more than
 * `steps_max` steps are taken for all keys together: half of what is left for each key, all of it
 * for the last. */
enum fv_linear fv_record_check_linear(const struct fv_record *record, uint64_t steps_max);
/* The same for queues (INSERT, REMOVE). Fast where no value is inserted twice. */
enum fv_linear fv_record_check_queue(const struct fv_record *record, uint64_t steps_max);

/* ---- properties: NULL, or what is wrong; what it is about is logged ------------------------- */

/* Of queues: no value removed more often than inserted, none before it was inserted; and none lost,
 * that is inserted before the last REMOVE that found the queue empty and removed by nobody, but for
 * as many as there are removes of unknown end. */
const char *fv_record_check_queue_totals(const struct fv_record *record);
/* Of sets that only grow: no value read that nobody had begun to insert; none lost, that is
 * acknowledged and not in the last MEMBERS that began after. */
const char *fv_record_check_set(const struct fv_record *record);
/* Besides, no stale MEMBERS: each has all that was acknowledged before it began. */
const char *fv_record_check_set_fresh(const struct fv_record *record);

#ifdef __cplusplus
}
#endif

#endif
