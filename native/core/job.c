#include "job.h"

#include <stdio.h>
#include <string.h>

#include "../common/mix.h"
#include "../common/public.h"
#include "drain.h"
#include "queue.h"
#include "tree.h"

enum { FV_RANDOM_ROOTS = 64 /* in one job of the random strategy */ };

/* ---- planning -------------------------------------------------------------------------------- */

static uint64_t timelines_left(const struct fv_campaign *c) {
    if (c->plan.timelines == 0) return UINT64_MAX;
    uint64_t spent = c->known->totals.timelines + c->granted;
    return spent < c->plan.timelines ? c->plan.timelines - spent : 0;
}

static uint64_t roots_left(const struct fv_campaign *c) {
    if (c->plan.roots == 0) return UINT64_MAX;
    uint64_t handed = c->next_root - c->plan.first_root;
    return handed < c->plan.roots ? c->plan.roots - handed : 0;
}

static bool is_input(const struct fv_campaign *c, uint64_t job) { return job < c->input_count; }

static uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* How many roots the next job has; 0: there is no next job now. An input counts as one. */
static uint64_t next_job_roots(const struct fv_campaign *c) {
    uint64_t left = timelines_left(c);
    if (c->is_ending || c->is_stopped || left == 0) return 0;
    if (is_input(c, c->next_job)) return 1;
    uint64_t most = c->plan.strategy == FV_STRATEGY_RANDOM ? FV_RANDOM_ROOTS : 1;
    return min_u64(most, min_u64(left, roots_left(c)));
}

static uint64_t grant_for(const struct fv_campaign *c, uint64_t roots) {
    if (c->plan.strategy == FV_STRATEGY_RANDOM) return roots;
    return min_u64((uint64_t)c->plan.root_energy + roots, timelines_left(c));
}

static void begin_tree(struct fv_campaign *c, struct fv_lane *lane) {
    struct fv_tree *t = lane->tree;
    fv_tree_copy(c->header, t, lane->start);
    t->energy = (int64_t)(lane->grant - lane->roots);
    t->reserve = 0;
    t->depth_active = 0;
    t->tokens_held = 0;
    t->ring_head = t->ring_tail = 0;
    t->is_done = t->is_halted = 0;
    memset(t->fronts, 0, sizeof t->fronts);
    lane->records_read = 0;
    lane->state = FV_LANE_WAITING;
    lane->worker = FV_NO_WORKER;
}

static void load_input(struct fv_campaign *c, struct fv_tree *t, const struct fv_input *input) {
    t->root_count = 0;
    t->recipe = input->recipe;
    if (input->recipe.tape_size > 0)
        memcpy(fv_layout_tape(c->header, t), input->tape, input->recipe.tape_size);
}

static void load_roots(struct fv_campaign *c, struct fv_tree *t, uint64_t roots) {
    t->campaign_seed = c->plan.campaign_seed;
    t->first_root = c->next_root;
    t->root_count = (uint32_t)roots;
    c->next_root += roots;
}

static void plan_job(struct fv_campaign *c, uint64_t roots) {
    struct fv_lane *lane = &c->lanes[c->next_job % c->plan.window];
    FV_CHECK(lane->state == FV_LANE_FREE);
    lane->job = c->next_job;
    lane->roots = roots;
    lane->grant = grant_for(c, roots);
    lane->attempts = lane->discoveries = 0;
    lane->records_kept = 0;
    c->granted += lane->grant;
    fv_tree_copy(c->header, lane->start, c->known);
    lane->tree->job = c->next_job;
    lane->tree->stamp = c->next_job + 1;
    lane->tree->is_warm = c->known->totals.timelines > 0;
    if (is_input(c, c->next_job))
        load_input(c, lane->tree, &c->inputs[c->next_job]);
    else
        load_roots(c, lane->tree, roots);
    begin_tree(c, lane);
    c->next_job++;
}

void fv_job_plan(struct fv_campaign *c) {
    while (c->next_job < c->next_fold + c->plan.window) {
        uint64_t roots = next_job_roots(c);
        if (roots == 0) return;
        plan_job(c, roots);
    }
}

/* ---- handing out ----------------------------------------------------------------------------- */

static int idle_worker(const struct fv_campaign *c) {
    for (uint32_t i = 0; i < c->plan.jobs; i++)
        if (c->lane_of_worker[i] < 0 && c->session.pids[i] > 0 &&
            __atomic_load_n(&fv_layout_worker(c->header, i)->state, __ATOMIC_ACQUIRE) ==
                FV_WORKER_IDLE)
            return (int)i;
    return FV_NO_WORKER;
}

static void assign(struct fv_campaign *c, struct fv_lane *lane, uint32_t lane_index, int worker) {
    struct fv_worker *w = fv_layout_worker(c->header, (uint32_t)worker);
    lane->state = FV_LANE_RUNNING;
    lane->worker = worker;
    c->lane_of_worker[worker] = (int32_t)lane_index;
    w->tree = lane_index;
    __atomic_store_n(&w->state, FV_WORKER_BUSY, __ATOMIC_RELEASE);
    __atomic_fetch_add(&w->job, 1, __ATOMIC_RELEASE);
    fv_wait_wake(&w->job);
}

void fv_job_assign(struct fv_campaign *c) {
    for (uint64_t job = c->next_fold; job < c->next_job; job++) {
        uint32_t index = (uint32_t)(job % c->plan.window);
        if (c->lanes[index].state != FV_LANE_WAITING) continue;
        int worker = idle_worker(c);
        if (worker == FV_NO_WORKER) return;
        assign(c, &c->lanes[index], index, worker);
    }
}

