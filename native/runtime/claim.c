#include "claim.h"

#include <stdio.h>
#include <string.h>

#include "../common/known.h"
#include "../common/map.h"
#include "../common/mix.h"
#include "journal.h"
#include "record.h"
#include "sites.h"
#include "split.h"
#include "token.h"

enum { FV_PARK_MS = 1000 };

static struct fv_front *own_front(void) { return &fv_rt.tree->fronts[fv_rt.slot->depth]; }

static bool has_turn(void) {
    return __atomic_load_n(&own_front()->front, __ATOMIC_ACQUIRE) >= fv_rt.slot->index;
}

static void park(void) {
    struct fv_front *f = own_front();
    fv_rt.slot->state = FV_SLOT_PARKED;
    fv_token_give_back(fv_rt.slot);
    __atomic_fetch_add(&f->parked, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        uint32_t front = __atomic_load_n(&f->front, __ATOMIC_SEQ_CST);
        if (front >= fv_rt.slot->index) break;
        fv_wait_word(&f->front, front, FV_PARK_MS);
    }
    __atomic_fetch_sub(&f->parked, 1, __ATOMIC_SEQ_CST);
    fv_token_force(fv_rt.slot);
    fv_rt.slot->started_ns = fv_wait_now_ns();
    fv_rt.slot->state = FV_SLOT_RUNNING;
}

void fv_claim_turn(void) {
    if (!has_turn()) park();
}

/* In trials nothing is news. */
static bool claims(void) {
    return fv_rt.tree != NULL && !fv_rt.slot->is_pilot &&
           fv_rt.header->policy.strategy != FV_STRATEGY_TRIALS;
}
static bool journals(void) { return fv_rt.header->policy.strategy == FV_STRATEGY_FRONTIER; }
static bool splits(void) { return fv_rt.header->policy.strategy == FV_STRATEGY_DEPTH_FIRST; }

static struct fv_mark *mark_of(const struct fv_site *site) {
    return &fv_layout_marks(fv_rt.header, fv_rt.tree)[site->index];
}

/* Energy and split flags start afresh with every root. */
static void renew_energy(uint64_t *stamp, int64_t *energy) {
    if (*stamp == fv_rt.tree->stamp) return;
    *stamp = fv_rt.tree->stamp;
    *energy = fv_rt.header->policy.mark_energy;
}

/* `detail` tells the buckets of one mark apart: each derives children of its own. */
static void split(const struct fv_site *site, const char *detail, uint64_t *stamp,
                  int64_t *energy) {
    if (!splits()) return;
    char name[2 * FV_TEXT_BYTES];
    fv_sites_name(site, name, FV_TEXT_BYTES);
    size_t n = strlen(name);
    snprintf(name + n, sizeof name - n, "%s", detail);
    renew_energy(stamp, energy);
    fv_split(name, energy);
}

/* Under frontier: what a mark other than a SometimesEach tells is a state with one key, or none. */
static void note_state(const struct fv_site *site, uint32_t key_count, int64_t key,
                       int64_t quality) {
    struct fv_bucket seen = {.mark = site->index, .key_count = key_count, .quality_count = 1};
    seen.keys[0] = key;
    seen.qualities[0] = quality;
    seen.hash = fv_layout_bucket_hash(site->index, seen.keys, key_count);
    fv_journal_note(&seen);
}

/* ---- first passes ---------------------------------------------------------------------------- */

static bool pass_is_open(const struct fv_mark *m) {
    return splits() ? m->split_stamp != fv_rt.tree->stamp : !m->is_known;
}

void fv_claim_pass(const struct fv_site *site) {
    if (!claims()) return;
    struct fv_mark *m = mark_of(site);
    if (journals()) {
        m->is_known = 1;
        note_state(site, 0, 0, 0);
        return;
    }
    if (!pass_is_open(m)) return;
    fv_claim_turn();
    if (!pass_is_open(m)) return;
    if (!m->is_known) fv_record_discovery(site->index, "passed");
    m->is_known = 1;
    m->split_stamp = fv_rt.tree->stamp;
    split(site, "", &m->stamp, &m->energy);
}

/* What happens after a fault is what faults are for: each is a state to go on from. */
void fv_claim_fault(const struct fv_site *site) {
    if (claims() && journals()) note_state(site, 0, 0, 0);
}

/* ---- watermarks and frontiers ---------------------------------------------------------------- */

/* The watermark is written before the flag, and read after it. */
static bool margin_is_better(const struct fv_mark *m, int64_t margin) {
    return !__atomic_load_n(&m->has_watermark, __ATOMIC_ACQUIRE) ||
           margin > __atomic_load_n(&m->watermark, __ATOMIC_RELAXED);
}

