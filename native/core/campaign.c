#include "campaign.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"
#include "drain.h"
#include "job.h"
#include "queue.h"
#include "tree.h"
#include "watch.h"

enum { FV_WATCH_MS = 20, FV_STOP_MS = 2000, FV_EARLY_DEATHS_MAX = 20 };

_Noreturn void fv_check_failed(const char *what, const char *file, int line) {
    fprintf(stderr, "fuzzverse: invariant broken: %s at %s:%d\n", what, file, line);
    abort();
}

/* ---- opening and closing --------------------------------------------------------------------- */

/* Otherwise a job's timelines run one by one, from splitpoints that its orders name. */
static bool splits(const struct fv_plan *p) {
    return p->strategy == FV_STRATEGY_RANDOM || p->strategy == FV_STRATEGY_DEPTH_FIRST;
}

static struct fv_header wish_from(const struct fv_plan *p) {
    return (struct fv_header){
        .mode = FV_MODE_CAMPAIGN,
        .worker_count = p->jobs,
        .tree_count = p->window,
        .edge_count = p->edge_count,
        .site_count = p->site_count,
        .dynamic_max = p->dynamic_max,
        .host_count = splits(p) ? 0 : p->checkpoints,
        .host_mb = p->checkpoint_mb,
        .host_us = p->checkpoint_us,
        .canary = p->canary,
        .memory_mb = p->memory_mb,
        .engine = p->engine,
        .policy = {.strategy = p->strategy,
                   .batch_size = splits(p) ? p->batch_size : 1,
                   .timelines_min = p->timelines_min,
                   .timelines_max = p->timelines_max,
                   .warm_timelines_min = p->warm_timelines_min,
                   .depth_max = splits(p) ? p->depth_max : 0,
                   .stop_on_bug = p->stop_on_bug,
                   .mark_energy = p->mark_energy},
    };
}

static const char *why_out_of_range(const struct fv_plan *p) {
    if (p->jobs < 1 || p->jobs > FV_WORKERS_MAX) return "jobs must be 1 to 64";
    if (p->window < 1 || p->window > FV_WINDOW_MAX) return "the window must be 1 to 16";
    if (p->batch_size < 1 || p->batch_size > FV_BATCH_MAX) return "the batch size must be 1 to 32";
    if (p->depth_max > FV_DEPTH_MAX) return "the depth must be at most 128";
    if (p->edge_count > FV_EDGES_MAX) return "the target has too many edges";
    if (p->site_count > FV_MARKS_MAX || p->dynamic_max > FV_MARKS_MAX) return "too many marks";
    if (p->strategy >= FV_STRATEGIES) return "no such strategy";
    if (p->length_max > FV_TAPE_BYTES_MAX) return "inputs must not be longer than 1 MiB";
    if (p->isolation > FV_ISOLATION_REWIND) return "no such isolation";
    if (p->checkpoints > FV_HOSTS_MAX) return "checkpoints must be at most 256";
    if (p->engine > FV_ENGINE_MUTATES) return "no such engine";
    if (p->engine == FV_ENGINE_ASKS && p->window != 1)
        return "an engine that asks has a window of 1";
    if ((p->engine == FV_ENGINE_ASKS) > splits(p) ||
        (p->engine == FV_ENGINE_MUTATES) > (p->strategy == FV_STRATEGY_FRONTIER))
        return "this engine does not serve this strategy";
    if (p->root_energy < 0 || p->mark_energy < 0) return "energy must not be negative";
    return NULL;
}

static struct fv_tree *blank_tree(const struct fv_header *h, const struct fv_mark_info *marks) {
    struct fv_tree *t = fv_tree_new(h);
    for (uint32_t i = 0; t != NULL && i < h->site_count; i++) {
        fv_layout_marks(h, t)[i].kind = marks[i].kind;
        fv_layout_marks(h, t)[i].compare = marks[i].compare;
    }
    return t;
}

static bool allocate_trees(struct fv_campaign *c, const struct fv_mark_info *marks) {
    c->known = blank_tree(c->header, marks);
    bool is_census = c->plan.strategy == FV_STRATEGY_CENSUS;
    if (is_census) c->blank = blank_tree(c->header, marks);
    if (c->known == NULL || (is_census && c->blank == NULL)) return false;
    for (uint32_t i = 0; i < c->plan.window; i++) {
        c->lanes[i].tree = fv_layout_tree(c->header, i);
        c->lanes[i].start = fv_tree_new(c->header);
        c->lanes[i].errands = calloc(1, sizeof *c->lanes[i].errands);
        if (c->lanes[i].start == NULL || c->lanes[i].errands == NULL) return false;
    }
    c->seen = calloc(3, c->header->map_size);
    return c->seen != NULL;
}

