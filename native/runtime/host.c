#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/verdict.h"
#include "canary.h"
#include "draw.h"
#include "ending.h"
#include "raw.h"
#include "record.h"
#include "runner.h"
#include "split.h"
#include "timeline.h"

enum { FV_FROZEN_MS = 1000, FV_IDLE_MS = 1000 };

static struct FV_KEPT_TYPE {
    struct fv_worker *worker;
    uint32_t index;  /* of the worker */
    uint32_t number; /* of this host */
    uint32_t tree;
    bool has_tree;
    uint32_t served; /* calls that this host has answered */
    uint32_t order;  /* that a branch of a runner serves */
    bool is_branch;
} host FV_KEPT;

struct fv_worker *fv_host_worker(void) { return host.worker; }
uint32_t fv_host_index(void) { return host.index; }
uint32_t fv_host_runner(void) { return FV_HOSTS_MAX + 2; }

/* ---- memory: who may write what -------------------------------------------------------------- */

static void protect(const void *at, uint64_t size, int protection) {
    long from = (long)(uintptr_t)at;
    if (size == 0) return;
    if (fv_rt.in_runner)
        FV_CHECK(fv_raw3(SYS_mprotect, from, (long)size, protection) == 0);
    else
        FV_CHECK(mprotect((void *)(uintptr_t)at, size, protection) == 0);
}

static void protect_range(uint64_t from, uint64_t to, int protection) {
    protect(fv_layout_at(fv_rt.header, from), to - from, protection);
}

static uint64_t host_area(void) {
    return (fv_rt.header->host_count + 1) * fv_rt.header->slot_stride;
}

static struct fv_slot *own_slots(void) { return fv_layout_host(fv_rt.header, host.index, 1); }

void fv_host_open(uint32_t worker) {
    const struct fv_header *h = fv_rt.header;
    host.index = worker;
    host.worker = fv_layout_worker(h, worker);
    protect_range(h->workers_at, h->trees_at, PROT_NONE);
    protect(host.worker, h->worker_stride, PROT_READ | PROT_WRITE);
    protect(own_slots(), host_area(), PROT_READ);
    protect(fv_layout_host(h, worker, h->host_count + 2), h->slot_stride, PROT_READ | PROT_WRITE);
    protect(fv_layout_trace(h, worker), FV_TRACE_MAX * sizeof(uint64_t), PROT_READ | PROT_WRITE);
}

void fv_host_return(void) {
    protect(host.worker, fv_rt.header->worker_stride, PROT_READ | PROT_WRITE);
}

void fv_host_leave(void) { protect(host.worker, fv_rt.header->worker_stride, PROT_NONE); }

