/* links: core/mutation core/choice */
/* What the corpus keeps, lets go and plans from: all of it in the order of what it was told. */
#include "mutation.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "expect.h"

enum { EDGES = 640, LENGTH_MAX = 100, SEED = 7 };

static struct fv_header *shared;
static struct fv_job_plan plan;

static void open_shared(void) {
    struct fv_header h = {.worker_count = 1,
                          .tree_count = 1,
                          .edge_count = EDGES,
                          .policy = {.strategy = FV_STRATEGY_MUTATION, .batch_size = 1}};
    fv_layout_plan(&h);
    shared = mmap(NULL, h.total_size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT(shared != MAP_FAILED);
    *shared = h;
}

static struct fv_mutation begun(void) {
    struct fv_mutation m;
    EXPECT(fv_mutation_open(&m, shared, SEED, LENGTH_MAX));
    return m;
}

static uint32_t feature(uint32_t edge) { return (uint32_t)(8 * (shared->map_edges + edge)); }

static uint32_t tell(struct fv_mutation *m, const char *tape, uint32_t edge, uint32_t replaces) {
    uint32_t owned = feature(edge);
    struct fv_told told = {.tape = (const uint8_t *)tape,
                           .tape_size = (uint32_t)strlen(tape),
                           .owned = &owned,
                           .owned_count = edge < EDGES,
                           .replaces = replaces};
    return fv_mutation_learn(m, &told);
}

static void the_first_to_bring_a_feature_has_it(void) {
    struct fv_mutation m = begun();
    EXPECT(tell(&m, "one", 3, FV_NOTHING) == 1);
    EXPECT(tell(&m, "other", 3, FV_NOTHING) == 0);
    EXPECT(tell(&m, "two", 4, FV_NOTHING) == 1);
    EXPECT(m.entry_count == 2 && !m.merits[0].is_gone && !m.merits[1].is_gone);
    const struct fv_entry *e = fv_stock_entry(shared, 1);
    EXPECT(e->size == 3 && memcmp(fv_stock_bytes(shared, e->at), "two", 3) == 0);
    EXPECT(e->owned_count == 1);
    fv_mutation_close(&m);
}

static void a_smaller_one_takes_over_all_that_the_old_one_had(void) {
    struct fv_mutation m = begun();
    tell(&m, "long one", 3, FV_NOTHING);
    EXPECT(tell(&m, "as long!", EDGES, 0) == 0 && m.entry_count == 1);
    EXPECT(tell(&m, "long", EDGES, 0) == 0 && m.entry_count == 2);
    EXPECT(m.merits[0].is_gone && !m.merits[1].is_gone);
    EXPECT(m.choice.weights[0] == 0 && m.choice.weights[1] > 0);
    EXPECT(tell(&m, "lo", EDGES, 0) == 0 && m.entry_count == 2); /* of another job, too late */
    EXPECT(tell(&m, "l", 9, 1) == 1 && fv_stock_entry(shared, 2)->owned_count == 2);
    EXPECT(tell(&m, "x", EDGES, 77) == 0 && m.entry_count == 3); /* there is no such entry */
    fv_mutation_close(&m);
}

static void features_out_of_the_map_are_nobodys(void) {
    struct fv_mutation m = begun();
    uint32_t owned[] = {UINT32_MAX, (uint32_t)(8 * shared->map_size)};
    struct fv_told told = {.owned = owned, .owned_count = 2, .replaces = FV_NOTHING};
    EXPECT(fv_mutation_learn(&m, &told) == 0 && m.entry_count == 0);
    fv_mutation_close(&m);
}

static void words_are_kept_once(void) {
    struct fv_mutation m = begun();
    uint8_t word[FV_WORD_BYTES + 1] = "word";
    EXPECT(fv_mutation_add_word(&m, word, 4) && fv_mutation_add_word(&m, word, 4));
    EXPECT(fv_mutation_add_word(&m, word, FV_WORD_BYTES));
    EXPECT(!fv_mutation_add_word(&m, word, FV_WORD_BYTES + 1));
    EXPECT(!fv_mutation_add_word(&m, word, 0));
    EXPECT(m.word_count == 2);
    fv_mutation_close(&m);
}

static void plans_follow_from_what_was_told(void) {
    struct fv_job_plan first;
    for (int round = 0; round < 2; round++) {
        struct fv_mutation m = begun();
        char tape[] = "entry 0";
        for (uint32_t i = 0; i < 10; i++, tape[6]++) tell(&m, tape, i, FV_NOTHING);
        memset(&plan, 0, sizeof plan);
        fv_mutation_plan(&m, &plan, 400, 1000);
        EXPECT(plan.timelines == 400 && plan.order_count == 1);
        EXPECT(plan.orders[0].kind == FV_ORDER_SERIES && plan.series.input_count == 400);
        EXPECT(plan.series.entry_count == 10 && plan.series.pick_count > 10);
        for (uint32_t i = 0; i < plan.series.pick_count; i++) EXPECT(plan.picks[i].entry < 10);
        if (round == 0) first = plan;
        fv_mutation_close(&m);
    }
    EXPECT(memcmp(&first, &plan, sizeof plan) == 0);
}

static void an_entry_is_watched_once(void) {
    struct fv_mutation m = begun();
    uint32_t watched = 0;
    tell(&m, "one", 1, FV_NOTHING);
    for (int job = 0; job < 5; job++) {
        fv_mutation_plan(&m, &plan, 100, 1000);
        for (uint32_t i = 0; i < plan.series.pick_count; i++) watched += plan.picks[i].is_watched;
    }
    EXPECT(watched == 1);
    fv_mutation_close(&m);
}

static void inputs_grow_while_nothing_is_found(void) {
    struct fv_mutation m = begun();
    fv_mutation_plan(&m, &plan, 10, 0);
    uint32_t before = plan.series.length_max;
    fv_mutation_plan(&m, &plan, 10, 5000);
    EXPECT(before == 4 && plan.series.length_max > before);
    fv_mutation_plan(&m, &plan, 10, 100000000);
    EXPECT(plan.series.length_max == LENGTH_MAX);
    fv_mutation_close(&m);
}

static void rare_features_are_gone_on_from(void) {
    struct fv_mutation m = begun();
    struct fv_tree *job = fv_layout_tree(shared, 0);
    tell(&m, "common", 1, FV_NOTHING);
    tell(&m, "rare", 2, FV_NOTHING);
    fv_mutation_plan(&m, &plan, 8000, 1000);
    job->series = plan.series;
    for (int i = 0; i < 8; i++) {
        fv_stock_hits(shared, job)[8 * 1] = 250;
        fv_stock_hits(shared, job)[8 * 2] = 1;
        job->hit_samples = 250;
        fv_mutation_settle(&m, job, &plan);
    }
    EXPECT(m.hit_samples == 2000 && m.hits[8] == 2000 && m.hits[16] == 8);
    EXPECT(fv_stock_hits(shared, job)[8] == 0 && job->hit_samples == 0);
    EXPECT(m.choice.weights[1] > 4 * m.choice.weights[0]);
    fv_mutation_close(&m);
}

static void tell_cost(struct fv_mutation *m, const char *tape, uint32_t edge, uint64_t cost) {
    uint32_t owned = feature(edge);
    struct fv_told told = {.tape = (const uint8_t *)tape,
                           .tape_size = (uint32_t)strlen(tape),
                           .owned = &owned,
                           .owned_count = 1,
                           .replaces = FV_NOTHING,
                           .cost = cost};
    fv_mutation_learn(m, &told);
}

static void settle(struct fv_mutation *m) {
    fv_mutation_plan(m, &plan, 8, 1000);
    struct fv_tree *job = fv_layout_tree(shared, 0);
    job->series = plan.series;
    job->hit_samples = 0;
    fv_mutation_settle(m, job, &plan);
}

static void nobody_has_much_more_time_than_others(void) {
    struct fv_mutation m = begun();
    static const uint64_t costs[] = {900, 600, 1000, 40, 1000000, FV_COST_MAX, 0};
    for (uint32_t i = 0; i < 7; i++) tell_cost(&m, "entry", i, costs[i]);
    settle(&m);
    settle(&m);
    EXPECT(m.cost_typical == 512 && plan.series.cost_typical == 512);
    const uint64_t *w = m.choice.weights;
    EXPECT(w[3] > w[0] && w[3] <= 2 * w[6]);
    EXPECT(w[4] > 0 && w[4] * costs[4] < 3 * w[6] * 512);
    EXPECT(w[5] > 0 && w[5] < w[4]);
    fv_mutation_close(&m);
}

static void what_says_nothing_of_costs_has_none(void) {
    struct fv_mutation m = begun();
    tell(&m, "one", 1, FV_NOTHING);
    tell(&m, "two", 2, FV_NOTHING);
    settle(&m);
    EXPECT(m.cost_typical == 0 && m.choice.weights[0] == m.choice.weights[1]);
    fv_mutation_close(&m);
}

static void what_is_gone_does_not_say_what_is_typical(void) {
    struct fv_mutation m = begun();
    tell_cost(&m, "long", 1, 1 << 20);
    uint32_t owned = feature(1);
    struct fv_told told = {
        .tape = (const uint8_t *)"l", .tape_size = 1, .owned = &owned, .cost = 100};
    fv_mutation_learn(&m, &told);
    settle(&m);
    EXPECT(m.merits[0].is_gone && m.cost_typical == 64);
    fv_mutation_close(&m);
}

int main(void) {
    open_shared();
    the_first_to_bring_a_feature_has_it();
    a_smaller_one_takes_over_all_that_the_old_one_had();
    features_out_of_the_map_are_nobodys();
    words_are_kept_once();
    plans_follow_from_what_was_told();
    an_entry_is_watched_once();
    inputs_grow_while_nothing_is_found();
    rare_features_are_gone_on_from();
    nobody_has_much_more_time_than_others();
    what_says_nothing_of_costs_has_none();
    what_is_gone_does_not_say_what_is_typical();
    return 0;
}
