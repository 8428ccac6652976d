#include "linear.h"

#include <stdlib.h>
#include <string.h>

enum { FV_CONFIGURATIONS_FIRST = 256, FV_WORD_BITS = 64 };

/* What was reached: before the sure act `at` has ended, with `taken` of those under way. Beside it,
 * in `used`, a bit for each unsure act. */
struct fv_configuration {
    uint64_t taken;
    int64_t state;
    uint32_t at;
    uint32_t next; /* of the same place in the table; FV_NEVER: the last */
};

struct fv_frame {
    uint32_t configuration, move;
};

struct fv_search {
    const struct fv_puzzle *puzzle;
    uint64_t steps, steps_max;
    uint32_t words; /* of a set of unsure acts */
    uint32_t furthest;

    /* For each sure act, who is under way when it ends (itself first), and who has begun. */
    uint32_t *under_way, *under_way_start;
    uint32_t *unsure_begun;
    /* The unsure acts by the sure act until which they matter. */
    uint32_t *fading, *fading_start;

    struct fv_configuration *known;
    uint64_t *used;
    uint32_t known_count, known_room;
    uint32_t *table; /* as many as known_room */
    struct fv_frame *stack;
    uint32_t depth;
    uint64_t *set; /* of the configuration being made */
};

static bool has(const uint64_t *set, uint32_t i) {
    return (set[i / FV_WORD_BITS] >> (i % FV_WORD_BITS) & 1) != 0;
}

static void put(uint64_t *set, uint32_t i) {
    set[i / FV_WORD_BITS] |= UINT64_C(1) << (i % FV_WORD_BITS);
}

/* ---- the puzzle ------------------------------------------------------------------------------ */

static struct fv_place place_of(const struct fv_act *act, uint32_t number) {
    return (struct fv_place){.number = number,
                             .begin = act->begin,
                             .end = act->end,
                             .operation = act->operation,
                             .value = act->value,
                             .expected = act->expected,
                             .result = act->result};
}

static bool ends_later(const void *places, uint32_t a, uint32_t b) {
    const struct fv_place *all = places;
    return all[a].end > all[b].end;
}

static bool begins_later(const void *places, uint32_t a, uint32_t b) {
    const struct fv_place *all = places;
    return all[a].begin > all[b].begin;
}

/* Indices 0 .. count - 1 in an order of theirs; freed by the caller. */
static uint32_t *sorted(const struct fv_place *places, uint32_t count,
                        bool (*is_after)(const void *with, uint32_t a, uint32_t b)) {
    uint32_t *indices = fv_record_room(count, sizeof *indices);
    for (uint32_t i = 0; i < count; i++) indices[i] = i;
    fv_record_sort(indices, count, is_after, places);
    return indices;
}

static void sort_by_end(struct fv_puzzle *puzzle) {
    struct fv_place *by_begin = puzzle->sure;
    uint32_t *order = sorted(by_begin, puzzle->sure_count, ends_later);
    puzzle->sure = fv_record_room(puzzle->sure_count, sizeof *puzzle->sure);
    for (uint32_t i = 0; i < puzzle->sure_count; i++) puzzle->sure[i] = by_begin[order[i]];
    free(order);
    free(by_begin);
}

void fv_puzzle_open(struct fv_puzzle *puzzle, const struct fv_record *record,
                    const uint32_t *numbers, uint32_t count) {
    *puzzle = (struct fv_puzzle){.misfit = FV_NEVER};
    puzzle->sure = fv_record_room(count, sizeof *puzzle->sure);
    puzzle->unsure = fv_record_room(count, sizeof *puzzle->unsure);
    for (uint32_t i = 0; i < count; i++) {
        const struct fv_act *act = &record->acts[numbers[i]];
        struct fv_place place = place_of(act, numbers[i]);
        if (act->ending == FV_ENDING_OK)
            puzzle->sure[puzzle->sure_count++] = place;
        else
            puzzle->unsure[puzzle->unsure_count++] = place;
    }
    sort_by_end(puzzle);
    puzzle->same_before = fv_record_room(count, sizeof *puzzle->same_before);
    puzzle->matters_until = fv_record_room(count, sizeof *puzzle->matters_until);
}