void fv_host_enter_tree(uint32_t index) {
    const struct fv_header *h = fv_rt.header;
    uint64_t row = (h->policy.depth_max + 1) * (uint64_t)h->policy.batch_size * h->slot_stride;
    uint64_t tree = h->trees_at + index * h->tree_stride, slots = h->slots_at + index * row;
    if (host.has_tree && host.tree == index) return;
    protect_range(h->trees_at, h->total_size, PROT_NONE);
    protect_range(tree, tree + h->tree_stride, PROT_READ | PROT_WRITE);
    protect_range(slots, slots + row, PROT_READ | PROT_WRITE);
    host.tree = index;
    host.has_tree = true;
    fv_rt.tree_index = index;
    fv_rt.tree = fv_layout_tree(h, index);
    fv_rt.tape = fv_layout_tape(h, fv_rt.tree);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

void fv_host_enter_job(void) {
    const struct fv_worker *w = host.worker;
    fv_host_enter_tree(w->trees[w->taken % FV_QUEUE_MAX]);
}

void fv_host_await_job(void) {
    struct fv_worker *w = host.worker;
    uint32_t job;
    while ((job = __atomic_load_n(&w->job, __ATOMIC_ACQUIRE)) == w->taken)
        fv_wait_word(&w->job, job, FV_IDLE_MS);
    fv_host_enter_job();
}

/* Waking the controller costs more than a small job: it is woken for several. */
static bool is_awaited(void) {
    struct fv_worker *w = host.worker;
    uint32_t left = __atomic_load_n(&w->job, __ATOMIC_SEQ_CST) - w->taken;
    uint32_t *is_eager = &fv_layout_live(fv_rt.header)->is_eager;
    return left < FV_QUEUE_LOW || fv_rt.tree->is_halted ||
           __atomic_load_n(is_eager, __ATOMIC_SEQ_CST);
}

void fv_host_end_job(void) {
    host.worker->taken++;
    __atomic_store_n(&fv_rt.tree->is_done, 1, __ATOMIC_SEQ_CST);
    if (is_awaited()) fv_runtime_ring();
}

/* ---- the baton ------------------------------------------------------------------------------- */

static void hand_over(uint32_t to) {
    __atomic_store_n(&host.worker->baton, to, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&host.worker->calls[to], 1, __ATOMIC_SEQ_CST);
    fv_wait_wake(&host.worker->calls[to]);
}

uint32_t fv_host_wait(uint32_t timeout_ms) {
    uint32_t *calls = &host.worker->calls[FV_ZYGOTE];
    uint32_t seen = __atomic_load_n(calls, __ATOMIC_SEQ_CST);
    uint32_t holder = __atomic_load_n(&host.worker->baton, __ATOMIC_SEQ_CST);
    if (holder == FV_ZYGOTE) return holder;
    fv_wait_word(calls, seen, timeout_ms);
    return __atomic_load_n(&host.worker->baton, __ATOMIC_SEQ_CST);
}

/* A host counts its calls: right after it has forked a pilot the baton may still be its own. */
static void await_call(void) {
    uint32_t *calls = &host.worker->calls[host.number];
    while (__atomic_load_n(calls, __ATOMIC_SEQ_CST) == host.served)
        fv_wait_word(calls, host.served, FV_FROZEN_MS);
    host.served = __atomic_load_n(calls, __ATOMIC_SEQ_CST);
}

/* ---- children -------------------------------------------------------------------------------- */

/* The job's memory was writable by the timelines before: every place in it is checked. */
static bool tail_of(const struct fv_order *o, uint32_t i, struct fv_child *child) {
    uint32_t at = o->children_at + i;
    if (at >= FV_CHILDREN_MAX) return false;
    *child = fv_layout_children(fv_rt.header, fv_rt.tree)[at];
    return child->segments_at <= FV_POOL_MAX &&
           child->segment_count <= FV_POOL_MAX - child->segments_at;
}

static bool prepare(struct fv_slot *s, const struct fv_order *o, uint32_t i) {
    struct fv_child child;
    const struct fv_segment *pool = fv_layout_pool(fv_rt.header, fv_rt.tree);
    if (!tail_of(o, i, &child)) return false;
    if (!fv_timeline_prepare_tail(s, pool + child.segments_at, child.segment_count)) return false;
    s->watches = child.watches;
    fv_draw_arm(s);
    s->order = (uint32_t)(o - fv_layout_orders(fv_rt.header, fv_rt.tree));
    s->child = i;
    return true;
}

enum fv_side fv_host_run(const struct fv_order *o) {
    uint32_t n = o->child_count < FV_CHILDREN_MAX ? o->child_count : FV_CHILDREN_MAX;
    for (uint32_t i = 0; i < n && !fv_split_must_stop(); i++) {
        struct fv_batch batch;
        fv_split_open(&batch, 0, 1);
        if (!prepare(batch.slots[0], o, i)) continue;
        if (fv_split_run(&batch) == FV_CHILD) {
            fv_host_leave();
            return FV_CHILD;
        }
        if (batch.failed > 0) break;
    }
    return FV_PARENT;
}

/* ---- pilots ---------------------------------------------------------------------------------- */

static const struct fv_order *order_under_way(void) {
    uint32_t i = host.is_branch ? host.order : host.worker->order;
    if (i >= FV_ORDERS_MAX) i = 0;
    return &fv_layout_orders(fv_rt.header, fv_rt.tree)[i];
}

static void prepare_from_root(struct fv_slot *s, const struct fv_order *o) {
    s->recipe.root = o->root;
    s->recipe.has_tape = o->has_tape;
    s->recipe.tape_size = o->has_tape ? fv_rt.tree->recipe.tape_size : 0;
    s->recipe.segment_count = 0;
    fv_timeline_prepare_root(s, 0);
}

/* In the pilot: its slot follows the prefix from where the host stands. */
static void set_course(struct fv_slot *s, const struct fv_order *o) {
    const struct fv_segment *pool = fv_layout_pool(fv_rt.header, fv_rt.tree);
    uint32_t known = fv_rt.slot != NULL ? fv_rt.slot->segment_at : 0;
    FV_CHECK(o->segments_at <= FV_POOL_MAX && known <= o->segment_count);
    FV_CHECK(o->segment_count <= FV_POOL_MAX - o->segments_at);
    uint32_t ahead = o->segment_count - known;
    const struct fv_segment *course = pool + o->segments_at + known;
    if (fv_rt.slot == NULL) {
        prepare_from_root(s, o);
        FV_CHECK(fv_draw_follow(s, course, ahead));
    } else {
        FV_CHECK(fv_timeline_prepare_tail(s, course, ahead));
    }
    s->is_pilot = 1;
    s->stop_at = o->count;
    fv_draw_arm(s);
}

enum fv_side fv_host_launch(void) {
    struct fv_worker *w = host.worker;
    struct fv_slot *s = fv_layout_host(fv_rt.header, host.index, w->pilot);
    if (host.number == FV_ZYGOTE) __atomic_store_n(&w->baton, w->pilot, __ATOMIC_SEQ_CST);
    pid_t pid = fv_timeline_fork_process();
    if (pid < 0) hand_over(FV_ZYGOTE);
    if (pid > 0 && host.number == FV_ZYGOTE) w->pilot_pid = pid;
    if (pid != 0) return FV_PARENT;
    w->pilot_pid = fv_rt.pid;
    hand_over(w->pilot);
    host.served = w->calls[w->pilot];
    host.number = w->pilot;
    protect(s, fv_rt.header->slot_stride, PROT_READ | PROT_WRITE);
    set_course(s, order_under_way());
    s->pid = fv_rt.pid;
    s->started_ns = fv_wait_now_ns();
    s->state = FV_SLOT_RUNNING;
    fv_runtime_enter(s);
    return FV_CHILD;
}

void fv_host_note_miss(struct fv_slot *s) {
    s->state = FV_SLOT_DONE;
    if (s->verdict != FV_VERDICT_LOST) return;
    fv_rt.tree->totals.verdicts[FV_VERDICT_LOST]++;
    fv_record_timeline(s, fv_rt.tree->totals.timelines, 0);
}

_Noreturn void fv_host_miss(void) {
    host.worker->reached = FV_OUTCOME_UNREACHED;
    if (!host.is_branch) {
        fv_host_note_miss(fv_rt.slot);
        hand_over(FV_ZYGOTE);
    }
    _exit(FV_EXIT_OK);
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* Evicted checkpoints that were forked from this one. */
static void reap_hosts(void) {
    siginfo_t info;
    do info.si_pid = 0;
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0);
}

static void freeze(void) {
    struct fv_slot *s = fv_rt.slot;
    const char *why = fv_split_refusal();
    if (why != NULL) fv_ending_lose(why);
    fv_ending_collect();
    s->is_pilot = 0;
    s->state = FV_SLOT_FROZEN;
}

static void freeze_process(void) {
    host.worker->reached_ns = fv_wait_now_ns();
    protect(own_slots(), host_area(), PROT_READ);
}

void fv_host_freeze(void) {
    freeze();
    if (fv_rt.in_runner) {
        fv_runner_freeze();
        return;
    }
    freeze_process();
    for (;;) {
        if (fv_host_run(order_under_way()) == FV_CHILD) return;
        bool is_brief = host.worker->is_brief;
        host.worker->reached = FV_OUTCOME_DONE;
        if (host.is_branch) _exit(FV_EXIT_OK);
        hand_over(FV_ZYGOTE);
        if (is_brief) _exit(FV_EXIT_OK);
        for (;;) {
            await_call();
            reap_hosts();
            fv_host_enter_job();
            if (host.worker->pilot == 0) break;
            if (fv_host_launch() == FV_CHILD) return;
        }
    }
}

void fv_host_pass(uint32_t to) { hand_over(to); }

/* ---- runners --------------------------------------------------------------------------------- */

/* A runner's timelines run in the runner: while they do, its worker's page is out of reach. */
void fv_host_become_runner(void) {
    host.number = fv_host_runner();
    host.served = 0; /* the first call may be there already */
    protect(own_slots(), fv_rt.header->slot_stride, PROT_READ | PROT_WRITE);
}

void fv_host_await_baton(void) {
    await_call();
    host.worker->pilot = 1; /* the controller watches its deadlines */
}

void fv_host_give_back(bool is_worn) {
    host.worker->is_worn = is_worn;
    host.worker->pilot = 0;
    host.worker->request = FV_REQUEST_NONE;
    hand_over(FV_ZYGOTE);
}

enum fv_answer fv_host_ask(const struct fv_slot *s) {
    struct fv_worker *w = host.worker;
    fv_host_return();
    w->asked_depth = s->depth;
    w->asked_index = s->index;
    w->request = FV_REQUEST_CHECK;
    for (w->answer = FV_ANSWER_SHOW; w->answer == FV_ANSWER_SHOW;) {
        hand_over(FV_ZYGOTE);
        await_call();
        if (w->answer == FV_ANSWER_SHOW) fv_pages_go(NULL);
    }
    enum fv_answer answer = w->answer;
    w->pilot = 1;
    fv_host_leave();
    return answer;
}

void fv_host_refuse_rewinding(const char *why, bool for_good) {
    if (why == NULL) return;
    fv_host_return();
    snprintf(host.worker->unfit, sizeof host.worker->unfit, "%s", why);
    host.worker->is_unfit |= for_good;
}

struct fv_slot *fv_host_prepare_pilot(const struct fv_order *o) {
    struct fv_slot *s = own_slots();
    host.order = (uint32_t)(o - fv_layout_orders(fv_rt.header, fv_rt.tree));
    set_course(s, o);
    return s;
}

void fv_host_branch(void) {
    fv_host_return();
    host.is_branch = true;
    host.worker->reached = FV_OUTCOME_NONE;
    host.worker->reached_ns = 0;
    fv_rt.slot->started_ns = fv_wait_now_ns();
}

bool fv_host_branch_ended(int status) {
    fv_host_return();
    bool is_done = WIFEXITED(status) && WEXITSTATUS(status) == FV_EXIT_OK &&
                   host.worker->reached == FV_OUTCOME_DONE;
    bool is_torn = !is_done && host.worker->reached_ns != 0;
    fv_host_leave();
    if (is_torn) fv_runner_give_up(NULL);
    return is_done;
}