static bool open_frontier(struct fv_campaign *c) {
    if (c->plan.strategy != FV_STRATEGY_FRONTIER) return true;
    c->frontier = calloc(1, sizeof *c->frontier);
    if (c->frontier == NULL ||
        !fv_frontier_open(c->frontier, c->header, c->known, c->plan.campaign_seed))
        return false;
    if (c->plan.engine == FV_ENGINE_MUTATES)
        c->frontier->makers.mutator = (struct fv_engine_mutator){fv_bridge_mutate, c};
    return true;
}

static bool open_mutation(struct fv_campaign *c) {
    if (c->plan.strategy != FV_STRATEGY_MUTATION) return true;
    c->mutation = calloc(1, sizeof *c->mutation);
    uint32_t length_max = c->plan.length_max > 0 ? c->plan.length_max : 1;
    return c->mutation != NULL &&
           fv_mutation_open(c->mutation, c->header, c->plan.campaign_seed, length_max);
}

static bool start_workers(struct fv_campaign *c) {
    for (uint32_t i = 0; i < c->plan.jobs; i++) {
        if (fv_session_spawn(&c->session, i) != FV_ERR_NONE) return false;
    }
    for (uint32_t i = 0; i < c->plan.jobs; i++)
        if (fv_session_greet(&c->session, i) != FV_ERR_NONE) return false;
    return true;
}

static bool begin(struct fv_campaign *c, const char *path, const struct fv_mark_info *marks) {
    struct fv_header wish = wish_from(&c->plan);
    if (fv_session_open(&c->session, path, &wish, -1, c->error) != FV_ERR_NONE) return false;
    c->header = c->session.header;
    fv_layout_live(c->header)->tokens = (int32_t)c->plan.jobs;
    if (!allocate_trees(c, marks) || !open_frontier(c) || !open_mutation(c)) {
        snprintf(c->error, sizeof c->error, "no memory for the explored map and the archive");
        return false;
    }
    return start_workers(c);
}

fv_campaign *fv_campaign_open(const char *path, const struct fv_plan *plan,
                              const struct fv_mark_info *marks, char *error) {
    const char *why = why_out_of_range(plan);
    fv_campaign *c = why == NULL ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) {
        snprintf(error, FV_ERROR_BYTES, "%s", why != NULL ? why : "no memory");
        return NULL;
    }
    c->plan = *plan;
    c->next_root = plan->first_root;
    c->isolation = plan->isolation;
    c->session.memory_fd = -1;
    if (begin(c, path, marks)) return c;
    snprintf(error, FV_ERROR_BYTES, "%s", c->error);
    fv_campaign_close(c);
    return NULL;
}

void fv_campaign_close(fv_campaign *c) {
    if (c == NULL) return;
    for (uint32_t i = 0; i < c->plan.window; i++) {
        if (c->header != NULL) fv_tree_free(c->header, c->lanes[i].start);
        fv_queue_free(&c->lanes[i].records);
        free(c->lanes[i].errands);
    }
    if (c->frontier != NULL) fv_frontier_close(c->frontier);
    free(c->frontier);
    if (c->mutation != NULL) fv_mutation_close(c->mutation);
    free(c->mutation);
    fv_trials_free(&c->trials);
    free(c->seen);
    if (c->header != NULL) fv_tree_free(c->header, c->known);
    if (c->header != NULL) fv_tree_free(c->header, c->blank);
    fv_session_close(&c->session);
    for (uint32_t i = 0; i < c->input_count; i++) {
        free(c->inputs[i].recipe);
        free(c->inputs[i].tape);
    }
    free(c->inputs);
    free(c->bugs.bugs);
    fv_queue_free(&c->records);
    free(c);
}

static void *fitted(const void *bytes, size_t n) {
    void *copy = malloc(n + 1);
    if (copy != NULL) memcpy(copy, bytes, n);
    return copy;
}

int fv_campaign_add_input(fv_campaign *c, const uint8_t *bytes, size_t n) {
    struct fv_input *inputs = realloc(c->inputs, (c->input_count + 1) * sizeof *inputs);
    uint8_t *tape = malloc(FV_TAPE_BYTES_MAX);
    struct fv_recipe recipe;
    if (inputs != NULL) c->inputs = inputs;
    enum fv_err err = inputs != NULL && tape != NULL ? FV_ERR_NONE : FV_ERR_SYSTEM;
    if (err == FV_ERR_NONE) err = fv_recipe_from_input(&recipe, tape, bytes, n);
    if (err == FV_ERR_NONE) {
        size_t size =
            offsetof(struct fv_recipe, segments) + recipe.segment_count * sizeof *recipe.segments;
        inputs[c->input_count] =
            (struct fv_input){fitted(&recipe, size), fitted(tape, recipe.tape_size)};
        c->input_count++;
    }
    free(tape);
    return (int)err;
}

