#include "layout.h"

#include <stdbool.h>
#include <string.h>

#include "ask.h"
#include "mix.h"
#include "stock.h"

enum { FV_LINE_BYTES = 64 };

static uint64_t align_up(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

static void plan_map(struct fv_header *h) {
    h->map_edges = align_up((uint64_t)h->site_count * FV_MARK_FEATURE_BYTES, FV_LINE_BYTES);
    h->map_each = h->map_edges + align_up(h->edge_count, FV_LINE_BYTES);
    h->map_dynamic = h->map_each + FV_EACH_FEATURE_BYTES;
    h->map_size = h->map_dynamic + (uint64_t)h->dynamic_max * FV_MARK_FEATURE_BYTES;
}

static void plan_slot(struct fv_header *h) {
    uint64_t marks = (uint64_t)h->site_count + h->dynamic_max;
    h->slot_tallies = align_up(sizeof(struct fv_slot), FV_LINE_BYTES);
    h->slot_journal = align_up(h->slot_tallies + marks * sizeof(struct fv_tally), FV_LINE_BYTES);
    h->slot_compares = h->slot_journal + FV_JOURNAL_MAX * sizeof(struct fv_discovery);
    h->slot_features =
        align_up(h->slot_compares + FV_COMPARES_MAX * sizeof(struct fv_comparison), FV_LINE_BYTES);
    h->slot_stride = align_up(h->slot_features + h->map_size, FV_LAYOUT_PAGE_BYTES);
}

static void plan_tree(struct fv_header *h) {
    uint64_t marks = (uint64_t)h->site_count + h->dynamic_max;
    bool asks = h->engine == FV_ENGINE_ASKS;
    h->tree_marks = align_up(sizeof(struct fv_tree), FV_LINE_BYTES);
    h->tree_explored =
        align_up(h->tree_marks + marks * sizeof(struct fv_mark), FV_LAYOUT_PAGE_BYTES);
    h->tree_seen = align_up(h->tree_explored + h->map_size, FV_LAYOUT_PAGE_BYTES);
    h->tree_buckets = align_up(h->tree_seen + 3 * h->map_size, FV_LAYOUT_PAGE_BYTES);
    h->tree_index = h->tree_buckets + (uint64_t)FV_BUCKETS_MAX * sizeof(struct fv_bucket);
    h->tree_ring = h->tree_index + (uint64_t)FV_BUCKET_INDEX_SIZE * sizeof(uint32_t);
    h->tree_orders = h->tree_ring + FV_RING_BYTES;
    h->tree_children = h->tree_orders + FV_ORDERS_MAX * sizeof(struct fv_order);
    h->tree_pool = h->tree_children + FV_CHILDREN_MAX * sizeof(struct fv_child);
    h->tree_tape = h->tree_pool + FV_POOL_MAX * sizeof(struct fv_segment);
    h->tree_picks = h->tree_tape + FV_TAPE_BYTES_MAX;
    h->tree_finds = h->tree_picks + FV_PICKS_MAX * sizeof(struct fv_pick);
    bool mutates = h->policy.strategy == FV_STRATEGY_MUTATION;
    uint64_t features = 8 * align_up(h->edge_count, FV_LINE_BYTES);
    h->tree_hits = h->tree_finds + (mutates ? FV_FINDS_BYTES : 0);
    h->hits_size = mutates ? (features < FV_HITS_MAX ? features : FV_HITS_MAX) : 0;
    h->tree_told = align_up(h->tree_hits + h->hits_size, FV_LAYOUT_PAGE_BYTES);
    h->tree_log = h->tree_told + align_up(asks ? h->map_size : 0, FV_LAYOUT_PAGE_BYTES);
    h->tree_stride = h->tree_log + (asks ? FV_ASKED_LOG_BYTES : 0);
}

static void plan_known(struct fv_header *h) {
    uint64_t versions = (uint64_t)FV_BUCKETS_MAX * h->tree_count;
    h->known_index = FV_LAYOUT_PAGE_BYTES;
    h->known_states = h->known_index + FV_BUCKET_INDEX_SIZE * sizeof(uint32_t);
    h->known_versions = h->known_states + FV_BUCKETS_MAX * sizeof(struct fv_state);
    h->stock_entries =
        align_up(h->known_versions + versions * sizeof(struct fv_version), FV_LAYOUT_PAGE_BYTES);
    bool mutates = h->policy.strategy == FV_STRATEGY_MUTATION;
    h->stock_size = mutates ? FV_STOCK_BYTES : 0;
    h->stock_words = h->stock_entries + (mutates ? FV_ENTRIES_MAX * sizeof(struct fv_entry) : 0);
    h->stock_bytes = h->stock_words + (mutates ? FV_WORDS_MAX * sizeof(struct fv_word) : 0);
    h->workers_at = align_up(h->known_at + h->stock_bytes + h->stock_size, FV_LAYOUT_PAGE_BYTES);
}

void fv_layout_plan(struct fv_header *h) {
    uint64_t hosts = (uint64_t)h->worker_count * (h->host_count + 2);
    uint64_t slots = (uint64_t)h->tree_count * (h->policy.depth_max + 1) * h->policy.batch_size;
    h->magic = FV_LAYOUT_MAGIC;
    h->abi = FV_ABI;
    h->header_size = sizeof *h;
    plan_map(h);
    plan_slot(h);
    plan_tree(h);
    h->live_at = FV_LAYOUT_PAGE_BYTES;
    h->ask_at = align_up(h->live_at + sizeof(struct fv_live), FV_LAYOUT_PAGE_BYTES);
    h->known_at =
        h->ask_at + (h->engine != FV_ENGINE_NONE ? FV_LAYOUT_PAGE_BYTES + FV_TAPE_BYTES_MAX : 0);
    plan_known(h);
    h->worker_stride = FV_LAYOUT_PAGE_BYTES;
    h->hosts_at = h->workers_at + h->worker_count * h->worker_stride;
    h->traces_at = h->hosts_at + hosts * h->slot_stride;
    h->trees_at = h->traces_at + (uint64_t)h->worker_count * FV_TRACE_MAX * sizeof(uint64_t);
    h->slots_at = h->trees_at + h->tree_count * h->tree_stride;
    h->total_size = h->slots_at + slots * h->slot_stride;
}

static int counts_valid(const struct fv_header *h) {
    return h->worker_count >= 1 && h->worker_count <= FV_WORKERS_MAX && h->tree_count >= 1 &&
           h->tree_count <= FV_WINDOW_MAX && h->edge_count <= FV_EDGES_MAX &&
           h->site_count <= FV_MARKS_MAX && h->dynamic_max <= FV_MARKS_MAX &&
           h->policy.depth_max <= FV_DEPTH_MAX && h->policy.batch_size >= 1 &&
           h->policy.batch_size <= FV_BATCH_MAX && h->host_count <= FV_HOSTS_MAX &&
           h->engine <= FV_ENGINE_MUTATES;
}

int fv_layout_valid(const struct fv_header *h, uint64_t mapped_size) {
    if (mapped_size < sizeof *h || h->magic != FV_LAYOUT_MAGIC || h->abi != FV_ABI) return 0;
    if (h->header_size != sizeof *h || !counts_valid(h)) return 0;
    struct fv_header plan = *h;
    fv_layout_plan(&plan);
    return memcmp(&plan, h, sizeof plan) == 0 && plan.total_size == mapped_size;
}

uint64_t fv_layout_bucket_hash(uint32_t mark, const int64_t *keys, uint32_t key_count) {
    uint64_t hash = fv_mix(mark + FV_GOLDEN);
    for (uint32_t i = 0; i < key_count; i++) hash = fv_mix(hash ^ ((uint64_t)keys[i] + FV_GOLDEN));
    return hash;
}

static int bucket_is(const struct fv_bucket *b, uint64_t hash, uint32_t mark, const int64_t *keys,
                     uint32_t key_count) {
    return b->hash == hash && b->mark == mark && b->key_count == key_count &&
           memcmp(b->keys, keys, key_count * sizeof *keys) == 0;
}

/* Run-ahead timelines read while the turn appends: an index entry is published after its bucket. */
struct fv_bucket *fv_layout_bucket_find(const struct fv_header *h, struct fv_tree *t, uint64_t hash,
                                        uint32_t mark, const int64_t *keys, uint32_t key_count,
                                        uint32_t *place) {
    struct fv_bucket *buckets = fv_layout_buckets(h, t);
    uint32_t *index = fv_layout_index(h, t);
    uint32_t at = (uint32_t)hash & (FV_BUCKET_INDEX_SIZE - 1);
    for (uint32_t steps = 0; steps < FV_BUCKET_INDEX_SIZE; steps++) {
        uint32_t entry = __atomic_load_n(&index[at], __ATOMIC_ACQUIRE);
        if (entry == 0 || entry > FV_BUCKETS_MAX) break;
        struct fv_bucket *b = &buckets[entry - 1];
        if (bucket_is(b, hash, mark, keys, key_count)) return b;
        at = (at + 1) & (FV_BUCKET_INDEX_SIZE - 1);
    }
    *place = at;
    return NULL;
}

struct fv_bucket *fv_layout_bucket_add(const struct fv_header *h, struct fv_tree *t,
                                       const struct fv_bucket *bucket, uint32_t place) {
    if (t->bucket_count >= FV_BUCKETS_MAX) return NULL;
    struct fv_bucket *b = &fv_layout_buckets(h, t)[t->bucket_count];
    *b = *bucket;
    t->bucket_count++;
    __atomic_store_n(&fv_layout_index(h, t)[place], t->bucket_count, __ATOMIC_RELEASE);
    return b;
}

int fv_layout_quality_better(const int64_t *a, const int64_t *b, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (a[i] != b[i]) return a[i] > b[i];
    return 0;
}

void fv_layout_bucket_improve(struct fv_bucket *b, const int64_t *qualities) {
    __atomic_fetch_add(&b->version, 1, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < FV_LAYOUT_QUALITIES_MAX; i++)
        __atomic_store_n(&b->qualities[i], qualities[i], __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&b->version, 1, __ATOMIC_SEQ_CST);
}

int fv_layout_bucket_beaten(const struct fv_bucket *b, const int64_t *qualities, uint32_t n) {
    int64_t known[FV_LAYOUT_QUALITIES_MAX];
    uint32_t before = __atomic_load_n(&b->version, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < FV_LAYOUT_QUALITIES_MAX; i++)
        known[i] = __atomic_load_n(&b->qualities[i], __ATOMIC_SEQ_CST);
    uint32_t after = __atomic_load_n(&b->version, __ATOMIC_SEQ_CST);
    if (before != after || before % 2 != 0) return 1;
    return fv_layout_quality_better(qualities, known, n);
}
