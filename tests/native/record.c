/* Records by hand: what fits, what does not, what queues and sets must look like. */
/* links: sim/record sim/record_checks sim/linear
          sim/linear_keys sim/linear_register sim/linear_queue */
#include <fuzzverse/sim/record.h>

#include "kit.h"

enum { ABSENT = -7 };

static void done(struct fv_record *record, enum fv_operation operation, int64_t value,
                 int64_t result) {
    fv_record_ok(record, fv_record_invoke(record, 1, operation, 5, value, 0), result);
}

static void what_does_not_fit_is_logged(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    EXPECT(fv_record_check_linear(record, 1) == FV_LINEAR);
    done(record, FV_OP_WRITE, 1, 0);
    done(record, FV_OP_READ, 0, 1);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_LINEAR);
    done(record, FV_OP_READ, 0, ABSENT);
    done(record, FV_OP_READ, 0, 1);
    logged[0] = 0;
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_NOT_LINEAR);
    EXPECT(strcmp(logged, "not linearizable:\n"
                          "    0 ..     1  client 1  key 5  write 1\n"
                          "    2 ..     3  client 1  key 5  read: 1\n"
                          "    4 ..     5  client 1  key 5  read: -7  <- fits nowhere\n") == 0);
    EXPECT(fv_record_count(record) == 4);
    fv_record_free(record);
}

static void an_open_write_may_come_late(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    fv_record_invoke(record, 2, FV_OP_WRITE, 5, 9, 0);
    done(record, FV_OP_READ, 0, ABSENT);
    done(record, FV_OP_READ, 0, 9);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_LINEAR);
    done(record, FV_OP_READ, 0, ABSENT);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_NOT_LINEAR);
    fv_record_free(record);
}

static void queues_keep_what_they_get(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    done(record, FV_OP_INSERT, 1, 0);
    done(record, FV_OP_INSERT, 2, 0);
    EXPECT(fv_record_check_queue_totals(record) == NULL);
    done(record, FV_OP_REMOVE, 0, 2);
    EXPECT(fv_record_check_queue_totals(record) == NULL);
    EXPECT(fv_record_check_queue(record, FV_LINEAR_STEPS) == FV_NOT_LINEAR);
    done(record, FV_OP_REMOVE, 0, ABSENT);
    EXPECT(strstr(fv_record_check_queue_totals(record), "lost") != NULL);
    uint32_t unknown = fv_record_invoke(record, 2, FV_OP_REMOVE, 5, 0, 0);
    EXPECT(strstr(fv_record_check_queue_totals(record), "lost") != NULL);
    fv_record_unknown(record, unknown);
    done(record, FV_OP_REMOVE, 0, ABSENT);
    EXPECT(fv_record_check_queue_totals(record) == NULL);
    done(record, FV_OP_REMOVE, 0, 2);
    EXPECT(strstr(fv_record_check_queue_totals(record), "more often") != NULL);
    fv_record_free(record);
}

static void queues_make_nothing_up(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    done(record, FV_OP_REMOVE, 0, 3);
    EXPECT(strstr(fv_record_check_queue_totals(record), "nobody had inserted") != NULL);
    done(record, FV_OP_INSERT, 3, 0);
    EXPECT(strstr(fv_record_check_queue_totals(record), "before it was inserted") != NULL);
    fv_record_free(record);
}

static void members(struct fv_record *record, int64_t first, int64_t second) {
    uint32_t number = fv_record_invoke(record, 3, FV_OP_MEMBERS, 5, 0, 0);
    if (first != ABSENT) fv_record_member(record, number, first);
    if (second != ABSENT) fv_record_member(record, number, second);
    fv_record_ok(record, number, 0);
}

static void sets_lose_nothing(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    done(record, FV_OP_INSERT, 1, 0);
    uint32_t open = fv_record_invoke(record, 2, FV_OP_INSERT, 5, 2, 0);
    members(record, 1, ABSENT);
    members(record, 1, 2);
    EXPECT(fv_record_check_set(record) == NULL && fv_record_check_set_fresh(record) == NULL);
    fv_record_ok(record, open, 0);
    members(record, 2, ABSENT);
    EXPECT(strstr(fv_record_check_set(record), "lost") != NULL);
    members(record, 2, 1);
    EXPECT(fv_record_check_set(record) == NULL);
    EXPECT(strstr(fv_record_check_set_fresh(record), "stale") != NULL);
    members(record, 4, ABSENT);
    EXPECT(strstr(fv_record_check_set(record), "nobody had inserted") != NULL);
    fv_record_free(record);
}

static void too_many_at_once_leave_it_undecided(void) {
    struct fv_record *record = fv_record_new(0);
    for (uint32_t i = 0; i <= FV_LINEAR_OVERLAP_MAX; i++)
        fv_record_invoke(record, i, FV_OP_WRITE, 1, i, 0);
    for (uint32_t i = 0; i < FV_LINEAR_OVERLAP_MAX; i++) fv_record_ok(record, i, 0);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_LINEAR);
    fv_record_ok(record, FV_LINEAR_OVERLAP_MAX, 0);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_LINEAR_UNDECIDED);
    fv_record_free(record);
}

int main(void) {
    what_does_not_fit_is_logged();
    an_open_write_may_come_late();
    queues_keep_what_they_get();
    queues_make_nothing_up();
    sets_lose_nothing();
    too_many_at_once_leave_it_undecided();
    return 0;
}
