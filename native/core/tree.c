#include "tree.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../common/known.h"
#include "../common/map.h"
#include "../common/mix.h"
#include "../common/public.h"
#include "../common/stock.h"

struct fv_tree *fv_tree_new(const struct fv_header *h) {
    struct fv_tree *t = mmap(NULL, h->tree_stride, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return t == MAP_FAILED ? NULL : t;
}

void fv_tree_free(const struct fv_header *h, struct fv_tree *t) {
    if (t != NULL) munmap(t, h->tree_stride);
}

/* ---- copying --------------------------------------------------------------------------------- */

static void copy_marks(const struct fv_header *h, struct fv_tree *to, struct fv_tree *from) {
    struct fv_mark *marks = fv_layout_marks(h, to);
    uint32_t n = h->site_count + from->dynamic_count;
    memcpy(marks, fv_layout_marks(h, from), n * sizeof *marks);
    for (uint32_t i = 0; i < n; i++) {
        struct fv_mark *m = &marks[i];
        m->passes = m->failures = m->first_ordinal = 0;
        m->stamp = m->split_stamp = 0;
        m->energy = 0;
    }
    to->dynamic_count = from->dynamic_count;
}

/* Clearing the whole index costs more than a small table: take out what is in it. */
static void clear_index(const struct fv_header *h, struct fv_tree *t) {
    uint32_t *index = fv_layout_index(h, t);
    if (t->bucket_count > FV_BUCKETS_MAX / 8) {
        memset(index, 0, FV_BUCKET_INDEX_SIZE * sizeof *index);
        return;
    }
    for (uint32_t i = 0; i < t->bucket_count; i++) {
        uint32_t at = (uint32_t)fv_layout_buckets(h, t)[i].hash & (FV_BUCKET_INDEX_SIZE - 1);
        for (uint32_t steps = 0; steps < FV_BUCKET_INDEX_SIZE && index[at] != i + 1; steps++)
            at = (at + 1) & (FV_BUCKET_INDEX_SIZE - 1);
        index[at] = 0;
    }
}

static uint64_t map_used(const struct fv_header *h, const struct fv_tree *t) {
    return h->map_dynamic + (fv_tree_marks(h, t) - h->site_count) * (uint64_t)FV_MARK_FEATURE_BYTES;
}

/* What a job has not used is blank still. */
static void copy_explored(const struct fv_header *h, struct fv_tree *to, struct fv_tree *from) {
    uint64_t used = map_used(h, from), before = map_used(h, to);
    memcpy(fv_layout_explored(h, to), fv_layout_explored(h, from), used);
    if (before > used) memset(fv_layout_explored(h, to) + used, 0, before - used);
}

void fv_tree_copy(const struct fv_header *h, struct fv_tree *to, struct fv_tree *from) {
    copy_explored(h, to, from);
    copy_marks(h, to, from);
    clear_index(h, to);
    to->bucket_count = 0;
    memset(&to->totals, 0, sizeof to->totals);
}

void fv_tree_clear(const struct fv_header *h, struct fv_tree *t) {
    t->bucket_count = FV_BUCKETS_MAX;
    t->dynamic_count = h->dynamic_max;
    memset(fv_layout_seen(h, t), 0, 3 * h->map_size);
    memset(fv_stock_hits(h, t), 0, h->hits_size);
}

void fv_tree_take_seen(const struct fv_header *h, uint8_t *seen, struct fv_tree *job,
                       const uint32_t *mark_of) {
    uint8_t *more = fv_layout_seen(h, job);
    fv_map_tally_take(seen, more, h->map_size, h->map_dynamic);
    for (uint32_t i = h->site_count; i < fv_tree_marks(h, job); i++) {
        uint64_t from = fv_layout_mark_features(h, i);
        if (mark_of[i] != UINT32_MAX)
            fv_map_tally_take(seen + fv_layout_mark_features(h, mark_of[i]), more + from,
                              h->map_size, FV_MARK_FEATURE_BYTES);
        for (uint32_t k = 0; k < 3; k++)
            memset(more + from + k * h->map_size, 0, FV_MARK_FEATURE_BYTES);
    }
}

uint64_t fv_tree_seen_exactly(const struct fv_header *h, const uint8_t *seen, uint32_t times) {
    const uint8_t *at_least = seen + (times - 1) * h->map_size;
    return fv_map_fresh(at_least + h->map_size, at_least, h->map_size);
}

uint32_t fv_tree_marks(const struct fv_header *h, const struct fv_tree *t) {
    return h->site_count + (t->dynamic_count < h->dynamic_max ? t->dynamic_count : h->dynamic_max);
}

/* ---- merging --------------------------------------------------------------------------------- */

static void cut_texts(struct fv_mark *m) {
    m->message[sizeof m->message - 1] = m->file[sizeof m->file - 1] = '\0';
    for (uint32_t i = 0; i < FV_LAYOUT_KEYS_MAX; i++) m->key_names[i][FV_NAME_BYTES - 1] = '\0';
}

static int same_dynamic(const struct fv_mark *a, const struct fv_mark *b) {
    return a->kind == b->kind && a->compare == b->compare && a->line == b->line &&
           strcmp(a->message, b->message) == 0 && strcmp(a->file, b->file) == 0;
}

/* The index that a dynamic mark of a job has for the campaign; UINT32_MAX: no room. */
static uint32_t adopt_dynamic(const struct fv_header *h, struct fv_tree *known,
                              const struct fv_mark *mark) {
    struct fv_mark *marks = fv_layout_marks(h, known) + h->site_count;
    for (uint32_t i = 0; i < known->dynamic_count; i++)
        if (same_dynamic(&marks[i], mark)) return h->site_count + i;
    if (known->dynamic_count >= h->dynamic_max) {
        known->totals.mark_overflows++;
        return UINT32_MAX;
    }
    struct fv_mark *m = &marks[known->dynamic_count];
    memset(m, 0, sizeof *m);
    m->kind = mark->kind < FV_KIND_COUNT ? mark->kind : FV_KIND_REACHABLE;
    m->compare = mark->compare;
    m->line = mark->line;
    memcpy(m->message, mark->message, sizeof m->message);
    memcpy(m->file, mark->file, sizeof m->file);
    return h->site_count + known->dynamic_count++;
}

static int margin_counts(const struct fv_mark *known, const struct fv_mark *seen) {
    if (!seen->has_watermark) return 0;
    if (!known->has_watermark) return 1;
    return known->kind == FV_KIND_ALWAYS_NUMERIC ? seen->watermark < known->watermark
                                                 : seen->watermark > known->watermark;
}

void fv_tree_merge_mark(struct fv_mark *known, const struct fv_mark *seen, uint64_t base) {
    if (known->first_ordinal == 0 && seen->first_ordinal != 0)
        known->first_ordinal = base + seen->first_ordinal;
    known->passes += seen->passes;
    known->failures += seen->failures;
    known->is_known |= seen->is_known;
    if (margin_counts(known, seen)) {
        known->watermark = seen->watermark;
        known->has_watermark = 1;
    }
    if (seen->width > known->width) known->width = seen->width;
    if (seen->condition_count != 0) known->condition_count = seen->condition_count;
    if (known->key_count == 0 && seen->key_count <= FV_LAYOUT_KEYS_MAX) {
        memcpy(known->key_names, seen->key_names, sizeof known->key_names);
        known->key_count = seen->key_count;
    }
}

static void improve(const struct fv_header *h, struct fv_state *known, const struct fv_bucket *seen,
                    uint64_t stamp) {
    const struct fv_version *latest = fv_known_latest(h, known);
    uint32_t n = known->quality_count;
    if (latest != NULL && !fv_layout_quality_better(seen->qualities, latest->qualities, n)) return;
    struct fv_version version = {.stamp = stamp, .draws = seen->draws};
    memcpy(version.qualities, seen->qualities, sizeof version.qualities);
    fv_known_publish(h, known, &version);
}

static void merge_bucket(const struct fv_header *h, struct fv_tree *known,
                         const struct fv_bucket *seen, uint32_t mark, uint64_t stamp) {
    struct fv_state s = {.mark = mark,
                         .born = stamp,
                         .key_count = seen->key_count,
                         .quality_count = seen->quality_count};
    if (s.key_count > FV_LAYOUT_KEYS_MAX || s.quality_count > FV_LAYOUT_QUALITIES_MAX) return;
    uint32_t place = 0;
    memcpy(s.keys, seen->keys, s.key_count * sizeof *s.keys);
    s.hash = fv_layout_bucket_hash(mark, s.keys, s.key_count);
    struct fv_state *old = fv_known_find(h, s.hash, mark, s.keys, s.key_count, &place);
    if (old == NULL && (old = fv_known_add(h, &s, place)) == NULL)
        known->totals.bucket_overflows++;
    else
        improve(h, old, seen, stamp);
    if (old != NULL && old->born == stamp && old->version_count == 1)
        fv_layout_marks(h, known)[mark].bucket_count++;
}

static uint64_t merge_features(const struct fv_header *h, struct fv_tree *known,
                               struct fv_tree *job, const uint32_t *campaign_index,
                               uint32_t dynamic_count) {
    uint8_t *explored = fv_layout_explored(h, known);
    const uint8_t *seen = fv_layout_explored(h, job);
    uint64_t fresh = fv_map_merge(explored, seen, h->map_dynamic);
    for (uint32_t i = 0; i < dynamic_count; i++) {
        if (campaign_index[i] == UINT32_MAX) continue;
        uint64_t to = fv_layout_mark_features(h, campaign_index[i]);
        uint64_t from = fv_layout_mark_features(h, h->site_count + i);
        fresh += fv_map_merge(explored + to, seen + from, FV_MARK_FEATURE_BYTES);
    }
    return fresh;
}

void fv_tree_merge_buckets(const struct fv_header *h, struct fv_tree *known, struct fv_tree *job,
                           const uint32_t *mark_of, uint64_t stamp) {
    uint32_t n = job->bucket_count < FV_BUCKETS_MAX ? job->bucket_count : FV_BUCKETS_MAX;
    uint32_t marks = fv_tree_marks(h, job);
    const struct fv_bucket *buckets = fv_layout_buckets(h, job);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t mark = buckets[i].mark < marks ? mark_of[buckets[i].mark] : UINT32_MAX;
        if (mark != UINT32_MAX) merge_bucket(h, known, &buckets[i], mark, stamp);
    }
}

