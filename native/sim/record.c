#include "operations.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FV_ACTS_FIRST = 64, FV_MEMBERS_FIRST = 64 };

static const char *const operation_names[] = {
    [FV_OP_READ] = "read",     [FV_OP_WRITE] = "write",       [FV_OP_SWAP] = "swap",
    [FV_OP_ADD] = "add",       [FV_OP_INCREASE] = "increase", [FV_OP_DELETE] = "delete",
    [FV_OP_INSERT] = "insert", [FV_OP_REMOVE] = "remove",     [FV_OP_MEMBERS] = "members",
};

void *fv_record_room(size_t n, size_t size) {
    void *room = calloc(n > 0 ? n : 1, size);
    if (room == NULL) fv_bug("the simulation kit finds no memory for a record");
    return room;
}

void *fv_record_grown(void *old, size_t n, size_t size) {
    void *room = realloc(old, n * size);
    if (room == NULL) fv_bug("the simulation kit finds no memory for a record");
    return room;
}

struct fv_record *fv_record_new(int64_t absent) {
    struct fv_record *record = fv_record_room(1, sizeof *record);
    record->absent = absent;
    return record;
}

void fv_record_free(struct fv_record *record) {
    if (record == NULL) return;
    free(record->acts);
    free(record->members);
    free(record);
}

uint32_t fv_record_invoke(struct fv_record *record, uint32_t client, enum fv_operation operation,
                          uint64_t key, int64_t value, int64_t expected) {
    if (record->count == FV_OPERATIONS_MAX)
        fv_bug("misuse of the kit: a record of more than %d operations", FV_OPERATIONS_MAX);
    if (record->count == record->room) {
        record->room = record->room > 0 ? 2 * record->room : FV_ACTS_FIRST;
        record->acts = fv_record_grown(record->acts, record->room, sizeof *record->acts);
    }
    record->acts[record->count] = (struct fv_act){.key = key,
                                                  .value = value,
                                                  .expected = expected,
                                                  .begin = record->event_count++,
                                                  .end = FV_NEVER,
                                                  .client = client,
                                                  .operation = (uint8_t)operation};
    return record->count++;
}

static void finish(struct fv_record *record, uint32_t number, enum fv_ending ending) {
    if (number >= record->count || record->acts[number].ending != FV_ENDING_OPEN)
        fv_bug("misuse of the kit: an operation ends that is not under way");
    record->acts[number].ending = (uint8_t)ending;
}

void fv_record_ok(struct fv_record *record, uint32_t number, int64_t result) {
    finish(record, number, FV_ENDING_OK);
    record->acts[number].result = result;
    record->acts[number].end = record->event_count++;
}

void fv_record_failed(struct fv_record *record, uint32_t number) {
    finish(record, number, FV_ENDING_FAILED);
}

void fv_record_unknown(struct fv_record *record, uint32_t number) {
    finish(record, number, FV_ENDING_UNKNOWN);
}

void fv_record_member(struct fv_record *record, uint32_t number, int64_t value) {
    if (number >= record->count || record->acts[number].ending != FV_ENDING_OPEN)
        fv_bug("misuse of the kit: a member is told of an operation that is not under way");
    if (record->member_count == record->member_room) {
        record->member_room = record->member_room > 0 ? 2 * record->member_room : FV_MEMBERS_FIRST;
        record->members =
            fv_record_grown(record->members, record->member_room, sizeof *record->members);
    }
    record->members[record->member_count++] = (struct fv_member){number, value};
}

uint32_t fv_record_count(const struct fv_record *record) { return record->count; }

/* ---- in order -------------------------------------------------------------------------------- */

struct order {
    bool (*is_after)(const void *with, uint32_t a, uint32_t b);
    const void *with;
};

