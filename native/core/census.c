#include "census.h"

#include <string.h>

#include "../common/map.h"
#include "queue.h"
#include "tree.h"

struct list {
    uint32_t *to;
    uint32_t count, max;
};

static void list_features(struct list *l, const uint8_t *map, uint64_t from, uint64_t to,
                          uint64_t as) {
    for (uint64_t i = from; i < to; i++)
        for (uint8_t left = map[i]; left != 0; left &= (uint8_t)(left - 1)) {
            uint32_t class = (uint32_t)__builtin_ctz(left);
            if (l->count < l->max) l->to[l->count] = (uint32_t)(8 * (i - from + as) + class);
            l->count++;
        }
}

/* How many edges were passed at least; what other features cost is not known. */
static uint64_t work_of(const uint8_t *map, uint64_t from, uint64_t to) {
    uint64_t work = 0;
    for (uint64_t i = from; i < to; i++)
        if (map[i] != 0) work += fv_map_class_least(31 - (uint32_t)__builtin_clz(map[i]));
    return work;
}

static uint32_t verdict_of(const struct fv_totals *t) {
    for (uint32_t i = 0; i < FV_VERDICT_COUNT; i++)
        if (t->verdicts[i] > 0) return i;
    return FV_VERDICT_LOST;
}

/* Dynamic marks have the numbers that the campaign knows them by. */
static void list_dynamic(struct fv_campaign *c, const struct fv_tree *t, const uint8_t *map,
                         struct list *l) {
    const struct fv_header *h = c->header;
    for (uint32_t i = h->site_count; i < fv_tree_marks(h, t); i++) {
        uint64_t from = fv_layout_mark_features(h, i);
        if (c->mark_of[i] != UINT32_MAX)
            list_features(l, map, from, from + FV_MARK_FEATURE_BYTES,
                          fv_layout_mark_features(h, c->mark_of[i]));
    }
}

void fv_census_tell(struct fv_campaign *c, const struct fv_lane *lane) {
    const struct fv_header *h = c->header;
    const uint8_t *map = fv_layout_explored(h, lane->tree);
    uint64_t count = fv_map_count(map, h->map_size);
    uint32_t most = count < FV_CENSUS_FEATURES_MAX ? (uint32_t)count : FV_CENSUS_FEATURES_MAX;
    struct fv_record head = {.kind = FV_RECORD_CENSUS,
                             .verdict = verdict_of(&lane->tree->totals),
                             .mark = -1,
                             .ordinal = lane->job,
                             .digest = work_of(map, h->map_edges, h->map_each)};
    size_t size = sizeof head + (most + most % 2) * sizeof(uint32_t);
    uint8_t *to = fv_queue_extend(&c->records, size);
    if (to == NULL) return;
    struct list l = {.to = (uint32_t *)(to + sizeof head), .max = most};
    memset(to, 0, size);
    list_features(&l, map, 0, h->map_dynamic, 0);
    list_dynamic(c, lane->tree, map, &l);
    head.size = (uint32_t)size;
    head.fresh = l.count;
    memcpy(to, &head, sizeof head);
}
