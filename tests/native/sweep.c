/* One pass over counters does what classifying, comparing, tallying and clearing do one by one. */
#include "sweep.h"

#include <stdbool.h>
#include <string.h>

#include "expect.h"
#include "map.h"
#include "mix.h"

enum { N_MAX = 300, STRIDE = 384, ROUNDS = 400, TOLD_MAX = 4096 };

static void fill(uint8_t *counters, size_t n, uint64_t seed) {
    for (size_t i = 0; i < n; i++) {
        uint64_t draw = fv_mix_draw(seed, i);
        counters[i] = draw % 5 == 0 ? (uint8_t)(draw >> 32 >> (draw >> 16) % 8) : 0;
    }
}

struct maps {
    uint8_t explored[STRIDE], seen[3 * STRIDE];
};

static uint32_t told[TOLD_MAX];

static struct fv_sweep over(struct maps *m) {
    return (struct fv_sweep){.explored = m->explored,
                             .seen = m->seen,
                             .seen_stride = STRIDE,
                             .first = 1000,
                             .fresh = told,
                             .fresh_max = TOLD_MAX};
}

static void told_are(const struct fv_sweep *s, const uint8_t *before, const uint8_t *classes,
                     size_t n, size_t at) {
    uint32_t count = 0;
    for (size_t bit = 0; bit < 8 * n; bit++) {
        if (!(classes[bit / 8] & ~before[at + bit / 8] & 1 << bit % 8)) continue;
        EXPECT(count < s->fresh_count && s->fresh[count] == 8 * (1000 + at) + bit);
        count++;
    }
    EXPECT(count == s->fresh_count);
}

static void a_pass_is_all_of_it(size_t n, size_t at) {
    static struct maps swept, known;
    uint8_t counters[N_MAX + 1], classes[N_MAX + 1];
    memset(&swept, 0, sizeof swept);
    memset(&known, 0, sizeof known);
    for (uint64_t round = 0; round < ROUNDS / (n + 1) + 4; round++) {
        uint8_t *odd = counters + round % 2, before[STRIDE], seen[STRIDE] = {0};
        fill(odd, n, round + n);
        memcpy(before, known.explored, sizeof before);
        fv_map_classify(classes, odd, n, 0);
        memcpy(seen + at, classes, n);
        fv_map_tally(known.seen, STRIDE, seen, NULL, STRIDE);
        uint64_t fresh = fv_map_merge(known.explored, seen, STRIDE);
        struct fv_sweep s = over(&swept);
        fv_sweep_counters(&s, odd, n, at);
        EXPECT(s.fresh_count == fresh);
        told_are(&s, before, classes, n, at);
        for (size_t i = 0; i < n; i++) EXPECT(odd[i] == 0);
        EXPECT(memcmp(&swept, &known, sizeof known) == 0);
    }
}

static void hashes_tell_features_and_places_apart(void) {
    static struct maps m;
    uint64_t hashes[N_MAX];
    for (size_t i = 0; i < N_MAX; i++) {
        uint8_t counters[N_MAX] = {0};
        counters[i] = 3;
        struct fv_sweep s = over(&m);
        fv_sweep_counters(&s, counters, N_MAX, 0);
        hashes[i] = s.hash;
        for (size_t k = 0; k < i; k++) EXPECT(hashes[k] != hashes[i]);
    }
}

static void hits_are_counted_by_feature(void) {
    uint8_t hits[8 * N_MAX] = {0}, counters[N_MAX] = {0};
    counters[0] = 1;
    counters[77] = 200;
    counters[N_MAX - 1] = 4;
    for (int i = 0; i < 300; i++) fv_sweep_hits(hits, sizeof hits, counters, N_MAX, 0);
    for (size_t i = 0; i < sizeof hits; i++) {
        bool is_hit = i == 0 || i == 8 * 77 + 7 || i == 8 * (N_MAX - 1) + 3;
        EXPECT(hits[i] == (is_hit ? UINT8_MAX : 0));
    }
}

int main(void) {
    for (size_t n = 0; n <= N_MAX; n += n < 140 ? 1 : 37) a_pass_is_all_of_it(n, n % 20);
    hashes_tell_features_and_places_apart();
    hits_are_counted_by_feature();
    return 0;
}
