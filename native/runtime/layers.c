#include "layers.h"

#include <stdio.h>
#include <string.h>

#include "../common/mix.h"
#include "blocks.h"
#include "host.h"
#include "runner.h"
#include "timeline.h"

enum { FV_LAYERS_MAX = 128, FV_SIEVE_WORDS = 16, FV_SIEVE_SHIFT = 54 };

#define FV_STORE_LAYERS (FV_STORE_RUNNER + (UINT64_C(1) << 35))
#define FV_STORE_SLOTS (FV_STORE_RUNNER + (UINT64_C(1) << 36))

/* What is looked at when an order is served. `worth` as in cache.c. */
struct layer {
    uint64_t root;
    uint64_t path;  /* a hash of the segments before the last */
    uint64_t count; /* of draws in the last segment */
    uint64_t draws; /* since the root */
    uint64_t worth;
    uint32_t segment_at;
    uint32_t has_tape;
    struct fv_moment *moment;
    uint64_t pending; /* signals */
    uint32_t is_used;
    uint32_t was_used; /* ever: its slot is backed by memory */
};

/* In the store. */
static struct layers {
    uint32_t used_count;
    uint32_t most;
    uint64_t inflation;
    struct layer of[FV_LAYERS_MAX];
    ucontext_t contexts[FV_LAYERS_MAX];
    uint64_t paths[FV_POOL_MAX + 1];
    uint64_t sieve[FV_SIEVE_WORDS];  /* which hashes an order's prefixes have, by their top bits */
    uint64_t path_of[FV_LAYERS_MAX]; /* of the layers; close together */
} *const layers = (struct layers *)(FV_STORE_AT + FV_STORE_LAYERS);

static struct fv_slot *slot_of(const struct layer *l) {
    uint64_t number = (uint64_t)(l - layers->of);
    uint64_t at = FV_STORE_AT + FV_STORE_SLOTS + number * fv_rt.header->slot_stride;
    return (struct fv_slot *)(uintptr_t)at;
}

static uint32_t most_kept(void) {
    uint64_t room = (FV_STORE_END - FV_STORE_SLOTS) / fv_rt.header->slot_stride;
    uint64_t most = room < FV_LAYERS_MAX ? room : FV_LAYERS_MAX;
    return (uint32_t)most;
}

bool fv_layers_open(char *why, size_t size) {
    if (!fv_store_map(FV_STORE_LAYERS, sizeof *layers) ||
        !fv_store_map(FV_STORE_SLOTS, FV_LAYERS_MAX * fv_rt.header->slot_stride)) {
        snprintf(why, size, "no address space for checkpoints");
        return false;
    }
    layers->most = most_kept();
    return true;
}

/* ---- finding --------------------------------------------------------------------------------- */

static uint64_t hash_step(uint64_t hash, const struct fv_segment *s) {
    hash = fv_mix_into(fv_mix_into(hash, s->count), s->seed);
    return fv_mix_into(hash, (uint64_t)s->kind << 32 | s->offset);
}

/* `paths` has the hash of the order's first 0, 1, 2, ... segments; who has the same hash is looked
 * at word by word. */
static bool is_on_the_way(const struct layer *l, const struct fv_order *o,
                          const struct fv_segment *prefix, const uint64_t *paths) {
    if (l->root != o->root || !l->is_used || l->has_tape != o->has_tape) return false;
    if (l->segment_at > o->segment_count || l->path != paths[l->segment_at]) return false;
    uint64_t end = l->segment_at == o->segment_count ? o->count : prefix[l->segment_at].count;
    if (l->count > end) return false;
    return memcmp(slot_of(l)->recipe.segments, prefix, l->segment_at * sizeof *prefix) == 0;
}

static bool is_at(const struct layer *l, const struct fv_order *o) {
    return l->segment_at == o->segment_count && l->count == o->count;
}

static uint64_t *sieve_word(uint64_t path) { return &layers->sieve[path >> (FV_SIEVE_SHIFT + 6)]; }
static uint64_t sieve_bit(uint64_t path) { return UINT64_C(1) << (path >> FV_SIEVE_SHIFT) % 64; }