void fv_puzzle_close(struct fv_puzzle *puzzle) {
    free(puzzle->sure);
    free(puzzle->unsure);
    free(puzzle->same_before);
    free(puzzle->matters_until);
    *puzzle = (struct fv_puzzle){0};
}

void fv_puzzle_keep(struct fv_puzzle *puzzle, const bool *drop) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < puzzle->unsure_count; i++)
        if (!drop[i]) puzzle->unsure[kept++] = puzzle->unsure[i];
    puzzle->unsure_count = kept;
}

/* ---- who is under way ------------------------------------------------------------------------ */

/* Gives each sure act a bit that nobody under way with it has. False: there are too many. */
static bool give_slots(struct fv_place *sure, uint32_t count, const uint32_t *by_begin) {
    uint64_t busy = 0;
    uint32_t ended = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct fv_place *act = &sure[by_begin[i]];
        for (; ended < count && sure[ended].end < act->begin; ended++)
            busy &= ~(UINT64_C(1) << sure[ended].slot);
        if (busy == UINT64_MAX) return false;
        act->slot = (uint8_t)__builtin_ctzll(~busy);
        busy |= UINT64_C(1) << act->slot;
    }
    return true;
}

/* Lists those that have begun when sure[i] ends and end no earlier: it alone, then the others. */
static void list_under_way(struct fv_search *s, const uint32_t *by_begin) {
    const struct fv_place *sure = s->puzzle->sure;
    uint32_t count = s->puzzle->sure_count, begun = 0, open_count = 0, filled = 0;
    uint32_t open[FV_LINEAR_OVERLAP_MAX];
    s->under_way_start = fv_record_room((size_t)count + 1, sizeof *s->under_way_start);
    uint32_t room = count + FV_LINEAR_OVERLAP_MAX;
    s->under_way = fv_record_room(room, sizeof *s->under_way);
    for (uint32_t i = 0; i < count; i++) {
        for (; begun < count && sure[by_begin[begun]].begin < sure[i].end; begun++)
            open[open_count++] = by_begin[begun];
        if (room - filled < open_count) {
            room *= 2;
            s->under_way = fv_record_grown(s->under_way, room, sizeof *s->under_way);
        }
        s->under_way_start[i] = filled;
        s->under_way[filled++] = i;
        uint32_t left = 0;
        for (uint32_t j = 0; j < open_count; j++) {
            if (open[j] == i) continue;
            s->under_way[filled++] = open[j];
            open[left++] = open[j];
        }
        open_count = left;
    }
    s->under_way_start[count] = filled;
}

/* How many unsure acts have begun when each sure one ends, and which matter no longer then. */
static void list_unsure(struct fv_search *s) {
    const struct fv_puzzle *p = s->puzzle;
    uint32_t begun = 0, filled = 0;
    s->unsure_begun = fv_record_room(p->sure_count, sizeof *s->unsure_begun);
    for (uint32_t i = 0; i < p->sure_count; i++) {
        while (begun < p->unsure_count && p->unsure[begun].begin < p->sure[i].end) begun++;
        s->unsure_begun[i] = begun;
    }
    s->fading_start = fv_record_room((size_t)p->sure_count + 1, sizeof *s->fading_start);
    s->fading = fv_record_room(p->unsure_count, sizeof *s->fading);
    for (uint32_t u = 0; u < p->unsure_count; u++)
        if (p->matters_until[u] < p->sure_count) s->fading_start[p->matters_until[u]]++;
    for (uint32_t i = 0; i <= p->sure_count; i++) {
        uint32_t here = s->fading_start[i];
        s->fading_start[i] = filled;
        filled += here;
    }
    uint32_t *next = fv_record_room(p->sure_count, sizeof *next);
    memcpy(next, s->fading_start, p->sure_count * sizeof *next);
    for (uint32_t u = 0; u < p->unsure_count; u++)
        if (p->matters_until[u] < p->sure_count) s->fading[next[p->matters_until[u]]++] = u;
    free(next);
}

