#include "record.h"

#include <string.h>

#include "../common/verdict.h"

enum { FV_RING_WAIT_MS = 200 };

static uint64_t ring_free(const struct fv_tree *t) {
    uint64_t tail = __atomic_load_n(&t->ring_tail, __ATOMIC_ACQUIRE);
    return FV_RING_BYTES - (t->ring_head - tail);
}

static bool wait_for_space(struct fv_tree *t, uint64_t size) {
    while (ring_free(t) < size) {
        uint32_t seen = __atomic_load_n(&t->ring_space, __ATOMIC_ACQUIRE);
        if (ring_free(t) >= size) break;
        if (__atomic_load_n(&fv_rt.header->stop, __ATOMIC_RELAXED)) return false;
        fv_runtime_ring();
        fv_wait_word(&t->ring_space, seen, FV_RING_WAIT_MS);
    }
    return true;
}

static void put(struct fv_tree *t, uint64_t *at, const void *bytes, size_t n) {
    uint8_t *ring = fv_layout_ring(fv_rt.header, t);
    for (size_t done = 0; done < n;) {
        size_t offset = *at % FV_RING_BYTES;
        size_t part = n - done < FV_RING_BYTES - offset ? n - done : FV_RING_BYTES - offset;
        memcpy(ring + offset, (const uint8_t *)bytes + done, part);
        *at += part;
        done += part;
    }
}

/* What stands behind the head, but for the segments. */
struct payload {
    const char *message, *identity;
    const struct fv_telling *telling;
};

static void describe(struct fv_record *r, const struct fv_slot *s, const struct payload *p) {
    const struct fv_telling *t = p->telling;
    if (r->kind != FV_RECORD_TRIAL)
        r->segment_count = s->segment_at; /* what is still ahead has not happened */
    r->root = s->recipe.root;
    r->has_tape = s->recipe.has_tape ? FV_TAPE_KNOWN : FV_TAPE_NONE;
    r->message_size = (uint32_t)strnlen(p->message, FV_TEXT_BYTES - 1);
    r->identity_size = (uint32_t)strnlen(p->identity, FV_IDENTITY_BYTES - 1);
    r->replaces = t->replaces;
    r->owned_count = t->owned_count;
    r->word_size = t->word != NULL ? t->word->size : 0;
    if (t->tape == NULL) return;
    r->has_tape = FV_TAPE_INSIDE;
    r->tape_size = t->tape_size;
    r->root = fv_recipe_tape_seed(t->tape, t->tape_size);
}

/* The head moves last: a writer that dies half-way has written nothing. */
static void write_record(struct fv_record *r, struct fv_slot *s, const struct payload *p) {
    struct fv_tree *t = fv_rt.tree;
    describe(r, s, p);
    uint64_t segments = r->segment_count * sizeof(struct fv_segment);
    uint64_t discoveries = r->discovery_count * sizeof(struct fv_discovery);
    uint64_t compares = r->compare_count * sizeof(struct fv_comparison);
    uint64_t owned = r->owned_count * sizeof(uint32_t);
    uint64_t bytes = sizeof *r + segments + discoveries + compares + r->message_size +
                     r->identity_size + r->tape_size + owned + r->word_size;
    r->size = (uint32_t)((bytes + 7) / 8 * 8);
    FV_CHECK(r->size <= FV_RECORD_BYTES_MAX);
    if (!wait_for_space(t, r->size)) return;
    uint64_t at = t->ring_head, end = at + r->size;
    put(t, &at, r, sizeof *r);
    put(t, &at, s->recipe.segments, segments);
    put(t, &at, fv_layout_journal(fv_rt.header, s), discoveries);
    put(t, &at, fv_layout_compares(fv_rt.header, s), compares);
    put(t, &at, p->message, r->message_size);
    put(t, &at, p->identity, r->identity_size);
    put(t, &at, p->telling->tape, r->tape_size);
    put(t, &at, p->telling->owned, owned);
    if (r->word_size > 0) put(t, &at, p->telling->word->bytes, r->word_size);
    __atomic_store_n(&t->ring_head, end, __ATOMIC_RELEASE);
}

static const struct fv_telling nothing = {.replaces = FV_NOTHING};

static uint32_t at_most(uint32_t n, uint32_t max) { return n < max ? n : max; }

void fv_record_timeline(struct fv_slot *s, uint64_t ordinal, uint64_t fresh) {
    fv_record_telling(s, ordinal, fresh, &nothing);
}

void fv_record_telling(struct fv_slot *s, uint64_t ordinal, uint64_t fresh,
                       const struct fv_telling *telling) {
    struct fv_record r = {
        .kind = FV_RECORD_TIMELINE,
        .verdict = s->verdict,
        .signal = s->signal,
        .exit_code = s->exit_code,
        .mark = s->mark,
        .ordinal = ordinal,
        .draws = telling->tape != NULL ? telling->tape_size : fv_layout_draws(s),
        .fresh = fresh,
        .digest = fv_verdict_digest(s),
        .order = s->order,
        .child = s->child,
        .discovery_count = at_most(s->journal_count, FV_JOURNAL_MAX),
        .compare_count = at_most(s->compare_count, FV_COMPARES_MAX),
        .cost = s->cost,
    };
    write_record(&r, s, &(struct payload){s->message, s->identity, telling});
}

void fv_record_trial(struct fv_slot *s) {
    struct fv_record r = {
        .kind = FV_RECORD_TRIAL,
        .verdict = s->verdict,
        .signal = s->signal,
        .exit_code = s->exit_code,
        .mark = s->mark,
        .draws = fv_layout_draws(s),
        .order = s->order,
        .child = s->child,
    };
    bool is_ok = s->verdict == FV_VERDICT_OK;
    write_record(&r, s,
                 &(struct payload){is_ok ? "" : s->message, is_ok ? "" : s->identity, &nothing});
}

void fv_record_discovery(uint32_t mark, const char *detail) {
    struct fv_record r = {
        .kind = FV_RECORD_DISCOVERY,
        .mark = (int32_t)mark,
        .ordinal = fv_rt.tree->totals.timelines,
        .draws = fv_layout_draws(fv_rt.slot),
    };
    write_record(&r, fv_rt.slot, &(struct payload){detail, "", &nothing});
}