/* Merges two sorted runs, of which the first ends at `middle`. */
static void merge(const struct order *order, const uint32_t *from, uint32_t *to, uint32_t middle,
                  uint32_t n) {
    uint32_t left = 0, right = middle;
    for (uint32_t i = 0; i < n; i++) {
        bool takes_left =
            right == n || (left < middle && !order->is_after(order->with, from[left], from[right]));
        to[i] = takes_left ? from[left++] : from[right++];
    }
}

void fv_record_sort(uint32_t *numbers, uint32_t count,
                    bool (*is_after)(const void *with, uint32_t a, uint32_t b), const void *with) {
    const struct order order = {is_after, with};
    uint32_t *other = fv_record_room(count, sizeof *other);
    uint32_t *from = numbers, *to = other;
    for (uint32_t run = 1; run < count; run *= 2) {
        for (uint32_t at = 0; at < count; at += 2 * run) {
            uint32_t size = count - at < 2 * run ? count - at : 2 * run;
            merge(&order, from + at, to + at, size < run ? size : run, size);
        }
        uint32_t *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != numbers) memcpy(numbers, from, count * sizeof *numbers);
    free(other);
}

static bool has_later_key(const void *record, uint32_t a, uint32_t b) {
    const struct fv_act *acts = ((const struct fv_record *)record)->acts;
    return acts[a].key > acts[b].key;
}

uint32_t *fv_record_by_key(const struct fv_record *record, uint32_t *count) {
    uint32_t *sorted = fv_record_room(record->count, sizeof *sorted), n = 0;
    for (uint32_t i = 0; i < record->count; i++)
        if (record->acts[i].ending != FV_ENDING_FAILED) sorted[n++] = i;
    fv_record_sort(sorted, n, has_later_key, record);
    *count = n;
    return sorted;
}

uint32_t fv_record_key_end(const struct fv_record *record, const uint32_t *by_key, uint32_t count,
                           uint32_t from) {
    uint32_t end = from + 1;
    while (end < count && record->acts[by_key[end]].key == record->acts[by_key[from]].key) end++;
    return end;
}

/* ---- words ----------------------------------------------------------------------------------- */

enum { FV_ACT_WORDS_MAX = 96 };

static void describe(const struct fv_act *act, char *to) {
    int64_t value = act->value, result = act->result;
    size_t room = FV_ACT_WORDS_MAX;
    const char *name = operation_names[act->operation];
    switch ((enum fv_operation)act->operation) {
    case FV_OP_WRITE:
    case FV_OP_INCREASE:
    case FV_OP_INSERT: snprintf(to, room, "%s %" PRId64, name, value); return;
    case FV_OP_SWAP:
        snprintf(to, room, "%s %" PRId64 " for %" PRId64 "%s", name, value, act->expected,
                 act->end == FV_NEVER ? ""
                 : result == 1        ? ": done"
                                      : ": not done");
        return;
    case FV_OP_ADD:
        if (act->end == FV_NEVER)
            snprintf(to, room, "%s %" PRId64, name, value);
        else
            snprintf(to, room, "%s %" PRId64 ": %" PRId64, name, value, result);
        return;
    case FV_OP_READ:
    case FV_OP_REMOVE:
        if (act->end != FV_NEVER) {
            snprintf(to, room, "%s: %" PRId64, name, result);
            return;
        } /* fallthrough */
    case FV_OP_DELETE:
    case FV_OP_MEMBERS: snprintf(to, room, "%s", name); return;
    }
}

void fv_record_log(const struct fv_record *record, uint32_t number, const char *remark) {
    const struct fv_act *act = &record->acts[number];
    char words[FV_ACT_WORDS_MAX] = "", end[16] = "?";
    describe(act, words);
    if (act->end != FV_NEVER) snprintf(end, sizeof end, "%" PRIu32, act->end);
    fv_log("%5" PRIu32 " .. %5s  client %" PRIu32 "  key %" PRIu64 "  %s%s", act->begin, end,
           act->client, act->key, words, remark);
}
