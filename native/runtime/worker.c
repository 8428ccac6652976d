#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/mix.h"
#include "draw.h"
#include "ending.h"
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

static enum fv_side run_roots(uint64_t first, uint32_t n) {
    struct fv_batch batch;
    fv_split_open(&batch, 0, n);
    for (uint32_t i = 0; i < n; i++)
        prepare_root(batch.slots[i], i, fv_mix_root_seed(fv_rt.tree->campaign_seed, first + i));
    return fv_split_run(&batch);
}

static enum fv_side run_job(void) {
    struct fv_tree *t = fv_rt.tree;
    if (t->root_count == 0) return run_input();
    for (uint32_t done = 0; done < t->root_count;) {
        if (fv_split_must_stop()) break;
        uint32_t left = t->root_count - done, most = fv_rt.header->policy.batch_size;
        uint32_t n = left < most ? left : most;
        if (run_roots(t->first_root + done, n) == FV_CHILD) return FV_CHILD;
        done += n;
    }
    return FV_PARENT;
}

/* ---- what the target left behind ------------------------------------------------------------- */

/* The zygote inherits every process whose timeline has ended; between jobs none may be left. */
static void kill_strays(void) {
    siginfo_t info;
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
        FILE *children = fopen("/proc/thread-self/children", "re");
        int pid = 0;
        while (children != NULL && fscanf(children, "%d", &pid) == 1) kill(pid, SIGKILL);
        if (children != NULL) fclose(children);
        while (waitid(P_ALL, 0, &info, WEXITED) == 0) continue;
    }
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

static void protect(uint64_t from, uint64_t to, int protection) {
    FV_CHECK(mprotect(fv_layout_at(fv_rt.header, from), to - from, protection) == 0);
}

/* The jobs of others are out of reach: a target that scribbles spoils its own alone. */
static void fence(uint32_t index) {
    const struct fv_header *h = fv_rt.header;
    uint64_t row = (h->policy.depth_max + 1) * (uint64_t)h->policy.batch_size * h->slot_stride;
    uint64_t tree = h->trees_at + index * h->tree_stride, slots = h->slots_at + index * row;
    protect(h->trees_at, h->total_size, PROT_NONE);
    protect(tree, tree + h->tree_stride, PROT_READ | PROT_WRITE);
    protect(slots, slots + row, PROT_READ | PROT_WRITE);
}

static void enter_tree(uint32_t index) {
    fence(index);
    fv_rt.tree_index = index;
    fv_rt.tree = fv_layout_tree(fv_rt.header, index);
    fv_rt.tape = fv_layout_tape(fv_rt.header, fv_rt.tree);
}

static void serve_jobs(void) {
    uint32_t job = 0;
    for (;;) {
        set_state(FV_WORKER_IDLE);
        job = wait_for_job(job);
        set_state(FV_WORKER_BUSY);
        enter_tree(self->tree);
        if (run_job() == FV_CHILD) return;
        kill_strays();
        __atomic_store_n(&fv_rt.tree->is_done, 1, __ATOMIC_RELEASE);
    }
}

/* One timeline in this very process: what a replay is. The log goes to stdout. */
static void serve_solo(void) {
    enter_tree(0);
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
    if (why != NULL) refuse(why);
    settle_in();
    if (fv_rt.header->mode == FV_MODE_SOLO)
        serve_solo();
    else
        serve_jobs();
}