static void keep_margin(struct fv_mark *m, int64_t margin) {
    __atomic_store_n(&m->watermark, margin, __ATOMIC_RELAXED);
    __atomic_store_n(&m->has_watermark, 1, __ATOMIC_RELEASE);
}

void fv_claim_margin(const struct fv_site *site, int64_t margin, uint32_t step) {
    if (!claims()) return;
    struct fv_mark *m = mark_of(site);
    if (journals()) {
        if (margin_is_better(m, margin)) keep_margin(m, margin);
        note_state(site, 1, step, margin);
        return;
    }
    if (!margin_is_better(m, margin)) return;
    fv_claim_turn();
    if (!margin_is_better(m, margin)) return;
    keep_margin(m, margin);
    char detail[FV_NAME_BYTES + 16];
    snprintf(detail, sizeof detail, "margin %lld", (long long)margin);
    fv_record_discovery(site->index, detail);
    split(site, "", &m->stamp, &m->energy);
}

void fv_claim_width(const struct fv_site *site, uint32_t width, uint32_t condition_count) {
    if (!claims()) return;
    struct fv_mark *m = mark_of(site);
    if (journals()) note_state(site, 1, width, 0);
    if (width <= m->width) return;
    if (!journals()) fv_claim_turn();
    if (width <= m->width) return;
    m->width = width;
    m->condition_count = condition_count;
    if (journals()) return;
    char detail[FV_NAME_BYTES + 16];
    snprintf(detail, sizeof detail, "%u of %u", width, condition_count);
    fv_record_discovery(site->index, detail);
    split(site, "", &m->stamp, &m->energy);
}

/* ---- buckets --------------------------------------------------------------------------------- */

struct sighting {
    struct fv_bucket bucket;
    const struct fv_site *site;
    const struct fv_pair *keys, *qualities;
};

static const struct fv_version *known_version(const struct fv_bucket *seen) {
    return fv_known_bucket(fv_rt.header, seen, fv_rt.tree->epoch);
}

/* Whether it is better than what the campaign knew before this job. */
static bool beats_known(const struct fv_bucket *seen) {
    const struct fv_version *known = known_version(seen);
    return known == NULL ||
           fv_layout_quality_better(seen->qualities, known->qualities, seen->quality_count);
}

/* `own` is what this job knows of it: buckets that it found, improved, or split at. */
static bool bucket_is_open(const struct fv_bucket *own, const struct fv_bucket *seen) {
    if (own == NULL) return splits() || beats_known(seen);
    if (splits() && own->split_stamp != fv_rt.tree->stamp) return true;
    return fv_layout_bucket_beaten(own, seen->qualities, seen->quality_count);
}

static void print_detail(const struct sighting *s, char *to, size_t size) {
    size_t n = 0;
    to[0] = '\0';
    for (uint32_t i = 0; i < s->bucket.key_count && n < size; i++)
        n += (size_t)snprintf(to + n, size - n, " %s=%lld", s->keys[i].name,
                              (long long)s->keys[i].value);
}

static void remember_key_names(struct fv_mark *m, const struct sighting *s) {
    if (m->key_count != 0) return;
    for (uint32_t i = 0; i < s->bucket.key_count; i++)
        snprintf(m->key_names[i], FV_NAME_BYTES, "%s", s->keys[i].name);
    m->key_count = s->bucket.key_count;
}

static struct fv_bucket *append_bucket(const struct sighting *s, uint32_t place) {
    struct fv_bucket bucket = s->bucket;
    const struct fv_version *known = known_version(&bucket);
    if (known != NULL && !beats_known(&bucket))
        memcpy(bucket.qualities, known->qualities, sizeof bucket.qualities);
    struct fv_bucket *b = fv_layout_bucket_add(fv_rt.header, fv_rt.tree, &bucket, place);
    if (b == NULL)
        fv_rt.tree->totals.bucket_overflows++;
    else if (known == NULL)
        fv_layout_marks(fv_rt.header, fv_rt.tree)[bucket.mark].bucket_count++;
    return b;
}

static struct fv_bucket *find_bucket(const struct fv_bucket *b, uint32_t *place) {
    return fv_layout_bucket_find(fv_rt.header, fv_rt.tree, b->hash, b->mark, b->keys, b->key_count,
                                 place);
}