/* The furthest on the way; NULL: from the start. */
static struct layer *find_nearest(const struct fv_order *o) {
    const struct fv_segment *prefix = fv_layout_pool(fv_rt.header, fv_rt.tree) + o->segments_at;
    struct layer *best = NULL;
    uint64_t *paths = layers->paths;
    FV_CHECK(o->segment_count <= FV_POOL_MAX && o->segments_at <= FV_POOL_MAX - o->segment_count);
    paths[0] = fv_mix(o->root);
    for (uint32_t i = 0; i < o->segment_count; i++) paths[i + 1] = hash_step(paths[i], &prefix[i]);
    memset(layers->sieve, 0, sizeof layers->sieve);
    for (uint32_t i = 0; i <= o->segment_count; i++) *sieve_word(paths[i]) |= sieve_bit(paths[i]);
    for (uint32_t i = 0; i < layers->most; i++) {
        struct layer *l = &layers->of[i];
        if (!(*sieve_word(layers->path_of[i]) & sieve_bit(layers->path_of[i]))) continue;
        if (best != NULL && l->draws < best->draws) continue;
        if (is_on_the_way(l, o, prefix, paths)) best = l;
    }
    return best;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static void give_up_layer(struct layer *l) {
    fv_pages_drop(l->moment);
    l->is_used = 0;
    layers->used_count--;
}

/* Whatever is on the way to what comes next stays. */
static struct layer *least_worth(const struct layer *but) {
    struct layer *least = NULL;
    for (uint32_t i = 0; i < layers->most; i++) {
        struct layer *l = &layers->of[i];
        if (l->is_used && l != but && (least == NULL || l->worth < least->worth)) least = l;
    }
    return least;
}

/* Contents of pages, and slots. */
static uint64_t bytes_used(void) {
    const struct fv_header *h = fv_rt.header;
    return fv_pages_bytes() + layers->used_count * (h->slot_tallies + h->map_size);
}

static void make_room(const struct layer *but) {
    uint64_t most = (uint64_t)fv_rt.header->host_mb << 20;
    while (layers->used_count >= layers->most || (bytes_used() > most && layers->used_count > 0)) {
        struct layer *least = least_worth(but);
        if (least == NULL) return;
        layers->inflation = least->worth;
        give_up_layer(least);
    }
}

static void forget_all(void) {
    for (uint32_t i = 0; i < layers->most && layers->used_count > 0; i++)
        if (layers->of[i].is_used) give_up_layer(&layers->of[i]);
}

static struct layer *free_layer(void) {
    for (uint32_t i = 0; i < layers->most; i++)
        if (!layers->of[i].is_used) return &layers->of[i];
    return NULL;
}

/* The pilot's slot is needed again: what its children take over is copied. */
static void copy_slot(struct fv_slot *to, const struct fv_slot *from) {
    const struct fv_header *h = fv_rt.header;
    size_t segments = from->recipe.segment_count * sizeof(struct fv_segment);
    memcpy(to, from, offsetof(struct fv_slot, recipe));
    memcpy(&to->recipe, &from->recipe, offsetof(struct fv_recipe, segments) + segments);
    memcpy((uint8_t *)to + h->slot_tallies, (const uint8_t *)from + h->slot_tallies,
           h->slot_journal - h->slot_tallies);
    memcpy((uint8_t *)to + h->slot_features, (const uint8_t *)from + h->slot_features,
           fv_layout_map_used(h, fv_rt.tree));
}

/* Its features; of the rest little is used. */
static void back_slot(struct layer *l) {
    uint64_t page = fv_rt.header->slot_features / FV_PAGE_BYTES * FV_PAGE_BYTES;
    if (!l->was_used)
        fv_store_fill((const uint8_t *)slot_of(l) + page, fv_rt.header->slot_stride - page);
    l->was_used = 1;
}

static void keep(struct layer *l, const struct fv_slot *s, const struct fv_point *point) {
    back_slot(l);
    copy_slot(slot_of(l), s);
    l->root = s->recipe.root;
    l->has_tape = s->recipe.has_tape;
    l->segment_at = s->segment_at;
    l->count = s->count;
    l->draws = fv_layout_draws(s);
    l->moment = point->moment;
    l->pending = point->pending;
    l->path = fv_mix(l->root);
    for (uint32_t i = 0; i < l->segment_at; i++)
        l->path = hash_step(l->path, &s->recipe.segments[i]);
    layers->path_of[l - layers->of] = l->path;
    l->is_used = 1;
    layers->used_count++;
}

/* ---- serving --------------------------------------------------------------------------------- */

static void stand_at(const struct layer *l) {
    if (l == NULL) {
        fv_rt.slot = NULL;
        fv_runner_stand(fv_runner_start());
        return;
    }
    fv_runtime_enter(slot_of(l));
    fv_runner_stand((struct fv_point){l->moment, &layers->contexts[l - layers->of], l->pending});
}

static void miss(struct fv_order *o) {
    fv_rt.tree->unreached++;
    o->is_unreached = 1;
}

/* NULL: its children have run elsewhere, or it is not to be reached. */
static struct layer *reach(struct fv_order *o, struct layer *nearest) {
    struct fv_point point;
    if (nearest != NULL) nearest->worth = layers->inflation + nearest->draws;
    make_room(nearest);
    struct layer *l = free_layer();
    if (l == NULL) return NULL;
    stand_at(nearest);
    struct fv_slot *pilot = fv_host_prepare_pilot(o);
    switch (fv_runner_fly(pilot, &layers->contexts[l - layers->of], &point)) {
    case FV_PILOT_THERE: keep(l, pilot, &point); return l;
    case FV_PILOT_ENDED:
        fv_host_note_miss(pilot);
        miss(o);
        return NULL;
    default: return NULL;
    }
}

void fv_layers_serve(uint32_t number) {
    struct fv_order *o = &fv_layout_orders(fv_rt.header, fv_rt.tree)[number];
    if (fv_rt.header->host_count == 0) forget_all();
    struct layer *l = find_nearest(o);
    if (l == NULL || !is_at(l, o)) l = reach(o, l);
    if (l != NULL) {
        l->worth = layers->inflation + l->draws;
        stand_at(l);
        fv_host_run(o);
    }
    stand_at(NULL);
}
