#include "host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/verdict.h"
#include "draw.h"
#include "ending.h"
#include "record.h"
#include "split.h"
#include "timeline.h"

enum { FV_FROZEN_MS = 1000 };

static struct {
    struct fv_worker *worker;
    uint32_t index;  /* of the worker */
    uint32_t number; /* of this host */
    uint32_t tree;
    bool has_tree;
    uint32_t served; /* calls that this host has answered */
} host;

struct fv_worker *fv_host_worker(void) { return host.worker; }

/* ---- memory: who may write what -------------------------------------------------------------- */

static void protect(const void *at, uint64_t size, int protection) {
    if (size > 0) FV_CHECK(mprotect((void *)(uintptr_t)at, size, protection) == 0);
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
}

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
            protect(host.worker, fv_rt.header->worker_stride, PROT_NONE);
            return FV_CHILD;
        }
        if (batch.failed > 0) break;
    }
    return FV_PARENT;
}

/* ---- pilots ---------------------------------------------------------------------------------- */

static const struct fv_order *order_under_way(void) {
    uint32_t i = host.worker->order < FV_ORDERS_MAX ? host.worker->order : 0;
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

_Noreturn void fv_host_miss(void) {
    struct fv_slot *s = fv_rt.slot;
    s->state = FV_SLOT_DONE;
    if (s->verdict == FV_VERDICT_LOST) {
        fv_rt.tree->totals.verdicts[FV_VERDICT_LOST]++;
        fv_record_timeline(s, fv_rt.tree->totals.timelines, 0);
    }
    host.worker->reached = FV_OUTCOME_UNREACHED;
    hand_over(FV_ZYGOTE);
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
    host.worker->reached_ns = fv_wait_now_ns();
    protect(own_slots(), host_area(), PROT_READ);
}

void fv_host_freeze(void) {
    freeze();
    for (;;) {
        if (fv_host_run(order_under_way()) == FV_CHILD) return;
        bool is_brief = host.worker->is_brief;
        host.worker->reached = FV_OUTCOME_DONE;
        hand_over(FV_ZYGOTE);
        if (is_brief) _exit(FV_EXIT_OK);
        for (;;) {
            await_call();
            reap_hosts();
            fv_host_enter_tree(host.worker->tree);
            if (host.worker->pilot == 0) break;
            if (fv_host_launch() == FV_CHILD) return;
        }
    }
}

void fv_host_pass(uint32_t to) { hand_over(to); }
