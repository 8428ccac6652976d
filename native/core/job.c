#include "job.h"

#include <stdio.h>
#include <string.h>

#include "../common/call.h"
#include "../common/mix.h"
#include "../common/public.h"
#include "bridge.h"
#include "census.h"
#include "drain.h"
#include "errand.h"
#include "queue.h"
#include "tree.h"
#include "watch.h"

enum {
    FV_FORKED_IN_A_ROW_MAX = 16,
    FV_PARTED_AFTER = 512, /* timelines; then, when one in so many parts, all are forked */
    FV_PARTED_ONE_IN = 4,
};

/* ---- planning -------------------------------------------------------------------------------- */

static void load_tape(struct fv_campaign *c, struct fv_tree *t, const struct fv_input *input) {
    size_t segments = input->recipe->segment_count * sizeof(struct fv_segment);
    memcpy(&t->recipe, input->recipe, offsetof(struct fv_recipe, segments) + segments);
    if (input->recipe->tape_size > 0)
        memcpy(fv_layout_tape(c->header, t), input->tape, input->recipe->tape_size);
}

static void load_orders(struct fv_campaign *c, struct fv_tree *t, const struct fv_job_plan *p) {
    const struct fv_header *h = c->header;
    t->order_count = p->order_count;
    t->draws_max = p->draws_max;
    memcpy(fv_layout_orders(h, t), p->orders, p->order_count * sizeof *p->orders);
    memcpy(fv_layout_children(h, t), p->children, p->child_count * sizeof *p->children);
    memcpy(fv_layout_pool(h, t), p->pool, p->pool_count * sizeof *p->pool);
    t->series = p->series;
    t->hit_samples = 0;
    memcpy(fv_stock_picks(h, t), p->picks, p->series.pick_count * sizeof *p->picks);
    if (p->tape != FV_NOTHING) load_tape(c, t, &c->inputs[p->tape]);
}

/* Everything in the tree is written anew: an earlier attempt may have scribbled over it. */
static void begin_tree(struct fv_campaign *c, struct fv_lane *lane) {
    struct fv_tree *t = lane->tree;
    if (lane->attempts > 0) fv_tree_clear(c->header, t);
    fv_tree_copy(c->header, t, lane->start);
    load_orders(c, t, lane->errands);
    t->job = lane->job;
    t->stamp = lane->job + 1;
    t->epoch = lane->epoch;
    t->is_warm = lane->is_warm;
    t->campaign_seed = c->plan.campaign_seed;
    t->energy = (int64_t)(lane->grant - lane->roots);
    t->reserve = 0;
    t->depth_active = 0;
    t->tokens_held = 0;
    t->ring_head = t->ring_tail = 0;
    t->is_done = t->is_halted = t->unreached = t->parted_by = t->refused = 0;
    t->isolation = lane->attempts == 0 ? lane->isolation : FV_ISOLATION_FORK;
    memset(t->fronts, 0, sizeof t->fronts);
    fv_bridge_begin(c, lane);
    lane->records_read = 0;
    lane->state = FV_LANE_WAITING;
    lane->worker = FV_NO_WORKER;
}

static void plan_job(struct fv_campaign *c, struct fv_lane *lane) {
    FV_CHECK(lane->state == FV_LANE_FREE);
    lane->job = c->next_job;
    lane->epoch = c->next_fold;
    lane->is_warm = c->known->totals.timelines > 0;
    lane->isolation = c->isolation;
    lane->unfit[0] = '\0';
    lane->attempts = lane->discoveries = 0;
    lane->records_kept = 0;
    c->granted += lane->grant;
    fv_tree_copy(c->header, lane->start, c->blank != NULL ? c->blank : c->known);
    begin_tree(c, lane);
    c->next_job++;
}

void fv_job_plan(struct fv_campaign *c) {
    while (c->next_job < c->next_fold + c->plan.window) {
        struct fv_lane *lane = &c->lanes[c->next_job % c->plan.window];
        if (!fv_errand_next(c, lane)) return;
        plan_job(c, lane);
    }
}

/* ---- handing out ----------------------------------------------------------------------------- */

static uint32_t queued(const struct fv_campaign *c, int worker) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->plan.window; i++)
        n += c->lanes[i].state == FV_LANE_RUNNING && c->lanes[i].worker == worker;
    return n;
}

/* The one that has least to do, if there is room. */
static int free_worker(const struct fv_campaign *c) {
    uint32_t least = FV_QUEUE_MAX;
    int best = FV_NO_WORKER;
    for (uint32_t i = 0; i < c->plan.jobs && least > 0; i++) {
        if (c->session.pids[i] <= 0) continue;
        uint32_t n = queued(c, (int)i);
        if (n >= least) continue;
        least = n;
        best = (int)i;
    }
    return best;
}

