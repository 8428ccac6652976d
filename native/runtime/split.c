#include "split.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "../common/mix.h"
#include "ending.h"
#include "energy.h"
#include "fold.h"
#include "runner.h"
#include "timeline.h"
#include "token.h"

/* ---- a batch --------------------------------------------------------------------------------- */

static struct fv_front *front_of(const struct fv_batch *b) { return &fv_rt.tree->fronts[b->depth]; }

void fv_split_open(struct fv_batch *b, uint32_t depth, uint32_t size) {
    *b = (struct fv_batch){.depth = depth, .size = size};
    for (uint32_t i = 0; i < size; i++)
        b->slots[i] = fv_layout_slot(fv_rt.header, fv_rt.tree_index, depth, i);
    struct fv_front *f = front_of(b);
    f->size = size;
    f->live = 0;
    __atomic_store_n(&f->front, 0, __ATOMIC_SEQ_CST);
    fv_rt.tree->depth_active = depth;
}

/* Hands the turn to the eldest that has not ended. */
static void pass_turn(const struct fv_batch *b) {
    struct fv_front *f = front_of(b);
    uint32_t front = f->front;
    while (front < b->started && b->slots[front]->state == FV_SLOT_DONE) front++;
    if (front == f->front) return;
    __atomic_store_n(&f->front, front, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&f->parked, __ATOMIC_SEQ_CST) > 0) fv_wait_wake(&f->front);
}

static void note_failed(struct fv_batch *b, struct fv_slot *s) {
    fv_token_give_back(s);
    snprintf(s->message, sizeof s->message, "fork refused (errno %d)", errno);
    s->verdict = FV_VERDICT_NONE;
    s->state = FV_SLOT_DONE;
    fv_rt.tree->totals.fork_failures++;
    b->failed++;
    b->ended++;
}

static enum fv_side start_next(struct fv_batch *b) {
    struct fv_slot *s = b->slots[b->started++];
    bool failed = false;
    if (fv_timeline_fork(s, &failed) == FV_CHILD) return FV_CHILD;
    if (failed)
        note_failed(b, s);
    else
        front_of(b)->live++;
    return FV_PARENT;
}

/* The first to run never waits for a token, so that there is always progress. */
static bool may_start(const struct fv_batch *b) {
    if (b->started == b->size) return false;
    struct fv_slot *next = b->slots[b->started];
    if (front_of(b)->live > 0) return fv_token_try(next);
    fv_token_force(next);
    return true;
}

static void reap_one(struct fv_batch *b) {
    uint32_t i = fv_timeline_reap(b->slots, b->started);
    fv_token_give_back(b->slots[i]);
    front_of(b)->live--;
    b->ended++;
}

/* In a runner: one after the other, each as if its elders had ended and it had its turn. */
static void run_in_place(struct fv_batch *b) {
    for (uint32_t i = 0; i < b->size; i++) {
        b->started++;
        __atomic_store_n(&front_of(b)->front, i, __ATOMIC_SEQ_CST);
        fv_runner_run(b->slots[i]);
        fv_rt.tree->depth_active = b->depth;
        b->ended++;
    }
}

enum fv_side fv_split_run(struct fv_batch *b) {
    if (fv_rt.in_runner) run_in_place(b);
    while (b->ended < b->size) {
        while (may_start(b))
            if (start_next(b) == FV_CHILD) return FV_CHILD;
        if (front_of(b)->live > 0) reap_one(b);
        pass_turn(b);
    }
    for (uint32_t i = 0; i < b->size; i++) b->fresh += fv_fold_timeline(b->slots[i]);
    return FV_PARENT;
}

bool fv_split_must_stop(void) {
    return fv_rt.tree->is_halted || __atomic_load_n(&fv_rt.header->stop, __ATOMIC_RELAXED);
}

/* ---- what forbids a split -------------------------------------------------------------------- */