/* In turn: takes the bucket, or finds that an elder sibling did. */
static struct fv_bucket *take_bucket(struct fv_mark *m, const struct sighting *s,
                                     const char *detail) {
    uint32_t place = 0;
    struct fv_bucket *b = find_bucket(&s->bucket, &place);
    if (!bucket_is_open(b, &s->bucket)) return NULL;
    bool is_better = b == NULL ? beats_known(&s->bucket)
                               : fv_layout_quality_better(s->bucket.qualities, b->qualities,
                                                          s->bucket.quality_count);
    if (b == NULL && (b = append_bucket(s, place)) == NULL) return NULL;
    remember_key_names(m, s);
    if (is_better) fv_layout_bucket_improve(b, s->bucket.qualities);
    if (is_better) fv_record_discovery(s->site->index, detail + 1);
    b->split_stamp = fv_rt.tree->stamp;
    return b;
}

static void claim_sighting(const struct sighting *s) {
    uint32_t place = 0;
    if (!bucket_is_open(find_bucket(&s->bucket, &place), &s->bucket)) return;
    fv_claim_turn();
    struct fv_mark *m = mark_of(s->site);
    char detail[FV_TEXT_BYTES];
    print_detail(s, detail, sizeof detail);
    struct fv_bucket *b = take_bucket(m, s, detail);
    if (b != NULL) split(s->site, detail, &b->stamp, &b->energy);
}

/* ---- what this timeline has seen already ----------------------------------------------------- */

enum { FV_RECENT_BITS = 8, FV_RECENT = 1 << FV_RECENT_BITS };

/* A loop over a simulation's state meets the same buckets again and again. What was looked up once
 * in a timeline need not be again, unless it is better: a timeline's draws only grow. */
static struct FV_KEPT_TYPE {
    struct {
        const struct fv_site *site;
        uint32_t entered; /* the timeline, as this process counts them */
        int64_t keys[FV_LAYOUT_KEYS_MAX];
        int64_t qualities[FV_LAYOUT_QUALITIES_MAX];
    } of[FV_RECENT];
} recent FV_KEPT;

static bool is_same(const int64_t *known, const struct fv_pair *pairs, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (known[i] != pairs[i].value) return false;
    return true;
}

/* Whether it was here before, and no worse; if not, it is now. */
static bool was_seen(const struct fv_site *site, const struct fv_pair *keys, uint32_t key_count,
                     const struct fv_pair *qualities, uint32_t quality_count) {
    uint64_t place = site->index;
    int64_t now[FV_LAYOUT_QUALITIES_MAX];
    for (uint32_t i = 0; i < key_count; i++) place = (place + (uint64_t)keys[i].value) * FV_GOLDEN;
    uint32_t number = (uint32_t)(place >> (64 - FV_RECENT_BITS));
    for (uint32_t i = 0; i < quality_count; i++) now[i] = qualities[i].value;
    bool is_known = recent.of[number].site == site && recent.of[number].entered == fv_rt.entered &&
                    is_same(recent.of[number].keys, keys, key_count);
    if (is_known && !fv_layout_quality_better(now, recent.of[number].qualities, quality_count))
        return true;
    recent.of[number].site = site;
    recent.of[number].entered = fv_rt.entered;
    for (uint32_t i = 0; i < key_count; i++) recent.of[number].keys[i] = keys[i].value;
    memcpy(recent.of[number].qualities, now, quality_count * sizeof *now);
    return false;
}

void fv_claim_bucket(const struct fv_site *site, const struct fv_pair *keys, uint32_t key_count,
                     const struct fv_pair *qualities, uint32_t quality_count) {
    if (was_seen(site, keys, key_count, qualities, quality_count)) return;
    struct sighting s = {.site = site, .keys = keys, .qualities = qualities};
    s.bucket.mark = site->index;
    s.bucket.key_count = key_count;
    s.bucket.quality_count = quality_count;
    for (uint32_t i = 0; i < key_count; i++) s.bucket.keys[i] = keys[i].value;
    for (uint32_t i = 0; i < quality_count; i++) s.bucket.qualities[i] = qualities[i].value;
    s.bucket.hash = fv_layout_bucket_hash(site->index, s.bucket.keys, key_count);
    uint32_t bit = (uint32_t)(s.bucket.hash >> 32) & (FV_EACH_FEATURE_BYTES * 8 - 1);
    uint64_t each = fv_rt.header->map_each;
    fv_rt.slot->each_hash += fv_map_set(fv_rt.features + each, bit, each);
    if (!claims()) return;
    if (!journals()) {
        claim_sighting(&s);
    } else if (fv_journal_note(&s.bucket)) {
        mark_of(site)->bucket_count++;
        remember_key_names(mark_of(site), &s);
    }
}