int fv_campaign_add_word(fv_campaign *c, const uint8_t *bytes, size_t n) {
    if (c->mutation == NULL || n > FV_WORD_BYTES) return -1;
    return fv_mutation_add_word(c->mutation, bytes, (uint32_t)n) ? 0 : -1;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static bool replace_worker(struct fv_campaign *c, uint32_t i) {
    c->deaths++;
    c->runners_gone += fv_layout_worker(c->header, i)->runner_count;
    fv_job_retry(c, i);
    if (c->deaths > FV_EARLY_DEATHS_MAX && c->next_fold == 0) {
        snprintf(c->error, sizeof c->error, "the target's workers die before their first draw");
        return false;
    }
    return fv_session_spawn(&c->session, i) == FV_ERR_NONE;
}

static bool keep_workers(struct fv_campaign *c) {
    int status = 0;
    for (uint32_t i = 0; i < c->plan.jobs; i++)
        if (fv_session_has_ended(&c->session, i, &status) && !c->is_stopped &&
            !replace_worker(c, i))
            return false;
    return true;
}

static void watch(struct fv_campaign *c) {
    const struct fv_limits limits = {c->plan.deadline_ms, c->plan.memory_mb};
    for (uint32_t i = 0; i < c->plan.window; i++) {
        if (c->lanes[i].state != FV_LANE_RUNNING) continue;
        if (!fv_job_is_sound(&c->lanes[i]))
            fv_session_kill(&c->session, (uint32_t)c->lanes[i].worker);
        else {
            uint32_t worker = (uint32_t)c->lanes[i].worker;
            fv_watch_tree(c->header, i, &limits, &c->looks[worker]);
            fv_watch_pilot(c->header, worker, &limits, &c->looks[worker]);
        }
    }
}

/* Asking the kernel whether a worker has died costs more than a small job. */
static bool look_after_workers(struct fv_campaign *c) {
    uint64_t now = fv_wait_now_ns();
    if (now - c->last_watch_ns < FV_WATCH_MS * UINT64_C(1000000)) return true;
    c->last_watch_ns = now;
    if (!keep_workers(c)) return false;
    watch(c);
    return fv_bridge_look(c);
}

static bool is_finished(const struct fv_campaign *c) {
    return c->is_halted || !fv_job_any_under_way(c);
}

static bool turn_once(struct fv_campaign *c) {
    fv_job_collect(c);
    fv_drain_rings(c);
    fv_job_fold(c);
    if (!look_after_workers(c)) return false;
    fv_job_plan(c);
    fv_job_assign(c);
    if (c->lost_in_a_row < FV_LOST_IN_A_ROW_MAX) return true;
    snprintf(c->error, sizeof c->error,
             "%d root seeds in a row were lost: forks are refused (see ulimit -u), or the target "
             "kills its process group or writes over foreign memory (try --sanitize address)",
             FV_LOST_IN_A_ROW_MAX);
    return false;
}

int fv_campaign_step(fv_campaign *c, uint32_t timeout_ms) {
    uint64_t deadline = fv_wait_now_ns() + UINT64_C(1000000) * timeout_ms;
    c->has_bug = 0;
    for (;;) {
        uint32_t seen = __atomic_load_n(&fv_layout_live(c->header)->doorbell, __ATOMIC_ACQUIRE);
        if (!turn_once(c)) return -1;
        if (is_finished(c)) return 1;
        if (c->has_bug || fv_wait_now_ns() >= deadline) return 0;
        fv_wait_word(&fv_layout_live(c->header)->doorbell, seen, FV_WATCH_MS);
    }
}

const char *fv_campaign_error(const fv_campaign *c) { return c->error; }
const char *fv_campaign_unfit(const fv_campaign *c) { return c->unfit; }

/* ---- the end --------------------------------------------------------------------------------- */

void fv_campaign_stop(fv_campaign *c) {
    if (c->is_stopped || c->is_halted) return;
    c->is_stopped = 1;
    __atomic_store_n(&c->header->stop, 1, __ATOMIC_RELEASE);
    uint64_t deadline = fv_wait_now_ns() + UINT64_C(1000000) * FV_STOP_MS;
    while (fv_wait_now_ns() < deadline) {
        uint32_t seen = __atomic_load_n(&fv_layout_live(c->header)->doorbell, __ATOMIC_ACQUIRE);
        fv_job_collect(c);
        fv_drain_rings(c);
        fv_job_fold(c);
        bool is_running = false;
        for (uint32_t i = 0; i < c->plan.window; i++)
            is_running |= c->lanes[i].state == FV_LANE_RUNNING;
        if (!is_running) break;
        look_after_workers(c);
        fv_wait_word(&fv_layout_live(c->header)->doorbell, seen, FV_WATCH_MS);
    }
    fv_job_fold_unfinished(c);
}
