/* Marks: the hot path. Counts in the slot, sets feature bits, and asks for a claim when this
 * timeline has not seen as much before. */
#include <stdio.h>
#include <string.h>

#include "claim.h"
#include "ending.h"
#include "log.h"
#include "swarm.h"

/* The feature bytes of a mark: one of flags, eight of margin steps, four of widths. */
enum {
    FV_FLAG_PASSED = 1,
    FV_FLAG_FAILED = 2,
    FV_FLAG_FAULT_ON = 4,
    FV_MARGIN_BYTE = 1,
    FV_WIDTH_BYTE = 9,
};

/* NULL for a mark that is in no table; that was counted where it fell out. */
static uint8_t *features_of(const struct fv_site *site) {
    if (FV_UNLIKELY(fv_rt.slot == NULL)) fv_ending_misuse("a mark outside of FV_TARGET");
    const struct fv_header *h = fv_rt.header;
    if (FV_UNLIKELY(site == NULL || site->index >= h->site_count + h->dynamic_max)) return NULL;
    return fv_rt.features + fv_layout_mark_features(h, site->index);
}

static void set_bit(uint8_t *bytes, uint32_t bit) { bytes[bit / 8] |= (uint8_t)(1u << (bit % 8)); }

static bool must_hold(uint8_t kind) {
    return kind == FV_KIND_ALWAYS || kind == FV_KIND_ALWAYS_OR_UNREACHABLE ||
           kind == FV_KIND_UNREACHABLE || kind == FV_KIND_ALWAYS_NUMERIC;
}

static __attribute__((noinline)) void first_time(const struct fv_site *site, bool passed) {
    if (!passed) return;
    fv_log_mark("passed", site->message, "");
    if (site->kind == FV_KIND_SOMETIMES || site->kind == FV_KIND_REACHABLE) fv_claim_pass(site);
}

static inline void count(const struct fv_site *site, uint8_t *features, bool passed) {
    struct fv_tally *tally = &fv_rt.tallies[site->index];
    uint8_t flag = passed ? FV_FLAG_PASSED : FV_FLAG_FAILED;
    if (passed)
        tally->passes++;
    else
        tally->failures++;
    if (FV_UNLIKELY(!(features[0] & flag))) {
        features[0] |= flag;
        first_time(site, passed);
    }
    if (FV_UNLIKELY(!passed && must_hold(site->kind))) fv_ending_fail(site);
}

void fv_mark_bool(struct fv_site *site, bool condition) {
    uint8_t *features = features_of(site);
    if (features != NULL) count(site, features, condition);
}

/* How far `left` is past its bound; negative while the comparison fails. Saturating. */
static int64_t margin_of(uint8_t compare, int64_t left, int64_t right) {
    bool rising = compare == FV_COMPARE_GT || compare == FV_COMPARE_GE;
    int64_t margin;
    if (__builtin_sub_overflow(rising ? left : right, rising ? right : left, &margin))
        margin = (left > right) == rising ? INT64_MAX : INT64_MIN;
    return margin;
}

static bool compare_holds(uint8_t compare, int64_t margin) {
    return compare == FV_COMPARE_GT || compare == FV_COMPARE_LT ? margin > 0 : margin >= 0;
}

/* A step of the margin's logarithm is a feature: 0..31 below the bound, 32..63 past it. */
static uint32_t margin_step(int64_t margin) {
    uint64_t size = margin < 0 ? (uint64_t)-(margin + 1) : (uint64_t)margin;
    uint32_t log = size == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(size);
    if (log > 31) log = 31;
    return margin < 0 ? 31 - log : 32 + log;
}

/* The worst margin of an Always is kept, the best of a Sometimes. Returns whether it changed. */
static bool keep_margin(const struct fv_site *site, uint8_t *features, int64_t margin) {
    struct fv_tally *tally = &fv_rt.tallies[site->index];
    bool worst_counts = site->kind == FV_KIND_ALWAYS_NUMERIC;
    if (tally->has_margin && (worst_counts ? margin >= tally->margin : margin <= tally->margin))
        return false;
    tally->margin = margin;
    tally->has_margin = 1;
    set_bit(features + FV_MARGIN_BYTE, margin_step(margin));
    return true;
}

/* Claims come last in every mark: behind one, this may be another timeline with another slot. */

void fv_mark_numeric(struct fv_site *site, int64_t left, int64_t right) {
    uint8_t *features = features_of(site);
    if (features == NULL) return;
    int64_t margin = margin_of(site->compare, left, right);
    bool changed = keep_margin(site, features, margin);
    count(site, features, compare_holds(site->compare, margin));
    if (changed && site->kind == FV_KIND_SOMETIMES_NUMERIC)
        fv_claim_margin(site, margin, margin_step(margin));
}

void fv_mark_all(struct fv_site *site, const struct fv_pair *conditions, uint32_t n) {
    uint8_t *features = features_of(site);
    if (features == NULL) return;
    uint32_t width = 0;
    for (uint32_t i = 0; i < n; i++) width += conditions[i].value != 0;
    struct fv_tally *tally = &fv_rt.tallies[site->index];
    bool is_wider = width > tally->width;
    if (is_wider) {
        tally->width = width;
        set_bit(features + FV_WIDTH_BYTE, width < 31 ? width : 31);
    }
    count(site, features, width == n);
    if (is_wider) fv_claim_width(site, width, n);
}

void fv_mark_each(struct fv_site *site, const struct fv_pair *keys, uint32_t key_count,
                  const struct fv_pair *qualities, uint32_t quality_count) {
    uint8_t *features = features_of(site);
    if (features == NULL) return;
    if (key_count > FV_KEYS_MAX || quality_count > FV_QUALITIES_MAX)
        fv_ending_misuse("fv_mark_each with more keys or qualities than the maximum");
    count(site, features, true);
    fv_claim_bucket(site, keys, key_count, qualities, quality_count);
}

bool fv_buggify(struct fv_site *site, uint32_t num, uint32_t den) {
    uint8_t *features = features_of(site);
    if (features == NULL) return false;
    if (!fv_swarm_fault_is_on(fv_rt.slot, site)) return false;
    features[0] |= FV_FLAG_FAULT_ON;
    bool fires = fv_chance(num, den);
    features = features_of(site); /* behind a draw, this may be another timeline */
    bool is_first = fires && !(features[0] & FV_FLAG_PASSED);
    count(site, features, fires);
    if (is_first) fv_claim_fault(site);
    return fires;
}
