/* Buckets: found again, kept apart, and refused when the table is full. */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "expect.h"

static struct fv_header header = {
    .worker_count = 1,
    .tree_count = 1,
    .edge_count = 10,
    .site_count = 3,
    .dynamic_max = 2,
    .policy = {.batch_size = 1},
};

static struct fv_bucket bucket_of(uint32_t mark, int64_t key) {
    struct fv_bucket b = {.mark = mark, .key_count = 1, .keys = {key}};
    b.hash = fv_layout_bucket_hash(mark, b.keys, 1);
    return b;
}

static struct fv_bucket *find(struct fv_tree *t, const struct fv_bucket *b, uint32_t *place) {
    return fv_layout_bucket_find(&header, t, b->hash, b->mark, b->keys, b->key_count, place);
}

static void add_all(struct fv_tree *t) {
    for (int64_t i = 0; i < FV_BUCKETS_MAX; i++) {
        struct fv_bucket b = bucket_of((uint32_t)(i % 3), i / 3 - 1000);
        uint32_t place = 0;
        EXPECT(find(t, &b, &place) == NULL);
        EXPECT(fv_layout_bucket_add(&header, t, &b, place) != NULL);
    }
}

static void all_are_found_and_no_more_fit(struct fv_tree *t) {
    uint32_t place = 0;
    for (int64_t i = 0; i < FV_BUCKETS_MAX; i++) {
        struct fv_bucket b = bucket_of((uint32_t)(i % 3), i / 3 - 1000);
        struct fv_bucket *found = find(t, &b, &place);
        EXPECT(found != NULL && found->mark == b.mark && found->keys[0] == b.keys[0]);
    }
    struct fv_bucket more = bucket_of(7, 7);
    EXPECT(find(t, &more, &place) == NULL);
    EXPECT(fv_layout_bucket_add(&header, t, &more, place) == NULL);
    EXPECT(t->bucket_count == FV_BUCKETS_MAX);
}

static void qualities_compare_from_the_first(void) {
    struct fv_bucket b = {.quality_count = 2};
    const int64_t known[4] = {5, 5}, better[4] = {5, 6}, worse[4] = {4, 9};
    fv_layout_bucket_improve(&b, known);
    EXPECT(fv_layout_bucket_beaten(&b, better, 2) && !fv_layout_bucket_beaten(&b, worse, 2));
    EXPECT(!fv_layout_bucket_beaten(&b, known, 2));
    b.version++; /* somebody is writing */
    EXPECT(fv_layout_bucket_beaten(&b, worse, 2));
}

static void plan_is_checked(void) {
    struct fv_header other = header;
    EXPECT(fv_layout_valid(&header, header.total_size));
    EXPECT(!fv_layout_valid(&header, header.total_size - 1));
    other.abi++;
    EXPECT(!fv_layout_valid(&other, other.total_size));
    other = header;
    other.slots_at += 8;
    EXPECT(!fv_layout_valid(&other, other.total_size));
    other = header;
    other.tree_count = FV_WINDOW_MAX + 1;
    EXPECT(!fv_layout_valid(&other, other.total_size));
}

int main(void) {
    fv_layout_plan(&header);
    struct fv_tree *tree = calloc(1, header.tree_stride);
    EXPECT(tree != NULL);
    add_all(tree);
    all_are_found_and_no_more_fit(tree);
    qualities_compare_from_the_first();
    plan_is_checked();
    free(tree);
    return 0;
}
