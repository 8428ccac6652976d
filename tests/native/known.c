/* What a campaign knows of states: every epoch sees its own version, and only that. */
#include "known.h"

#include <string.h>
#include <sys/mman.h>

#include "expect.h"

enum { WINDOW = 8, FOLDS = 40 };

static struct fv_header *header;

static void open_memory(void) {
    struct fv_header plan = {
        .worker_count = 1, .tree_count = WINDOW, .site_count = 3, .policy = {.batch_size = 1}};
    fv_layout_plan(&plan);
    header = mmap(NULL, plan.total_size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT(header != MAP_FAILED);
    *header = plan;
}

static struct fv_state *find(uint32_t mark, int64_t key, uint32_t *place) {
    uint64_t hash = fv_layout_bucket_hash(mark, &key, 1);
    return fv_known_find(header, hash, mark, &key, 1, place);
}

static struct fv_state *add(uint32_t mark, int64_t key) {
    uint32_t place = 0;
    EXPECT(find(mark, key, &place) == NULL);
    struct fv_state state = {.mark = mark, .key_count = 1, .keys = {key}, .version_count = 9};
    state.hash = fv_layout_bucket_hash(mark, &key, 1);
    return fv_known_add(header, &state, place);
}

static void publish(struct fv_state *state, uint64_t stamp, uint64_t draws) {
    struct fv_version version = {.stamp = stamp, .draws = draws, .qualities = {(int64_t)draws}};
    fv_known_publish(header, state, &version);
}

static uint64_t draws_at(const struct fv_state *state, uint64_t epoch) {
    const struct fv_version *version = fv_known_version(header, state, epoch);
    return version != NULL ? version->draws : 0;
}

static void a_state_without_version_is_not_known(void) {
    struct fv_state *state = add(0, 1);
    uint32_t place = 0;
    EXPECT(find(0, 1, &place) == state && find(1, 1, &place) == NULL);
    EXPECT(state->version_count == 0 && fv_known_latest(header, state) == NULL);
    EXPECT(fv_known_version(header, state, UINT64_MAX - 1) == NULL);
    publish(state, 5, 50);
    EXPECT(fv_known_version(header, state, 4) == NULL);
    EXPECT(draws_at(state, 5) == 50 && draws_at(state, 6) == 50);
    EXPECT(fv_known_latest(header, state)->stamp == 5);
}

/* A job's epoch sees at most WINDOW - 1 folds of others while it is under way. */
static void every_epoch_finds_its_version(uint64_t gap) {
    struct fv_state *state = add(1, (int64_t)gap);
    for (uint64_t fold = 1; fold <= FOLDS; fold++) {
        uint64_t stamp = fold * gap;
        publish(state, stamp, stamp * 10);
        uint64_t oldest = fold >= WINDOW ? fold - WINDOW + 1 : 1;
        for (uint64_t epoch = oldest * gap; epoch < stamp + gap; epoch++)
            EXPECT(draws_at(state, epoch) == epoch / gap * gap * 10);
    }
}

static void the_last_of_one_stamp_counts(void) {
    struct fv_state *state = add(2, 1);
    for (uint64_t fold = 1; fold <= FOLDS; fold++) {
        for (uint64_t again = 0; again < 2 * WINDOW; again++)
            publish(state, fold, fold * 100 + again);
        EXPECT(state->version_count == fold);
        EXPECT(fv_known_latest(header, state)->draws == fold * 100 + 2 * WINDOW - 1);
        for (uint64_t back = 0; back < WINDOW && back < fold; back++)
            EXPECT(draws_at(state, fold - back) == (fold - back) * 100 + 2 * WINDOW - 1);
    }
}

static void all_of_a_version_is_kept(void) {
    struct fv_state *state = add(2, 2);
    struct fv_version version = {.stamp = 3, .draws = 7, .is_open = 1, .qualities = {1, -2}};
    fv_known_publish(header, state, &version);
    EXPECT(memcmp(fv_known_latest(header, state), &version, sizeof version) == 0);
    struct fv_bucket bucket = {.mark = 2, .key_count = 1, .keys = {2}};
    bucket.hash = fv_layout_bucket_hash(2, bucket.keys, 1);
    EXPECT(fv_known_bucket(header, &bucket, 3)->draws == 7);
    EXPECT(fv_known_bucket(header, &bucket, 2) == NULL);
}

static void a_full_table_refuses(void) {
    uint32_t first = fv_layout_known(header)->state_count, place = 0;
    for (uint32_t i = first; i < FV_BUCKETS_MAX; i++) EXPECT(add(0, 1000 + (int64_t)i) != NULL);
    EXPECT(add(0, -1) == NULL);
    EXPECT(fv_layout_known(header)->state_count == FV_BUCKETS_MAX);
    EXPECT(find(0, -1, &place) == NULL);
    for (uint32_t i = first; i < FV_BUCKETS_MAX; i++)
        EXPECT(fv_known_number(header, find(0, 1000 + (int64_t)i, &place)) == i);
}

int main(void) {
    open_memory();
    a_state_without_version_is_not_known();
    every_epoch_finds_its_version(1);
    every_epoch_finds_its_version(3);
    the_last_of_one_stamp_counts();
    all_of_a_version_is_kept();
    a_full_table_refuses();
    return 0;
}
