#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/mix.h"
#include "cache.h"
#include "ending.h"
#include "host.h"
#include "split.h"
#include "timeline.h"

enum { FV_IDLE_MS = 1000 };

/* ---- root jobs ------------------------------------------------------------------------------- */

static void prepare_root(struct fv_slot *s, uint32_t index, uint64_t root) {
    s->recipe.root = root;
    s->recipe.segment_count = s->recipe.has_tape = s->recipe.tape_size = 0;
    fv_timeline_prepare_root(s, index);
}

static void prepare_input(struct fv_slot *s) {
    s->recipe = fv_rt.tree->recipe;
    fv_timeline_prepare_root(s, 0);
}

static enum fv_side run_input(void) {
    struct fv_batch batch;
    fv_split_open(&batch, 0, 1);
    prepare_input(batch.slots[0]);
    return fv_split_run(&batch);
}

static enum fv_side run_roots(const struct fv_order *o, uint32_t at, uint32_t n) {
    struct fv_batch batch;
    fv_split_open(&batch, 0, n);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t ordinal = o->first_root + at + i;
        prepare_root(batch.slots[i], i, fv_mix_root_seed(fv_rt.tree->campaign_seed, ordinal));
        batch.slots[i]->order = (uint32_t)(o - fv_layout_orders(fv_rt.header, fv_rt.tree));
        batch.slots[i]->child = at + i;
    }
    return fv_split_run(&batch);
}

static enum fv_side run_all_roots(const struct fv_order *o) {
    for (uint32_t done = 0; done < o->child_count;) {
        if (fv_split_must_stop()) break;
        uint32_t left = o->child_count - done, most = fv_rt.header->policy.batch_size;
        uint32_t n = left < most ? left : most;
        if (run_roots(o, done, n) == FV_CHILD) return FV_CHILD;
        done += n;
    }
    return FV_PARENT;
}

static enum fv_side run_order(uint32_t number) {
    const struct fv_order *o = &fv_layout_orders(fv_rt.header, fv_rt.tree)[number];
    switch (o->kind) {
    case FV_ORDER_INPUT: return run_input();
    case FV_ORDER_ROOTS: return run_all_roots(o);
    default: return fv_cache_serve(number);
    }
}

static enum fv_side run_job(void) {
    for (uint32_t i = 0; i < fv_rt.tree->order_count && i < FV_ORDERS_MAX; i++)
        if (!fv_split_must_stop() && run_order(i) == FV_CHILD) return FV_CHILD;
    return FV_PARENT;
}

/* ---- what the target left behind ------------------------------------------------------------- */

/* The zygote inherits every process whose timeline has ended; between jobs none may be left. */
static uint32_t kill_some(void) {
    uint32_t killed = 0;
    FILE *children = fopen("/proc/thread-self/children", "re");
    int pid = 0;
    while (children != NULL && fscanf(children, "%d", &pid) == 1) {
        if (fv_cache_owns(pid)) continue;
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
        killed++;
    }
    if (children != NULL) fclose(children);
    return killed;
}

/* Killing one may bring us its children. */
static void kill_strays(void) {
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
        while (kill_some() > 0) continue;
}

/* ---- the zygote ------------------------------------------------------------------------------ */

static struct fv_worker *self;

static void set_state(enum fv_worker_state state) {
    __atomic_store_n(&self->state, state, __ATOMIC_RELEASE);
    fv_runtime_ring();
}

_Noreturn static void refuse(const char *why) {
    snprintf(self->refusal, sizeof self->refusal, "%s", why);
    set_state(FV_WORKER_REFUSED);
    _exit(FV_EXIT_LOST);
}

static void settle_in(void) {
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != fv_rt.header->controller_pid) _exit(FV_EXIT_LOST);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fv_rt.pid = getpid();
    fv_ending_watch();
}

static uint32_t wait_for_job(uint32_t seen) {
    for (;;) {
        uint32_t job = __atomic_load_n(&self->job, __ATOMIC_ACQUIRE);
        if (job != seen) return job;
        fv_wait_word(&self->job, seen, FV_IDLE_MS);
    }
}

static void serve_jobs(void) {
    uint32_t job = 0;
    for (;;) {
        set_state(FV_WORKER_IDLE);
        job = wait_for_job(job);
        set_state(FV_WORKER_BUSY);
        fv_host_enter_tree(self->tree);
        if (run_job() == FV_CHILD) return;
        kill_strays();
        __atomic_store_n(&fv_rt.tree->is_done, 1, __ATOMIC_RELEASE);
    }
}

/* One timeline in this very process: what a replay is. The log goes to stdout. */
static void serve_solo(void) {
    fv_host_enter_tree(0);
    struct fv_slot *s = fv_layout_slot(fv_rt.header, 0, 0, 0);
    prepare_input(s);
    s->state = FV_SLOT_RUNNING;
    s->started_ns = fv_wait_now_ns();
    s->pid = fv_rt.pid;
    fv_rt.tree = NULL;
    fv_rt.log_fd = STDOUT_FILENO;
    fv_runtime_enter(s);
    set_state(FV_WORKER_BUSY);
}

void fv_worker_serve(int fd, uint32_t index) {
    const char *why = NULL;
    if (!fv_runtime_attach(fd, &why) || index >= fv_rt.header->worker_count) {
        dprintf(STDERR_FILENO, "fuzzverse: no session: %s\n", why);
        _exit(FV_EXIT_LOST);
    }
    self = fv_layout_worker(fv_rt.header, index);
    fv_host_open(index);
    if (why != NULL) refuse(why);
    settle_in();
    if (fv_rt.header->mode == FV_MODE_SOLO)
        serve_solo();
    else
        serve_jobs();
}