/* ---- what is known --------------------------------------------------------------------------- */

static uint64_t hash_of(const struct fv_configuration *c) {
    uint64_t hash = c->taken * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)c->state;
    hash = (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + c->at;
    hash = (hash ^ hash >> 32) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

static void link_known(struct fv_search *s, uint32_t i) {
    uint32_t *first = &s->table[hash_of(&s->known[i]) & (s->known_room - 1)];
    s->known[i].next = *first;
    *first = i;
}

static void grow_known(struct fv_search *s) {
    s->known_room *= 2;
    s->known = fv_record_grown(s->known, s->known_room, sizeof *s->known);
    s->used = fv_record_grown(s->used, (size_t)s->known_room * s->words, sizeof *s->used);
    s->table = fv_record_grown(s->table, s->known_room, sizeof *s->table);
    memset(s->table, 0xff, s->known_room * sizeof *s->table);
    for (uint32_t i = 0; i < s->known_count; i++) link_known(s, i);
}

static bool is_within(const uint64_t *few, const uint64_t *many, uint32_t words) {
    for (uint32_t w = 0; w < words; w++)
        if ((few[w] & ~many[w]) != 0) return false;
    return true;
}

/* Whether something is known from where all can be reached that can be reached from here. */
static bool is_known(struct fv_search *s, const struct fv_configuration *c) {
    for (uint32_t i = s->table[hash_of(c) & (s->known_room - 1)]; i != FV_NEVER;
         i = s->known[i].next) {
        const struct fv_configuration *other = &s->known[i];
        if (other->at != c->at || other->taken != c->taken || other->state != c->state) continue;
        s->steps++;
        if (is_within(&s->used[(size_t)i * s->words], s->set, s->words)) return true;
    }
    return false;
}

static void enter(struct fv_search *s, const struct fv_configuration *c) {
    if (is_known(s, c)) return;
    if (s->known_count == s->known_room) grow_known(s);
    uint32_t i = s->known_count++;
    s->known[i] = *c;
    memcpy(&s->used[(size_t)i * s->words], s->set, s->words * sizeof *s->set);
    link_known(s, i);
    s->stack[s->depth++] = (struct fv_frame){i, 0};
}

/* ---- the search ------------------------------------------------------------------------------ */

static bool fits(struct fv_search *s, int64_t state, const struct fv_place *act, bool is_sure,
                 int64_t *next) {
    const struct fv_model_of_key *model = &s->puzzle->model;
    return model->apply(model->self, state, act, is_sure, next);
}

/* Takes what changes nothing, and goes on past every sure act that has its place. */
static void settle(struct fv_search *s, struct fv_configuration *c) {
    const struct fv_place *sure = s->puzzle->sure;
    while (c->at < s->puzzle->sure_count) {
        for (uint32_t i = s->under_way_start[c->at]; i < s->under_way_start[c->at + 1]; i++) {
            const struct fv_place *act = &sure[s->under_way[i]];
            int64_t same;
            s->steps++;
            if (act->is_idle && (c->taken >> act->slot & 1) == 0 &&
                fits(s, c->state, act, true, &same))
                c->taken |= UINT64_C(1) << act->slot;
        }
        uint64_t own = UINT64_C(1) << sure[c->at].slot;
        if ((c->taken & own) == 0) break;
        c->taken &= ~own;
        for (uint32_t i = s->fading_start[c->at]; i < s->fading_start[c->at + 1]; i++)
            put(s->set, s->fading[i]);
        c->at++;
    }
    if (c->at > s->furthest) s->furthest = c->at;
}

/* Makes the move, if it fits: s->set and *c are then what it leads to, not yet settled. */
static bool make_move(struct fv_search *s, uint32_t move, struct fv_configuration *c) {
    uint32_t first = s->under_way_start[c->at], sure_moves = s->under_way_start[c->at + 1] - first;
    const struct fv_puzzle *p = s->puzzle;
    s->steps++;
    if (move < sure_moves) {
        const struct fv_place *act = &p->sure[s->under_way[first + move]];
        if ((c->taken >> act->slot & 1) != 0 || !fits(s, c->state, act, true, &c->state))
            return false;
        c->taken |= UINT64_C(1) << act->slot;
        return true;
    }
    uint32_t unsure = move - sure_moves, before = p->same_before[unsure];
    if (has(s->set, unsure) || (before != FV_NEVER && !has(s->set, before))) return false;
    if (!fits(s, c->state, &p->unsure[unsure], false, &c->state)) return false;
    put(s->set, unsure);
    return true;
}

static void expand(struct fv_search *s) {
    struct fv_frame *top = &s->stack[s->depth - 1];
    const struct fv_configuration from = s->known[top->configuration];
    uint32_t moves =
        s->under_way_start[from.at + 1] - s->under_way_start[from.at] + s->unsure_begun[from.at];
    while (top->move < moves) {
        struct fv_configuration to = from;
        memcpy(s->set, &s->used[(size_t)top->configuration * s->words], s->words * sizeof *s->set);
        if (!make_move(s, top->move++, &to)) continue;
        settle(s, &to);
        enter(s, &to);
        return;
    }
    s->depth--;
}

static void open_search(struct fv_search *s) {
    const struct fv_puzzle *p = s->puzzle;
    s->words = p->unsure_count / FV_WORD_BITS + 1;
    list_unsure(s);
    s->set = fv_record_room(s->words, sizeof *s->set);
    s->stack = fv_record_room((size_t)p->sure_count + p->unsure_count + 2, sizeof *s->stack);
    s->known_room = FV_CONFIGURATIONS_FIRST / 2;
    grow_known(s);
}

static void close_search(struct fv_search *s) {
    free(s->under_way);
    free(s->under_way_start);
    free(s->unsure_begun);
    free(s->fading);
    free(s->fading_start);
    free(s->known);
    free(s->used);
    free(s->table);
    free(s->stack);
    free(s->set);
}

/* Depth first: `at` and the used acts only grow along the stack, so it is never deeper than
 * both. */
static enum fv_linear run_search(struct fv_search *s) {
    struct fv_configuration start = {.state = s->puzzle->model.start};
    settle(s, &start);
    enter(s, &start);
    while (s->depth > 0 && s->furthest < s->puzzle->sure_count) {
        if (s->steps >= s->steps_max) return FV_LINEAR_UNDECIDED;
        expand(s);
    }
    return s->furthest == s->puzzle->sure_count ? FV_LINEAR : FV_NOT_LINEAR;
}

struct fv_found fv_linear_search(const struct fv_puzzle *puzzle, uint64_t steps_max) {
    struct fv_search s = {.puzzle = puzzle, .steps_max = steps_max};
    struct fv_found found = {FV_LINEAR_UNDECIDED, 0, 0};
    if (puzzle->misfit != FV_NEVER) return (struct fv_found){FV_NOT_LINEAR, puzzle->misfit, 1};
    uint32_t *by_begin = sorted(puzzle->sure, puzzle->sure_count, begins_later);
    if (give_slots(puzzle->sure, puzzle->sure_count, by_begin)) {
        list_under_way(&s, by_begin);
        open_search(&s);
        found.verdict = run_search(&s);
    }
    free(by_begin);
    found.furthest = s.furthest;
    found.steps = s.steps;
    close_search(&s);
    return found;
}
