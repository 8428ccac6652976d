#include "archive.h"

#include <string.h>
#include <sys/mman.h>

/* Untouched pages cost nothing, so tables have their greatest size from the start. */
static void *reserve(size_t size) {
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static void release(void *at, size_t size) {
    if (at != NULL) munmap(at, size);
}

bool fv_archive_open(struct fv_archive *a) {
    *a = (struct fv_archive){0};
    a->nodes = reserve(FV_NODES_MAX * sizeof *a->nodes);
    a->steps = reserve(FV_STEPS_MAX * sizeof *a->steps);
    a->hints = reserve(FV_HINTS_MAX * sizeof *a->hints);
    a->places = reserve(FV_PLACES_MAX * sizeof *a->places);
    a->place_of_state = reserve(FV_BUCKETS_MAX * sizeof *a->place_of_state);
    a->second_of_state = reserve(FV_BUCKETS_MAX * sizeof *a->second_of_state);
    if (!a->second_of_state) return false;
    if (!a->nodes || !a->steps || !a->hints || !a->places || !a->place_of_state) return false;
    memset(a->place_of_state, 0xff, FV_BUCKETS_MAX * sizeof *a->place_of_state);
    memset(a->second_of_state, 0xff, FV_BUCKETS_MAX * sizeof *a->second_of_state);
    return true;
}

void fv_archive_close(struct fv_archive *a) {
    release(a->nodes, FV_NODES_MAX * sizeof *a->nodes);
    release(a->steps, FV_STEPS_MAX * sizeof *a->steps);
    release(a->hints, FV_HINTS_MAX * sizeof *a->hints);
    release(a->places, FV_PLACES_MAX * sizeof *a->places);
    release(a->place_of_state, FV_BUCKETS_MAX * sizeof *a->place_of_state);
    release(a->second_of_state, FV_BUCKETS_MAX * sizeof *a->second_of_state);
    *a = (struct fv_archive){0};
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static bool has_room(const struct fv_archive *a, const struct fv_node *node) {
    return a->node_count < FV_NODES_MAX && node->step_count <= FV_STEPS_MAX - a->step_count;
}

uint32_t fv_archive_add_node(struct fv_archive *a, const struct fv_node *node,
                             const struct fv_step *steps) {
    if (!has_room(a, node)) {
        a->overflow++;
        return FV_NOTHING;
    }
    struct fv_node *n = &a->nodes[a->node_count];
    *n = *node;
    n->steps_at = a->step_count;
    n->hint_count = 0;
    memcpy(a->steps + n->steps_at, steps, n->step_count * sizeof *steps);
    a->step_count += n->step_count;
    return a->node_count++;
}

void fv_archive_set_hints(struct fv_archive *a, uint32_t node, const struct fv_comparison *hints,
                          uint32_t count) {
    struct fv_node *n = &a->nodes[node];
    n->is_watched = 1;
    if (n->hint_count > 0 || count > FV_HINTS_MAX - a->hint_count) return;
    n->hints_at = a->hint_count;
    n->hint_count = count;
    a->hint_count += count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && a->hints[n->hints_at + at - 1].draws > hints[i].draws; at--)
            a->hints[n->hints_at + at] = a->hints[n->hints_at + at - 1];
        a->hints[n->hints_at + at] = hints[i];
    }
}

uint32_t fv_archive_add_place(struct fv_archive *a, const struct fv_place *place) {
    if (a->place_count >= FV_PLACES_MAX) {
        a->overflow++;
        return FV_NOTHING;
    }
    uint32_t *places = place->is_second ? a->second_of_state : a->place_of_state;
    if (place->state != FV_NOTHING) places[place->state] = a->place_count;
    a->places[a->place_count] = *place;
    return a->place_count++;
}

void fv_archive_credit(struct fv_archive *a, uint32_t place, const uint8_t *yields, uint32_t n) {
    if (place == FV_NOTHING) return;
    a->places[place].tries += n;
    for (uint32_t i = 0; i < n; i++) a->places[place].hits += yields[i] > 0;
}

/* ---- ways ------------------------------------------------------------------------------------ */

static uint32_t count_before(const struct fv_archive *a, const struct fv_node *n, uint64_t draws) {
    uint32_t count = 0;
    while (count < n->step_count && a->steps[n->steps_at + count].at < draws) count++;
    return count;
}

/* From the last node to the first, written backwards, then moved to the front. */
uint32_t fv_archive_prefix(const struct fv_archive *a, uint32_t node, uint64_t draws,
                           struct fv_step *to, uint32_t max) {
    uint32_t left = max;
    for (uint32_t at = node; at != FV_NOTHING; at = a->nodes[at].parent) {
        const struct fv_node *n = &a->nodes[at];
        uint32_t own = count_before(a, n, draws);
        if (own > left) return FV_NOTHING;
        left -= own;
        memcpy(to + left, a->steps + n->steps_at, own * sizeof *to);
        draws = n->cut < draws ? n->cut : draws;
    }
    memmove(to, to + left, (max - left) * sizeof *to);
    return max - left;
}

/* A node's future after `draws` is its own steps: it left its parent before. */
uint32_t fv_archive_future(const struct fv_archive *a, uint32_t node, uint64_t draws,
                           struct fv_step *to, uint32_t max) {
    const struct fv_node *n = &a->nodes[node];
    uint32_t first = count_before(a, n, draws), count = n->step_count - first;
    if (count > max) count = max;
    memcpy(to, a->steps + n->steps_at + first, count * sizeof *to);
    return count;
}

static bool find_reseed(const struct fv_archive *a, const struct fv_node *n, uint64_t draws,
                        struct fv_step *found) {
    for (uint32_t i = count_before(a, n, draws + 1); i > 0; i--) {
        const struct fv_step *step = &a->steps[n->steps_at + i - 1];
        if (!fv_step_begins(step)) continue;
        *found = *step;
        return true;
    }
    return false;
}

bool fv_archive_stream(const struct fv_archive *a, uint32_t node, uint64_t draws, uint64_t *seed,
                       uint64_t *count) {
    uint64_t limit = draws;
    uint32_t last = node;
    for (uint32_t at = node; at != FV_NOTHING; at = a->nodes[at].parent) {
        struct fv_step step;
        if (find_reseed(a, &a->nodes[at], limit, &step)) {
            *seed = step.seed;
            *count = draws - step.at + fv_segment_skips(step.kind, step.offset);
            return step.kind != FV_SEGMENT_PLAIN;
        }
        if (a->nodes[at].cut == 0)
            limit = 0;
        else if (a->nodes[at].cut - 1 < limit)
            limit = a->nodes[at].cut - 1;
        last = at;
    }
    *seed = a->nodes[last].root;
    *count = draws;
    return a->nodes[last].tape == FV_NOTHING;
}

void fv_archive_relate(const struct fv_step *steps, uint32_t n, struct fv_segment *to,
                       uint64_t *base) {
    for (uint32_t i = 0; i < n; i++) {
        to[i] =
            (struct fv_segment){steps[i].at - *base, steps[i].seed, steps[i].kind, steps[i].offset};
        if (fv_step_begins(&steps[i])) *base = steps[i].at;
    }
}

void fv_archive_unrelate(const struct fv_segment *segments, uint32_t n, struct fv_step *to) {
    uint64_t base = 0;
    for (uint32_t i = 0; i < n; i++) {
        to[i] = (struct fv_step){base + segments[i].count, segments[i].seed, segments[i].kind,
                                 segments[i].offset};
        if (fv_segment_begins(&segments[i])) base = to[i].at;
    }
}
