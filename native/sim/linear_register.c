/* Registers: READ, WRITE, SWAP, ADD, INCREASE, DELETE.
 *
 * Where nothing is added, a value matters only if somebody sees it: reads it, or swaps it out.
 * Values then become small numbers, and all that nobody sees are one. */
#include <stdlib.h>

#include "linear.h"

enum { FV_UNSEEN = 0 };

struct seen {
    int64_t *values; /* ascending; the number of values[i] is i + 1 */
    uint32_t count;
};

static bool apply(void *self, int64_t state, const struct fv_place *act, bool is_sure,
                  int64_t *next) {
    int64_t absent = *(const int64_t *)self, sum;
    *next = state;
    switch (act->operation) {
    case FV_OP_READ: return state == act->result;
    case FV_OP_WRITE: *next = act->value; return true;
    case FV_OP_SWAP:
        if (state != act->expected) return is_sure && act->result == 0;
        *next = act->value;
        return !is_sure || act->result != 0;
    case FV_OP_ADD:
    case FV_OP_INCREASE:
        sum = (int64_t)((uint64_t)(state == absent ? 0 : state) + (uint64_t)act->value);
        *next = sum;
        return !is_sure || act->operation == FV_OP_INCREASE || sum == act->result;
    default: return false;
    }
}

/* Both lists of acts, one behind the other. */
static struct fv_place *each(const struct fv_puzzle *puzzle, uint32_t i) {
    return i < puzzle->sure_count ? &puzzle->sure[i] : &puzzle->unsure[i - puzzle->sure_count];
}

static uint32_t all_count(const struct fv_puzzle *puzzle) {
    return puzzle->sure_count + puzzle->unsure_count;
}

static void simplify(struct fv_puzzle *puzzle, int64_t absent) {
    for (uint32_t i = 0; i < all_count(puzzle); i++) {
        struct fv_place *act = each(puzzle, i);
        if (act->operation == FV_OP_DELETE) {
            act->operation = FV_OP_WRITE;
            act->value = absent;
        } else if (act->operation == FV_OP_READ)
            act->value = 0;
        else if (act->operation > FV_OP_DELETE)
            fv_bug("misuse of the kit: a register is checked that is a set or a queue");
        if (act->operation != FV_OP_SWAP) act->expected = 0;
    }
}

static bool has_add(const struct fv_puzzle *puzzle) {
    for (uint32_t i = 0; i < all_count(puzzle); i++)
        if (each(puzzle, i)->operation == FV_OP_ADD || each(puzzle, i)->operation == FV_OP_INCREASE)
            return true;
    return false;
}

/* ---- values as numbers ----------------------------------------------------------------------- */

static bool is_greater(const void *values, uint32_t a, uint32_t b) {
    const int64_t *all = values;
    return all[a] > all[b];
}

static struct seen list_seen(const struct fv_puzzle *puzzle) {
    uint32_t n = 0, all = all_count(puzzle);
    int64_t *values = fv_record_room(all, sizeof *values);
    for (uint32_t i = 0; i < all; i++) {
        const struct fv_place *act = each(puzzle, i);
        if (act->operation == FV_OP_READ && i < puzzle->sure_count) values[n++] = act->result;
        if (act->operation == FV_OP_SWAP) values[n++] = act->expected;
    }
    uint32_t *order = fv_record_room(n, sizeof *order);
    for (uint32_t i = 0; i < n; i++) order[i] = i;
    fv_record_sort(order, n, is_greater, values);
    struct seen seen = {fv_record_room(n, sizeof *seen.values), 0};
    for (uint32_t i = 0; i < n; i++) {
        int64_t value = values[order[i]];
        if (seen.count == 0 || seen.values[seen.count - 1] != value)
            seen.values[seen.count++] = value;
    }
    free(order);
    free(values);
    return seen;
}