/* A thread does not survive fork, and a child of the target would have two parents. */
const char *fv_split_refusal(void) {
    struct stat st;
    siginfo_t info;
    if (fv_rt.in_runner) return NULL; /* its guard lets none come into being */
    if (stat("/proc/self/task", &st) == 0 && st.st_nlink > 3)
        return "the target runs threads at a splitpoint: a simulation has one thread";
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD)
        return "the target has a child process at a splitpoint: a simulation is one process";
    return NULL;
}

/* ---- the split loop -------------------------------------------------------------------------- */

struct splitpoint {
    const char *name;
    struct fv_purse purse;
    uint64_t seed; /* of the segment that it lies in */
    uint32_t spawned;
    bool is_funded;
    bool is_barren;
};

/* Pays for the whole batch before any of it runs: energy is spent in one order. */
static uint32_t fund(struct splitpoint *at) {
    const struct fv_policy *p = &fv_rt.header->policy;
    uint32_t n = 0;
    while (n < p->batch_size && at->spawned + n < p->timelines_max &&
           (at->is_funded = fv_energy_take(&at->purse)))
        n++;
    return n;
}

static enum fv_side run_batch(struct splitpoint *at, uint32_t n) {
    struct fv_batch batch;
    fv_split_open(&batch, fv_rt.slot->depth + 1, n);
    for (uint32_t i = 0; i < n; i++)
        fv_timeline_prepare_child(batch.slots[i], i,
                                  fv_mix_child_seed(at->seed, at->name, at->spawned + i));
    if (fv_split_run(&batch) == FV_CHILD) return FV_CHILD;
    at->spawned += n;
    at->is_barren = batch.fresh == 0;
    if (batch.failed > 0) at->is_funded = false;
    for (; batch.failed > 0; batch.failed--) fv_energy_undo(&at->purse);
    fv_rt.slot->fresh_below += batch.fresh;
    return FV_PARENT;
}

static bool goes_on(const struct splitpoint *at) {
    const struct fv_policy *p = &fv_rt.header->policy;
    uint32_t min = fv_rt.tree->is_warm ? p->warm_timelines_min : p->timelines_min;
    if (!at->is_funded || at->spawned >= p->timelines_max) return false;
    if (fv_split_must_stop()) return false;
    return !at->is_barren || at->spawned < min;
}

static void pause_timeline(struct fv_slot *s) {
    fv_token_give_back(s);
    s->state = FV_SLOT_SPLITTING;
}

static void resume_timeline(struct fv_slot *s) {
    fv_rt.tree->depth_active = s->depth;
    fv_token_force(s);
    s->started_ns = fv_wait_now_ns();
    s->state = FV_SLOT_RUNNING;
}

enum fv_side fv_split_here(const char *name, int64_t *mark_energy) {
    struct fv_slot *self = fv_rt.slot;
    struct splitpoint at = {.name = name,
                            .purse = {.tree = fv_rt.tree, .own = mark_energy},
                            .seed = self->seed,
                            .is_funded = true};
    pause_timeline(self);
    do {
        uint32_t n = fund(&at);
        if (n > 0 && run_batch(&at, n) == FV_CHILD) return FV_CHILD;
    } while (goes_on(&at));
    if (at.is_barren) fv_energy_release(&at.purse);
    if (at.spawned > 0) fv_rt.tree->totals.splitpoints++;
    resume_timeline(self);
    return FV_PARENT;
}

enum fv_side fv_split(const char *name, int64_t *mark_energy) {
    const struct fv_slot *self = fv_rt.slot;
    int saved = errno; /* the target's, whatever its children's parent does */
    if (fv_split_must_stop() || self->depth >= fv_rt.header->policy.depth_max) return FV_PARENT;
    if (self->segment_at >= FV_SEGMENTS_MAX) return FV_PARENT;
    const char *why = fv_split_refusal();
    if (why != NULL) fv_ending_lose(why);
    enum fv_side side =
        fv_rt.in_runner ? fv_runner_split(name, mark_energy) : fv_split_here(name, mark_energy);
    errno = saved;
    return side;
}