static void assign(struct fv_campaign *c, struct fv_lane *lane, uint32_t lane_index, int worker) {
    struct fv_worker *w = fv_layout_worker(c->header, (uint32_t)worker);
    lane->state = FV_LANE_RUNNING;
    lane->worker = worker;
    w->trees[w->job % FV_QUEUE_MAX] = lane_index;
    __atomic_fetch_add(&w->job, 1, __ATOMIC_RELEASE);
    fv_wait_wake(&w->job);
}

/* Where a worker has little to do that is because of a job that has not ended. */
static void listen(struct fv_campaign *c) {
    uint32_t is_eager = 0;
    for (uint32_t i = 0; i < c->plan.jobs; i++) is_eager |= queued(c, (int)i) < FV_QUEUE_LOW;
    __atomic_store_n(&fv_layout_live(c->header)->is_eager, is_eager, __ATOMIC_SEQ_CST);
}

static void hand_out(struct fv_campaign *c) {
    for (uint64_t job = c->next_fold; job < c->next_job; job++) {
        uint32_t index = (uint32_t)(job % c->plan.window);
        if (c->lanes[index].state != FV_LANE_WAITING) continue;
        int worker = free_worker(c);
        if (worker == FV_NO_WORKER) return;
        assign(c, &c->lanes[index], index, worker);
    }
}

void fv_job_assign(struct fv_campaign *c) {
    hand_out(c);
    listen(c);
}

bool fv_job_is_sound(const struct fv_lane *lane) {
    const struct fv_tree *t = lane->tree;
    return t->job == lane->job && t->stamp == lane->job + 1 && t->totals.timelines <= lane->grant &&
           t->order_count == lane->errands->order_count;
}

