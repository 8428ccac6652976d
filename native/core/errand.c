#include "errand.h"

#include "bridge.h"

enum {
    FV_RANDOM_ROOTS = 64, /* in one job of the random strategy */
    FV_JOB_MIN = 4,       /* timelines of a job of the frontier strategy, */
    FV_JOB_MAX = 128,
    FV_JOB_RISE = 128,   /* and one more for so many timelines so far, */
    FV_JOB_EARLY = 16,   /* up to so many more; */
    FV_JOB_HALVINGS = 8, /* one for each job lost in a row: a job is lost whole */
    FV_JOB_GROWTH = 512, /* from then on one more for so many */
    FV_SERIES_MIN = 32,  /* inputs of a job of the mutation strategy; */
    FV_SERIES_MAX = 1 << 13,
    FV_SERIES_GROWTH = 256, /* one more for so many so far */
};

static uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Under frontier the energy of all roots is one purse. */
static uint64_t timelines_max(const struct fv_campaign *c) {
    uint64_t most = c->plan.timelines > 0 ? c->plan.timelines : UINT64_MAX;
    if (c->frontier == NULL || c->plan.roots == 0) return most;
    return min_u64(most, c->plan.roots * (1 + (uint64_t)c->plan.root_energy));
}

static uint64_t timelines_left(const struct fv_campaign *c) {
    uint64_t spent = c->known->totals.timelines + c->granted, most = timelines_max(c);
    return spent < most ? most - spent : 0;
}

static uint64_t roots_left(const struct fv_campaign *c) {
    if (c->plan.roots == 0) return UINT64_MAX;
    uint64_t handed = c->next_root - c->plan.first_root;
    return handed < c->plan.roots ? c->plan.roots - handed : 0;
}

/* The input of trials is what they start with, and no job. */
bool fv_errand_is_input(const struct fv_campaign *c, uint64_t job) {
    return job < c->input_count && c->plan.strategy != FV_STRATEGY_TRIALS;
}

static uint64_t grant_for(const struct fv_campaign *c, uint64_t roots) {
    if (c->plan.strategy == FV_STRATEGY_RANDOM) return roots;
    return min_u64((uint64_t)c->plan.root_energy + roots, timelines_left(c));
}

/* Small jobs at first, so that what is found is used soon; large ones later, when a job more or
 * less of delay matters less than what a job costs. Counted in timelines, so that it is the same
 * whatever a timeline takes. */
static uint32_t frontier_job_size(const struct fv_campaign *c) {
    uint64_t done = c->known->totals.timelines;
    uint64_t size = FV_JOB_MIN + min_u64(done / FV_JOB_RISE, FV_JOB_EARLY) + done / FV_JOB_GROWTH;
    size = min_u64(size, FV_JOB_MAX) >> min_u64(c->lost_in_a_row, FV_JOB_HALVINGS);
    return (uint32_t)min_u64(size > 0 ? size : 1, timelines_left(c));
}

static void order_input(struct fv_lane *lane) {
    struct fv_job_plan *p = lane->errands;
    p->order_count = p->child_count = 1;
    p->pool_count = 0;
    p->orders[0] = (struct fv_order){.kind = FV_ORDER_INPUT, .child_count = 1};
    lane->roots = lane->grant = 1;
}

static void order_roots(struct fv_campaign *c, struct fv_lane *lane) {
    struct fv_job_plan *p = lane->errands;
    uint64_t most = c->plan.strategy == FV_STRATEGY_RANDOM ? FV_RANDOM_ROOTS : 1;
    lane->roots = min_u64(most, min_u64(timelines_left(c), roots_left(c)));
    p->order_count = lane->roots > 0;
    p->child_count = p->pool_count = 0;
    p->orders[0] = (struct fv_order){
        .kind = FV_ORDER_ROOTS, .child_count = (uint32_t)lane->roots, .first_root = c->next_root};
    lane->grant = lane->roots > 0 ? grant_for(c, lane->roots) : 0;
    c->next_root += lane->roots;
}

/* Inputs are counted as roots when the job has taken them. Half of what is left of the budget is
 * for what splits off. */
static void order_asked(struct fv_campaign *c, struct fv_lane *lane) {
    uint64_t left = timelines_left(c), most = left > 1 ? left - left / 2 : left;
    fv_bridge_order(lane, (uint32_t)min_u64(FV_ASKED_MAX, min_u64(most, roots_left(c))));
    lane->grant = lane->roots > 0 ? grant_for(c, lane->roots) : 0;
}

static void order_splits(struct fv_campaign *c, struct fv_lane *lane) {
    lane->roots = fv_frontier_plan(c->frontier, lane->errands, frontier_job_size(c), c->next_root,
                                   roots_left(c));
    lane->grant = lane->errands->timelines;
    c->next_root += lane->roots;
}

/* Counted in inputs, which says how fast they are as well: a job takes a small part of the time so
 * far. None is made before the inputs that the campaign begins with are known. */
static void order_series(struct fv_campaign *c, struct fv_lane *lane) {
    uint64_t done = c->known->totals.timelines;
    uint64_t size = min_u64(FV_SERIES_MIN + done / FV_SERIES_GROWTH, FV_SERIES_MAX);
    size = min_u64(size >> min_u64(c->lost_in_a_row, FV_JOB_HALVINGS), timelines_left(c));
    lane->roots = lane->grant = 0;
    lane->errands->order_count = 0;
    if (c->next_fold < c->input_count) return;
    fv_mutation_plan(c->mutation, lane->errands, (uint32_t)(size > 0 ? size : 1), done);
    lane->grant = lane->errands->timelines;
}

static bool order_trials(struct fv_campaign *c, struct fv_lane *lane) {
    bool is_some = fv_trials_next(&c->trials, &lane->errands);
    lane->roots = 0;
    lane->grant = is_some ? lane->errands->timelines : 0;
    return is_some;
}

/* What the next job is to do, from what is known now. False: there is none. */
bool fv_errand_next(struct fv_campaign *c, struct fv_lane *lane) {
    if (c->is_ending || c->is_stopped || timelines_left(c) == 0) return false;
    if (c->plan.strategy == FV_STRATEGY_TRIALS) return order_trials(c, lane);
    if (c->plan.strategy == FV_STRATEGY_CENSUS && !fv_errand_is_input(c, c->next_job)) return false;
    lane->errands->tape = FV_NOTHING;
    lane->errands->series.pick_count = 0;
    if (fv_errand_is_input(c, c->next_job)) {
        lane->errands->tape = (uint32_t)c->next_job;
        order_input(lane);
        if (c->plan.strategy == FV_STRATEGY_DEPTH_FIRST) lane->grant = grant_for(c, 1);
    } else if (c->mutation != NULL) {
        order_series(c, lane);
    } else if (c->frontier != NULL) {
        order_splits(c, lane);
    } else if (c->header->engine == FV_ENGINE_ASKS) {
        order_asked(c, lane);
    } else {
        order_roots(c, lane);
    }
    return lane->errands->order_count > 0;
}