static void merge_totals(struct fv_totals *known, const struct fv_totals *job) {
    known->timelines += job->timelines;
    known->splitpoints += job->splitpoints;
    known->draws += job->draws;
    known->productive += job->productive;
    known->fork_failures += job->fork_failures;
    known->bucket_overflows += job->bucket_overflows;
    known->mark_overflows += job->mark_overflows;
    known->journal_overflows += job->journal_overflows;
    known->parted += job->parted;
    known->checked += job->checked;
    for (int i = 0; i < FV_VERDICT_COUNT; i++) known->verdicts[i] += job->verdicts[i];
    known->digest = fv_mix_into(known->digest, job->digest);
}

uint64_t fv_tree_merge(const struct fv_header *h, struct fv_tree *known, struct fv_tree *job,
                       uint32_t *mark_of) {
    uint64_t base = known->totals.timelines;
    uint32_t count = fv_tree_marks(h, job);
    struct fv_mark *seen = fv_layout_marks(h, job), *marks = fv_layout_marks(h, known);
    for (uint32_t i = 0; i < h->site_count; i++) {
        cut_texts(&seen[i]);
        mark_of[i] = i;
        fv_tree_merge_mark(&marks[i], &seen[i], base);
    }
    for (uint32_t i = h->site_count; i < count; i++) {
        cut_texts(&seen[i]);
        mark_of[i] = adopt_dynamic(h, known, &seen[i]);
        if (mark_of[i] != UINT32_MAX) fv_tree_merge_mark(&marks[mark_of[i]], &seen[i], base);
    }
    uint64_t fresh = merge_features(h, known, job, mark_of + h->site_count, count - h->site_count);
    merge_totals(&known->totals, &job->totals);
    return fresh;
}
