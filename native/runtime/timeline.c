#include "timeline.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/verdict.h"
#include "draw.h"
#include "ending.h"
#include "pending.h"

/* ---- preparing ------------------------------------------------------------------------------- */

static void reset(struct fv_slot *s, uint32_t depth, uint32_t index) {
    memset(&s->pid, 0, offsetof(struct fv_slot, message) - offsetof(struct fv_slot, pid));
    s->message[0] = s->identity[0] = '\0';
    s->depth = depth;
    s->index = index;
    s->mark = -1;
    s->verdict = FV_VERDICT_NONE;
    s->is_pilot = s->watches = 0;
    s->cost = 0;
}

void fv_timeline_prepare_root(struct fv_slot *s, uint32_t index) {
    const struct fv_header *h = fv_rt.header;
    reset(s, 0, index);
    s->clock_ns = s->each_hash = 0;
    memset((uint8_t *)s + h->slot_tallies, 0, h->slot_journal - h->slot_tallies);
    uint8_t *features = fv_layout_features(h, s);
    memset(features, 0, h->map_edges);
    memset(features + h->map_each, 0, h->map_size - h->map_each);
    fv_draw_start(s);
}

/* Counts are told since the fork; what a claim compares with is told since the root. */
static void inherit_tallies(struct fv_tally *to, const struct fv_tally *from, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        to[i] = from[i];
        to[i].passes = to[i].failures = 0;
    }
}

static void inherit(struct fv_slot *s, uint32_t depth, uint32_t index) {
    const struct fv_header *h = fv_rt.header;
    const struct fv_slot *parent = fv_rt.slot;
    size_t segments = parent->recipe.segment_count * sizeof(struct fv_segment);
    memcpy(s, parent, offsetof(struct fv_slot, pid));
    memcpy(&s->recipe, &parent->recipe, offsetof(struct fv_recipe, segments) + segments);
    reset(s, depth, index);
    s->draws_at_fork = fv_layout_draws(s);
    inherit_tallies(fv_layout_tallies(h, s), fv_rt.tallies, h->site_count + h->dynamic_max);
    uint8_t *features = fv_layout_features(h, s);
    memcpy(features, fv_rt.features, h->map_edges);
    uint64_t used = fv_layout_map_used(h, fv_rt.tree);
    memcpy(features + h->map_each, fv_rt.features + h->map_each, used - h->map_each);
    memset(features + used, 0, h->map_size - used); /* of whoever had the slot before */
}

void fv_timeline_prepare_child(struct fv_slot *s, uint32_t index, uint64_t seed) {
    inherit(s, fv_rt.slot->depth + 1, index);
    fv_draw_reseed(s, seed);
}

bool fv_timeline_prepare_tail(struct fv_slot *s, const struct fv_segment *tail, uint32_t n) {
    inherit(s, 0, 0);
    return fv_draw_follow(s, tail, n);
}

/* ---- forking and reaping --------------------------------------------------------------------- */

/* Without the atfork handlers of libraries, which a simulation has no use for: from glibc 2.34. */
__attribute__((weak)) pid_t _Fork(void);

static pid_t fork_plainly(void) {
    if (_Fork != NULL) return _Fork();
    fv_rt.is_forking = true;
    pid_t pid = fork();
    fv_rt.is_forking = false;
    return pid;
}

/* What a child has not, and a replay from the root would have, is what waits for its parent. */
int32_t fv_timeline_fork_own(void) {
    uint64_t pending = fv_pending_get();
    pid_t pid = fork_plainly();
    if (pid == 0) fv_pending_raise(pending);
    return pid;
}

/* In the child: dies with its parent, whatever becomes of the controller. */
static void follow_parent(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(FV_EXIT_LOST);
}

pid_t fv_timeline_fork_process(void) {
    pid_t parent = fv_rt.pid;
    pid_t pid = fv_timeline_fork_own();
    if (pid != 0) return pid;
    follow_parent(parent);
    fv_rt.pid = getpid();
    return 0;
}

enum fv_side fv_timeline_fork(struct fv_slot *s, bool *failed) {
    s->state = FV_SLOT_RUNNING;
    s->started_ns = fv_wait_now_ns();
    pid_t pid = fv_timeline_fork_process();
    *failed = pid < 0;
    if (pid != 0) {
        if (pid > 0) __atomic_store_n(&s->pid, pid, __ATOMIC_RELEASE);
        return FV_PARENT;
    }
    s->pid = fv_rt.pid;
    fv_runtime_enter(s);
    return FV_CHILD;
}

static uint32_t find_pid(struct fv_slot *const *slots, uint32_t n, pid_t pid) {
    for (uint32_t i = 0; i < n; i++)
        if (slots[i]->state != FV_SLOT_DONE && slots[i]->pid == pid) return i;
    return n;
}

static uint32_t count_live(struct fv_slot *const *slots, uint32_t n, uint32_t *last) {
    uint32_t live = 0;
    for (uint32_t i = 0; i < n; i++)
        if (slots[i]->state != FV_SLOT_DONE) {
            live++;
            *last = i;
        }
    return live;
}

static pid_t wait_for(idtype_t type, pid_t pid, int options, int *status) {
    siginfo_t info = {0};
    int rc;
    do rc = waitid(type, (id_t)pid, &info, WEXITED | options);
    while (rc < 0 && errno == EINTR);
    if (rc < 0) return -1;
    *status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status & 0x7f;
    return info.si_pid;
}

/* The pid is freed only after the slot says DONE: the controller never kills a stranger. */
static void settle_slot(struct fv_slot *s, int status) {
    fv_verdict_from_status(s, status);
    __atomic_store_n(&s->state, FV_SLOT_DONE, __ATOMIC_SEQ_CST);
}

uint32_t fv_timeline_reap(struct fv_slot *const *slots, uint32_t n) {
    uint32_t last = 0;
    bool alone = count_live(slots, n, &last) == 1;
    int status = 0;
    for (;;) {
        pid_t pid = alone ? wait_for(P_PID, slots[last]->pid, WNOWAIT, &status)
                          : wait_for(P_ALL, 0, WNOWAIT, &status);
        uint32_t found = pid > 0 ? find_pid(slots, n, pid) : last;
        if (pid <= 0) status = SIGKILL; /* somebody reaped our child: it is lost */
        if (found < n) {
            settle_slot(slots[found], status);
            if (pid > 0) wait_for(P_PID, pid, 0, &status);
            return found;
        }
        wait_for(P_PID, pid, 0, &status); /* not ours: cannot be, and is reaped all the same */
    }
}
