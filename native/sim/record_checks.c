/* What queues and sets must look like, whatever the order of what overlapped. */
#include <inttypes.h>
#include <stdlib.h>

#include "operations.h"

/* ---- values of one key, sorted --------------------------------------------------------------- */

/* One appearance of a value: inserted, removed, or read as a member. */
struct sighting {
    int64_t value;
    uint32_t number; /* of the act */
};

struct sightings {
    struct sighting *all; /* by value, then by number */
    uint32_t count;
};

static bool is_after(const void *sightings, uint32_t a, uint32_t b) {
    const struct sighting *all = sightings;
    return all[a].value > all[b].value;
}

static void sort_sightings(struct sightings *sightings) {
    uint32_t *order = fv_record_room(sightings->count, sizeof *order);
    struct sighting *sorted = fv_record_room(sightings->count, sizeof *sorted);
    for (uint32_t i = 0; i < sightings->count; i++) order[i] = i;
    fv_record_sort(order, sightings->count, is_after, sightings->all);
    for (uint32_t i = 0; i < sightings->count; i++) sorted[i] = sightings->all[order[i]];
    free(sightings->all);
    free(order);
    sightings->all = sorted;
}

/* The first appearance of a value that is no smaller. */
static uint32_t find(const struct sightings *sightings, int64_t value) {
    uint32_t low = 0, high = sightings->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sightings->all[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t count_of(const struct sightings *sightings, int64_t value) {
    uint32_t from = find(sightings, value), to = from;
    while (to < sightings->count && sightings->all[to].value == value) to++;
    return to - from;
}

struct key_acts {
    const struct fv_record *record;
    const uint32_t *numbers;
    uint32_t count;
};

static const struct fv_act *act_at(const struct key_acts *key, uint32_t i) {
    return &key->record->acts[key->numbers[i]];
}

/* The values that acts of a kind put in, or gave as their results. */
static struct sightings list(const struct key_acts *key, enum fv_operation operation,
                             bool results) {
    struct sightings sightings = {fv_record_room(key->count, sizeof *sightings.all), 0};
    for (uint32_t i = 0; i < key->count; i++) {
        const struct fv_act *act = act_at(key, i);
        if (act->operation != operation || (results && act->ending != FV_ENDING_OK)) continue;
        if (results && act->result == key->record->absent) continue;
        sightings.all[sightings.count++] =
            (struct sighting){results ? act->result : act->value, key->numbers[i]};
    }
    sort_sightings(&sightings);
    return sightings;
}

static const char *check_keys(const struct fv_record *record,
                              const char *(*check)(const struct key_acts *key)) {
    const char *wrong = NULL;
    uint32_t count, *by_key = fv_record_by_key(record, &count);
    for (uint32_t from = 0, end; from < count && wrong == NULL; from = end) {
        end = fv_record_key_end(record, by_key, count, from);
        const struct key_acts key = {record, by_key + from, end - from};
        wrong = check(&key);
    }
    free(by_key);
    return wrong;
}

/* ---- queues ---------------------------------------------------------------------------------- */

static const char *check_removed(const struct key_acts *key, const struct sightings *inserted,
                                 const struct sightings *removed) {
    const struct fv_act *acts = key->record->acts;
    for (uint32_t i = 0, run = 0; i < removed->count; i++) {
        const struct sighting *out = &removed->all[i];
        run = i > 0 && removed->all[i - 1].value == out->value ? run + 1 : 0;
        uint32_t first = find(inserted, out->value), n = count_of(inserted, out->value);
        const char *wrong = NULL;
        if (n == 0)
            wrong = "a value was removed that nobody had inserted";
        else if (acts[inserted->all[first].number].begin > acts[out->number].end)
            wrong = "a value was removed before it was inserted";
        else if (run >= n)
            wrong = "a value was removed more often than it was inserted";
        if (wrong == NULL) continue;
        fv_record_log(key->record, out->number, "  <- this");
        return wrong;
    }
    return NULL;
}

/* The number of the last remove that found the queue empty, or FV_NEVER. */
static uint32_t last_empty(const struct key_acts *key) {
    uint32_t found = FV_NEVER;
    for (uint32_t i = 0; i < key->count; i++) {
        const struct fv_act *act = act_at(key, i);
        if (act->operation == FV_OP_REMOVE && act->ending == FV_ENDING_OK &&
            act->result == key->record->absent)
            found = key->numbers[i];
    }
    return found;
}

static const char *check_lost(const struct key_acts *key, const struct sightings *inserted,
                              const struct sightings *removed) {
    const struct fv_act *acts = key->record->acts;
    uint32_t empty = last_empty(key), excused = 0, lost = 0, one_lost = FV_NEVER;
    if (empty == FV_NEVER) return NULL;
    for (uint32_t i = 0; i < key->count; i++)
        if (act_at(key, i)->operation == FV_OP_REMOVE && act_at(key, i)->ending != FV_ENDING_OK &&
            act_at(key, i)->begin < acts[empty].end)
            excused++;
    for (uint32_t from = 0, to; from < inserted->count; from = to) {
        uint32_t sure = 0;
        for (to = from;
             to < inserted->count && inserted->all[to].value == inserted->all[from].value; to++)
            if (acts[inserted->all[to].number].end < acts[empty].begin) sure++;
        uint32_t out = count_of(removed, inserted->all[from].value);
        if (sure <= out) continue;
        lost += sure - out;
        one_lost = inserted->all[from].number;
    }
    if (lost <= excused) return NULL;
    fv_log("%" PRIu32 " values lost, %" PRIu32 " removes of unknown end; one of them:", lost,
           excused);
    fv_record_log(key->record, one_lost, "  <- lost");
    fv_record_log(key->record, empty, "  <- empty");
    return "a value is lost: the queue is empty and nobody removed it";
}

static const char *check_totals(const struct key_acts *key) {
    struct sightings inserted = list(key, FV_OP_INSERT, false);
    struct sightings removed = list(key, FV_OP_REMOVE, true);
    const char *wrong = check_removed(key, &inserted, &removed);
    if (wrong == NULL) wrong = check_lost(key, &inserted, &removed);
    free(inserted.all);
    free(removed.all);
    return wrong;
}

const char *fv_record_check_queue_totals(const struct fv_record *record) {
    return check_keys(record, check_totals);
}

/* ---- sets ------------------------------------------------------------------------------------ */

/* The members that acts of this key read. */
static struct sightings list_members(const struct key_acts *key) {
    const struct fv_record *record = key->record;
    struct sightings sightings = {fv_record_room(record->member_count, sizeof *sightings.all), 0};
    for (uint32_t i = 0; i < record->member_count; i++) {
        const struct fv_member *member = &record->members[i];
        const struct fv_act *act = &record->acts[member->number];
        if (act->ending == FV_ENDING_OK && act->key == act_at(key, 0)->key)
            sightings.all[sightings.count++] = (struct sighting){member->value, member->number};
    }
    sort_sightings(&sightings);
    return sightings;
}

static const char *check_made_up(const struct key_acts *key, const struct sightings *inserted,
                                 const struct sightings *members) {
    const struct fv_act *acts = key->record->acts;
    for (uint32_t i = 0; i < members->count; i++) {
        const struct sighting *member = &members->all[i];
        uint32_t first = find(inserted, member->value);
        if (first < inserted->count && inserted->all[first].value == member->value &&
            acts[inserted->all[first].number].begin < acts[member->number].end)
            continue;
        fv_record_log(key->record, member->number, "");
        fv_log("  read %" PRId64 ", which nobody had begun to insert", member->value);
        return "a value was read that nobody had inserted";
    }
    return NULL;
}

static bool was_read(const struct sightings *members, int64_t value, uint32_t number) {
    for (uint32_t i = find(members, value); i < members->count && members->all[i].value == value;
         i++)
        if (members->all[i].number == number) return true;
    return false;
}

static const char *check_missing(const struct key_acts *key, const struct sightings *inserted,
                                 const struct sightings *members, bool last_only) {
    const struct fv_act *acts = key->record->acts;
    bool is_last = true;
    for (uint32_t i = key->count; i > 0; i--) {
        const struct fv_act *act = act_at(key, i - 1);
        if (act->operation != FV_OP_MEMBERS || act->ending != FV_ENDING_OK) continue;
        for (uint32_t j = 0; j < inserted->count; j++) {
            const struct sighting *in = &inserted->all[j];
            if (acts[in->number].end > act->begin ||
                was_read(members, in->value, key->numbers[i - 1]))
                continue;
            fv_record_log(key->record, in->number, "");
            fv_record_log(key->record, key->numbers[i - 1], "  <- did not see it");
            return is_last ? "an acknowledged value is lost"
                           : "a stale read: an acknowledged value was not seen";
        }
        if (last_only) return NULL;
        is_last = false;
    }
    return NULL;
}

static const char *check_set(const struct key_acts *key, bool last_only) {
    struct sightings inserted = list(key, FV_OP_INSERT, false), members = list_members(key);
    const char *wrong = check_made_up(key, &inserted, &members);
    if (wrong == NULL) wrong = check_missing(key, &inserted, &members, last_only);
    free(inserted.all);
    free(members.all);
    return wrong;
}

static const char *check_set_last(const struct key_acts *key) { return check_set(key, true); }
static const char *check_set_all(const struct key_acts *key) { return check_set(key, false); }

const char *fv_record_check_set(const struct fv_record *record) {
    return check_keys(record, check_set_last);
}

const char *fv_record_check_set_fresh(const struct fv_record *record) {
    return check_keys(record, check_set_all);
}