bool fv_job_is_sound(const struct fv_lane *lane) {
    const struct fv_tree *t = lane->tree;
    return t->job == lane->job && t->stamp == lane->job + 1 && t->totals.timelines <= lane->grant &&
           t->root_count <= lane->roots;
}

/* A job whose memory was scribbled over has not ended, whatever it says: its worker goes, and with
 * that the attempt. */
void fv_job_collect(struct fv_campaign *c) {
    for (uint32_t i = 0; i < c->plan.window; i++) {
        struct fv_lane *lane = &c->lanes[i];
        if (lane->state != FV_LANE_RUNNING) continue;
        if (__atomic_load_n(&lane->tree->is_done, __ATOMIC_ACQUIRE) != 1) continue;
        if (!fv_job_is_sound(lane)) {
            fv_session_kill(&c->session, (uint32_t)lane->worker);
            continue;
        }
        lane->state = FV_LANE_ENDED;
        c->lost_in_a_row = lane->tree->totals.timelines > 0 ? 0 : c->lost_in_a_row + 1;
        c->lane_of_worker[lane->worker] = FV_NO_WORKER;
    }
}

/* ---- folding --------------------------------------------------------------------------------- */

static bool every_must_hit_seen(const struct fv_campaign *c) {
    const struct fv_mark *marks = fv_layout_marks(c->header, c->known);
    for (uint32_t i = 0; i < c->header->site_count + c->known->dynamic_count; i++) {
        bool may_miss = marks[i].kind == FV_KIND_ALWAYS_OR_UNREACHABLE ||
                        marks[i].kind == FV_KIND_UNREACHABLE || marks[i].kind == FV_KIND_FAULT;
        if (!may_miss && marks[i].passes == 0) return false;
    }
    return true;
}

static void note_stability(struct fv_campaign *c, const struct fv_lane *lane, uint64_t fresh) {
    bool is_stable = fresh == 0 && lane->discoveries == 0;
    c->stable_roots = is_stable ? c->stable_roots + lane->roots : 0;
    if (c->plan.until_stable > 0 && c->stable_roots >= c->plan.until_stable &&
        every_must_hit_seen(c))
        c->is_ending = 1;
}

/* The totals come from memory that a target could write: no job has more than it was granted. */
static void cap_totals(struct fv_lane *lane) {
    struct fv_totals *t = &lane->tree->totals;
    if (t->timelines > lane->grant) t->timelines = lane->grant;
}

static void fold_lane(struct fv_campaign *c, struct fv_lane *lane) {
    cap_totals(lane);
    fv_drain_tell(c, lane, c->known->totals.timelines);
    uint64_t fresh = fv_tree_merge(c->header, c->known, lane->tree);
    c->roots_folded += lane->roots;
    c->granted -= lane->grant;
    note_stability(c, lane, fresh);
    if (lane->tree->is_halted) c->is_halted = c->is_ending = 1;
    lane->state = FV_LANE_FREE;
    c->next_fold++;
}

void fv_job_fold(struct fv_campaign *c) {
    while (c->next_fold < c->next_job && !c->is_halted) {
        struct fv_lane *lane = &c->lanes[c->next_fold % c->plan.window];
        if (lane->state == FV_LANE_RUNNING) fv_drain_tell(c, lane, c->known->totals.timelines);
        if (lane->state != FV_LANE_ENDED) return;
        fv_drain_rings(c);
        fold_lane(c, lane);
        fv_job_plan(c);
    }
}

void fv_job_fold_unfinished(struct fv_campaign *c) {
    fv_drain_rings(c);
    for (; c->next_fold < c->next_job;) {
        struct fv_lane *lane = &c->lanes[c->next_fold % c->plan.window];
        if (lane->state == FV_LANE_WAITING) lane->tree->totals = (struct fv_totals){0};
        fold_lane(c, lane);
        fv_drain_rings(c);
    }
}

bool fv_job_any_under_way(const struct fv_campaign *c) {
    for (uint32_t i = 0; i < c->plan.window; i++)
        if (c->lanes[i].state != FV_LANE_FREE) return true;
    return false;
}

/* ---- when a worker dies ---------------------------------------------------------------------- */

static uint64_t root_of(const struct fv_campaign *c, const struct fv_lane *lane) {
    if (is_input(c, lane->job)) return c->inputs[lane->job].recipe.root;
    return fv_mix_root_seed(c->plan.campaign_seed, lane->tree->first_root);
}

static void give_up(struct fv_campaign *c, struct fv_lane *lane) {
    char why[FV_TEXT_BYTES];
    snprintf(why, sizeof why, "job %llu was lost: its worker died %d times",
             (unsigned long long)lane->job, FV_JOB_ATTEMPTS_MAX);
    lane->tree->totals.verdicts[FV_VERDICT_LOST] = 1;
    c->lost_in_a_row++;
    fv_drain_tell_lost(c, c->known->totals.timelines, root_of(c, lane), why);
    lane->state = FV_LANE_ENDED;
}

/* What the dead held. Where the memory is no longer to be believed, all start afresh: for a while
 * more may run than should. */
static void return_tokens(struct fv_campaign *c, struct fv_lane *lane) {
    int32_t *tokens = &fv_layout_live(c->header)->tokens;
    if (fv_job_is_sound(lane))
        __atomic_fetch_add(tokens, lane->tree->tokens_held, __ATOMIC_ACQ_REL);
    else
        __atomic_store_n(tokens, (int32_t)c->plan.jobs, __ATOMIC_RELEASE);
}

void fv_job_retry(struct fv_campaign *c, struct fv_lane *lane) {
    fv_drain_rings(c);
    return_tokens(c, lane);
    begin_tree(c, lane); /* nothing of the attempt is believed */
    if (++lane->attempts >= FV_JOB_ATTEMPTS_MAX) give_up(c, lane);
}