/* What its worker says of rewinding the target, for when the job is folded. */
static void note_worker(const struct fv_campaign *c, struct fv_lane *lane) {
    const struct fv_worker *w = fv_layout_worker(c->header, (uint32_t)lane->worker);
    bool is_asked = lane->attempts == 0 && lane->isolation == FV_ISOLATION_REWIND;
    if (!is_asked || !w->is_unfit) return;
    memcpy(lane->unfit, w->unfit, sizeof lane->unfit);
    lane->unfit[sizeof lane->unfit - 1] = '\0';
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
        if (lane->tree->isolation == FV_ISOLATION_FORK) note_worker(c, lane);
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

/* Good and Turing: of n timelines, features that only one has seen, divided by n, is how many fresh
 * ones to expect of the next (Good, "The population frequencies of species", 1953). A search is no
 * sample: it goes where fresh things are, and what it left behind looks well known. So as many
 * timelines as that must have passed without anything fresh as well. */
static void note_estimate(struct fv_campaign *c, uint64_t fresh) {
    uint64_t now = c->known->totals.timelines, most = c->plan.until_fresh;
    if (fresh > 0) c->last_fresh = now;
    if (most == 0 || now - c->last_fresh < most) return;
    if (fv_tree_seen_exactly(c->header, c->seen, 1) * most < now) c->is_ending = 1;
}

/* The totals come from memory that a target could write: no job has more than it was granted. */
static void cap_totals(struct fv_lane *lane) {
    struct fv_totals *t = &lane->tree->totals;
    if (t->timelines > lane->grant) t->timelines = lane->grant;
}

static void fall_back(struct fv_campaign *c, const char *why) {
    if (c->isolation != FV_ISOLATION_REWIND) return;
    c->isolation = FV_ISOLATION_FORK;
    snprintf(c->unfit, sizeof c->unfit, "%s", why);
}

/* Parting costs more than forking at once: no gain where it is the rule. */
static void note_parted(struct fv_campaign *c) {
    const struct fv_totals *t = &c->known->totals;
    char name[32], why[FV_TEXT_BYTES];
    if (t->timelines < FV_PARTED_AFTER || t->parted * FV_PARTED_ONE_IN < t->timelines) return;
    snprintf(why, sizeof why, "many timelines need a process of their own (%s)",
             fv_call_name(c->parted_by, name, sizeof name));
    fall_back(c, why);
}

/* Runners that die again and again cost more than they save. */
static void note_forked(struct fv_campaign *c, const struct fv_lane *lane) {
    char why[FV_TEXT_BYTES];
    if (lane->isolation != FV_ISOLATION_REWIND) return;
    c->jobs_forked += lane->attempts > 0;
    c->forked_in_a_row = lane->attempts > 0 ? c->forked_in_a_row + 1 : 0;
    if (c->forked_in_a_row < FV_FORKED_IN_A_ROW_MAX) return;
    snprintf(why, sizeof why, "%d runners in a row died with a job under way",
             FV_FORKED_IN_A_ROW_MAX);
    fall_back(c, why);
}

/* Which jobs are rewound is decided as everything else is, by the folded jobs alone: those that
 * were planned by then stay what they are, whether or not a worker has them already. */
static void note_isolation(struct fv_campaign *c, const struct fv_lane *lane) {
    c->worker_deaths += lane->attempts;
    if (lane->tree->parted_by != 0) c->parted_by = lane->tree->parted_by;
    if (lane->unfit[0] != '\0') fall_back(c, lane->unfit);
    note_forked(c, lane);
    note_parted(c);
}

/* Strategies that learn of a job's records when it has ended. */
static bool learns(const struct fv_campaign *c) {
    return c->frontier != NULL || c->mutation != NULL;
}

static void fold_lane(struct fv_campaign *c, struct fv_lane *lane) {
    uint64_t base = c->known->totals.timelines, stamp = c->next_fold + 1;
    cap_totals(lane);
    if (!learns(c)) fv_drain_tell(c, lane, base);
    uint64_t fresh = fv_tree_merge(c->header, c->known, lane->tree, c->mark_of);
    fv_tree_take_seen(c->header, c->seen, lane->tree, c->mark_of);
    if (c->blank != NULL) fv_census_tell(c, lane);
    if (c->frontier == NULL)
        fv_tree_merge_buckets(c->header, c->known, lane->tree, c->mark_of, stamp);
    if (c->mutation != NULL) {
        fv_drain_adopt(c, lane, base);
        fv_mutation_settle(c->mutation, lane->tree, lane->errands);
    } else if (c->frontier != NULL) {
        fv_drain_learn(c, lane, base, stamp);
        fv_frontier_settle(c->frontier, lane->errands, fv_layout_orders(c->header, lane->tree),
                           stamp);
    }
    if (lane->errands->orders[0].kind == FV_ORDER_ASKED) {
        lane->roots = fv_bridge_taken(lane);
        c->next_root += lane->roots;
    }
    c->roots_folded += lane->roots;
    c->granted -= lane->grant;
    c->unreached += lane->tree->unreached <= FV_ORDERS_MAX ? lane->tree->unreached : 0;
    bool is_lost = lane->tree->totals.timelines == 0 && lane->tree->unreached == 0;
    c->lost_in_a_row = is_lost ? c->lost_in_a_row + 1 : 0;
    note_stability(c, lane, fresh);
    note_estimate(c, fresh);
    note_isolation(c, lane);
    if (lane->tree->is_halted) c->is_halted = c->is_ending = 1;
    lane->state = FV_LANE_FREE;
    c->next_fold++;
}

void fv_job_fold(struct fv_campaign *c) {
    while (c->next_fold < c->next_job && !c->is_halted) {
        struct fv_lane *lane = &c->lanes[c->next_fold % c->plan.window];
        if (lane->state == FV_LANE_RUNNING && !learns(c))
            fv_drain_tell(c, lane, c->known->totals.timelines);
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
    if (fv_errand_is_input(c, lane->job)) return c->inputs[lane->job].recipe->root;
    if (c->mutation != NULL) return lane->errands->series.seed;
    return fv_mix_root_seed(c->plan.campaign_seed, lane->errands->orders[0].first_root);
}

static void give_up(struct fv_campaign *c, struct fv_lane *lane) {
    char why[FV_TEXT_BYTES];
    snprintf(why, sizeof why, "job %llu was lost: its worker died %d times",
             (unsigned long long)lane->job, FV_JOB_ATTEMPTS_MAX);
    lane->tree->totals.verdicts[FV_VERDICT_LOST] = 1;
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

static void retry(struct fv_campaign *c, struct fv_lane *lane) {
    return_tokens(c, lane);
    note_worker(c, lane);
    lane->attempts++;
    begin_tree(c, lane); /* nothing of the attempt is believed */
    if (lane->attempts >= FV_JOB_ATTEMPTS_MAX) give_up(c, lane);
}

static bool has_job(const struct fv_lane *lane, uint32_t worker) {
    return lane->state == FV_LANE_RUNNING && lane->worker == (int)worker;
}

/* The job that a worker was at when it died: it takes them as they were handed out, which is not
 * always their order. NULL: at none. */
static struct fv_lane *under_way(struct fv_campaign *c, uint32_t worker) {
    const struct fv_worker *w = fv_layout_worker(c->header, worker);
    uint32_t lane = w->trees[w->taken % FV_QUEUE_MAX];
    if (lane < c->plan.window && has_job(&c->lanes[lane], worker)) return &c->lanes[lane];
    for (uint64_t job = c->next_fold; job < c->next_job; job++)
        if (has_job(&c->lanes[job % c->plan.window], worker))
            return &c->lanes[job % c->plan.window]; /* what it says makes no sense */
    return NULL;
}

void fv_job_retry(struct fv_campaign *c, uint32_t worker) {
    fv_job_collect(c);
    fv_drain_rings(c);
    const struct fv_lane *guilty = under_way(c, worker);
    c->worker_deaths += guilty == NULL;
    for (uint64_t job = c->next_fold; job < c->next_job; job++) {
        struct fv_lane *lane = &c->lanes[job % c->plan.window];
        if (!has_job(lane, worker)) continue;
        fv_watch_bury(c->header, worker, (uint32_t)(job % c->plan.window));
        if (lane == guilty)
            retry(c, lane);
        else
            begin_tree(c, lane); /* it had not begun, or hardly */
    }
}