static int64_t number_of(const struct seen *seen, int64_t value) {
    uint32_t low = 0, high = seen->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (seen->values[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < seen->count && seen->values[low] == value ? (int64_t)low + 1 : FV_UNSEEN;
}

static void number_values(struct fv_puzzle *puzzle, const struct seen *seen) {
    puzzle->model.start = number_of(seen, puzzle->model.start);
    for (uint32_t i = 0; i < all_count(puzzle); i++) {
        struct fv_place *act = each(puzzle, i);
        if (act->operation == FV_OP_READ)
            act->result = number_of(seen, act->result);
        else
            act->value = number_of(seen, act->value);
        if (act->operation == FV_OP_SWAP) act->expected = number_of(seen, act->expected);
    }
}

/* ---- which unsure acts matter, and to whom --------------------------------------------------- */

/* 1 + the last sure act to whom it matters whether the register held each number; 0: nobody. */
static uint32_t *list_last_seen(const struct fv_puzzle *puzzle, uint32_t number_count) {
    uint32_t *last = fv_record_room(number_count, sizeof *last), last_refusal = 0;
    for (uint32_t i = 0; i < puzzle->sure_count; i++) {
        const struct fv_place *act = &puzzle->sure[i];
        if (act->operation == FV_OP_READ) last[act->result] = i + 1;
        if (act->operation == FV_OP_SWAP && act->result != 0) last[act->expected] = i + 1;
        if (act->operation == FV_OP_SWAP && act->result == 0) last_refusal = i + 1;
    }
    for (uint32_t i = 0; i < number_count; i++)
        if (last[i] < last_refusal) last[i] = last_refusal;
    for (uint32_t i = 0; i < puzzle->unsure_count; i++)
        if (puzzle->unsure[i].operation == FV_OP_SWAP)
            last[puzzle->unsure[i].expected] = puzzle->sure_count;
    return last;
}

static void drop_reads(struct fv_puzzle *puzzle) {
    bool *drop = fv_record_room(puzzle->unsure_count, sizeof *drop);
    for (uint32_t i = 0; i < puzzle->unsure_count; i++)
        drop[i] = puzzle->unsure[i].operation == FV_OP_READ;
    fv_puzzle_keep(puzzle, drop);
    free(drop);
}

/* Drops the unsure acts that come too late for all who would see them, and says of the others for
 * how long they matter. */
static void weigh_unsure(struct fv_puzzle *puzzle, uint32_t number_count) {
    uint32_t *last = list_last_seen(puzzle, number_count);
    bool *drop = fv_record_room(puzzle->unsure_count, sizeof *drop);
    for (uint32_t i = 0; i < puzzle->unsure_count; i++) {
        uint32_t seen = last[puzzle->unsure[i].value];
        drop[i] = seen == 0 || puzzle->sure[seen - 1].end < puzzle->unsure[i].begin;
    }
    fv_puzzle_keep(puzzle, drop);
    for (uint32_t i = 0; i < puzzle->unsure_count; i++)
        puzzle->matters_until[i] = last[puzzle->unsure[i].value] - 1;
    free(drop);
    free(last);
}

static int compare(const struct fv_place *a, const struct fv_place *b) {
    if (a->operation != b->operation) return a->operation < b->operation ? -1 : 1;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    if (a->expected != b->expected) return a->expected < b->expected ? -1 : 1;
    return 0;
}

static bool does_more(const void *unsure, uint32_t a, uint32_t b) {
    const struct fv_place *all = unsure;
    return compare(&all[a], &all[b]) > 0;
}

static void chain_same(struct fv_puzzle *puzzle) {
    uint32_t n = puzzle->unsure_count, *order = fv_record_room(n, sizeof *order);
    for (uint32_t i = 0; i < n; i++) order[i] = i;
    fv_record_sort(order, n, does_more, puzzle->unsure);
    for (uint32_t i = 0; i < n; i++) {
        bool is_same =
            i > 0 && compare(&puzzle->unsure[order[i - 1]], &puzzle->unsure[order[i]]) == 0;
        puzzle->same_before[order[i]] = is_same ? order[i - 1] : FV_NEVER;
    }
    free(order);
}

static void note_idle(struct fv_puzzle *puzzle) {
    for (uint32_t i = 0; i < puzzle->sure_count; i++) {
        struct fv_place *act = &puzzle->sure[i];
        bool refuses =
            act->operation == FV_OP_SWAP && (act->result == 0 || act->value == act->expected);
        act->is_idle = act->operation == FV_OP_READ || refuses;
    }
}

static void pose(struct fv_puzzle *puzzle, const struct fv_record *record) {
    int64_t *absent = fv_record_room(1, sizeof *absent);
    *absent = record->absent;
    puzzle->model = (struct fv_model_of_key){apply, absent, record->absent};
    simplify(puzzle, record->absent);
    drop_reads(puzzle);
    if (has_add(puzzle)) {
        for (uint32_t i = 0; i < puzzle->unsure_count; i++) puzzle->matters_until[i] = FV_NEVER;
    } else {
        struct seen seen = list_seen(puzzle);
        number_values(puzzle, &seen);
        weigh_unsure(puzzle, seen.count + 1);
        free(seen.values);
    }
    chain_same(puzzle);
    note_idle(puzzle);
}

static void unpose(struct fv_puzzle *puzzle) { free(puzzle->model.self); }

enum fv_linear fv_record_check_linear(const struct fv_record *record, uint64_t steps_max) {
    return fv_linear_by_key(record, steps_max, pose, unpose);
}
