/* State annotation for fuzzers that know counters alone: everything that a mark tells the search of
 * fuzzverse touches a counter of its own, so that the comparison is one of searches. */
#include <stdlib.h>
#include <string.h>

#include "rival.h"

enum { FV_MARKS_MAX = 4096 };

enum tells { FV_TELLS_PASS, FV_TELLS_MARGIN, FV_TELLS_WIDTH, FV_TELLS_BUCKET, FV_TELLS_QUALITY };

/* Numbered at registration from 1; 0 stands for one that is in no table. */
static uint32_t mark_count;

/* The finaliser of SplitMix64, as in the engine. */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t mix_into(uint64_t hash, uint64_t value) {
    return mix(hash ^ (value + UINT64_C(0x9e3779b97f4a7c15)));
}

static uint64_t begin(const struct fv_site *site, enum tells what) {
    return mix_into(mix(site->index), what);
}

static void tell(uint64_t hash) { fv_rival_tell((uint32_t)(hash >> 32) & (FV_RIVAL_COUNTERS - 1)); }

/* ---- sites ----------------------------------------------------------------------------------- */

void fv_sites_register(struct fv_site **start, struct fv_site **stop) {
    for (struct fv_site **site = start; site < stop; site++)
        if (*site != NULL && (*site)->index == UINT32_MAX) (*site)->index = ++mark_count;
}

static bool same_identity(const struct fv_site *a, const struct fv_site *b) {
    return a->kind == b->kind && a->compare == b->compare && a->line == b->line &&
           strcmp(a->message, b->message) == 0 && strcmp(a->file, b->file) == 0;
}

static struct fv_site *make(const struct fv_site *want) {
    struct fv_site *site = malloc(sizeof *site);
    if (site == NULL) return NULL;
    *site = *want;
    site->message = strdup(want->message);
    site->file = strdup(want->file);
    return site->message != NULL && site->file != NULL ? site : NULL;
}

struct fv_site *fv_mark_dynamic(enum fv_mark_kind kind, enum fv_compare compare,
                                const char *message, const char *file, uint32_t line) {
    static struct fv_site *made[FV_MARKS_MAX];
    static uint32_t made_count;
    const struct fv_site want = {.message = message,
                                 .file = file,
                                 .line = line,
                                 .kind = (uint8_t)kind,
                                 .compare = (uint8_t)compare,
                                 .index = mark_count + 1};
    for (uint32_t i = 0; i < made_count; i++)
        if (same_identity(made[i], &want)) return made[i];
    struct fv_site *site = made_count < FV_MARKS_MAX ? make(&want) : NULL;
    if (site == NULL) return NULL;
    mark_count++;
    made[made_count++] = site;
    return site;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static bool must_hold(uint8_t kind) {
    return kind == FV_KIND_ALWAYS || kind == FV_KIND_ALWAYS_OR_UNREACHABLE ||
           kind == FV_KIND_UNREACHABLE || kind == FV_KIND_ALWAYS_NUMERIC;
}

static void judge(const struct fv_site *site, bool passed) {
    if (!passed && must_hold(site->kind)) fv_rival_bug(site->message);
    if (passed) tell(begin(site, FV_TELLS_PASS));
}

void fv_mark_bool(struct fv_site *site, bool condition) {
    if (site != NULL) judge(site, condition);
}

/* How far `left` is past its bound; negative while the comparison fails. Saturating. */
static int64_t margin_of(uint8_t compare, int64_t left, int64_t right) {
    bool rising = compare == FV_COMPARE_GT || compare == FV_COMPARE_GE;
    int64_t margin;
    if (__builtin_sub_overflow(rising ? left : right, rising ? right : left, &margin))
        margin = (left > right) == rising ? INT64_MAX : INT64_MIN;
    return margin;
}

/* Its logarithm: 0..63 below the bound, 64..127 past it. */
static uint32_t margin_step(int64_t margin) {
    uint64_t size = margin < 0 ? (uint64_t)-(margin + 1) : (uint64_t)margin;
    uint32_t log = size == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(size);
    return margin < 0 ? 63 - log : 64 + log;
}

void fv_mark_numeric(struct fv_site *site, int64_t left, int64_t right) {
    if (site == NULL) return;
    int64_t margin = margin_of(site->compare, left, right);
    bool strict = site->compare == FV_COMPARE_GT || site->compare == FV_COMPARE_LT;
    tell(mix_into(begin(site, FV_TELLS_MARGIN), margin_step(margin)));
    judge(site, strict ? margin > 0 : margin >= 0);
}

void fv_mark_all(struct fv_site *site, const struct fv_pair *conditions, uint32_t n) {
    if (site == NULL) return;
    uint32_t width = 0;
    for (uint32_t i = 0; i < n; i++) width += conditions[i].value != 0;
    tell(mix_into(begin(site, FV_TELLS_WIDTH), width));
    judge(site, width == n);
}

static uint64_t mix_pairs(uint64_t hash, const struct fv_pair *pairs, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) hash = mix_into(hash, (uint64_t)pairs[i].value);
    return hash;
}

/* A bucket is a counter, and so is each quality in which it was seen: counters cannot say that one
 * is better than another, but they keep an input for each. */
void fv_mark_each(struct fv_site *site, const struct fv_pair *keys, uint32_t key_count,
                  const struct fv_pair *qualities, uint32_t quality_count) {
    if (site == NULL) return;
    tell(mix_pairs(begin(site, FV_TELLS_BUCKET), keys, key_count));
    if (quality_count == 0) return;
    uint64_t bucket = mix_pairs(begin(site, FV_TELLS_QUALITY), keys, key_count);
    tell(mix_pairs(bucket, qualities, quality_count));
}

/* Every fault site is enabled: which ones a root seed enables is a choice of fuzzverse's. */
bool fv_buggify(struct fv_site *site, uint32_t num, uint32_t den) {
    bool fires = fv_chance(num, den);
    if (site != NULL) judge(site, fires);
    return fires;
}
