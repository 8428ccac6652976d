#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../common/process.h"
#include "session.h"

enum { FV_WALL_FACTOR = 10, FV_BURY_TRIES = 200, FV_BURY_WAIT_NS = 5000000 };

static uint64_t cpu_ns(pid_t pid) {
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) return 0;
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What it had used before it was looked at: a process of its own nothing, one of a runner's many
 * what the runner had when it was first seen at it. */
static struct fv_look used_before(const struct fv_slot *s, pid_t pid, struct fv_look *look) {
    if (s->generation == 0 || look == NULL) return (struct fv_look){.wall_ns = s->started_ns};
    if (look->pid != pid || look->generation != s->generation)
        *look = (struct fv_look){.pid = pid,
                                 .generation = s->generation,
                                 .cpu_ns = cpu_ns(pid),
                                 .wall_ns = fv_wait_now_ns()};
    return *look;
}

static enum fv_kill past_limit(const struct fv_limits *l, const struct fv_slot *s, pid_t pid,
                               struct fv_look *look) {
    uint64_t deadline_ns = (uint64_t)l->deadline_ms * 1000000;
    struct fv_look before = used_before(s, pid, look);
    uint64_t now = fv_wait_now_ns(), used_ns = cpu_ns(pid);
    uint64_t wall_ns = now > before.wall_ns ? now - before.wall_ns : 0;
    if (wall_ns > FV_WALL_FACTOR * deadline_ns) return FV_KILL_TIMEOUT;
    if (used_ns > before.cpu_ns && used_ns - before.cpu_ns > deadline_ns) return FV_KILL_TIMEOUT;
    if (fv_process_private_bytes(pid) > (uint64_t)l->memory_mb << 20) return FV_KILL_OUT_OF_MEMORY;
    return FV_KILL_NONE;
}

static bool is_running(struct fv_slot *s, pid_t pid) {
    return __atomic_load_n(&s->state, __ATOMIC_SEQ_CST) == FV_SLOT_RUNNING && s->pid == pid;
}

/* A slot says DONE before its pid is freed, and a pidfd names the process it was opened for: if
 * the slot still says RUNNING after the opening, it is the right one. */
static void kill_timeline(struct fv_slot *s, pid_t pid, enum fv_kill why) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) return;
    if (is_running(s, pid)) {
        s->kill = why;
        syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
    }
    close(fd);
}

void fv_watch_slot(const struct fv_limits *limits, struct fv_slot *s, struct fv_look *look) {
    pid_t pid = __atomic_load_n(&s->pid, __ATOMIC_ACQUIRE);
    if (pid <= 1 || !is_running(s, pid)) return;
    enum fv_kill why = past_limit(limits, s, pid, look);
    if (why != FV_KILL_NONE) kill_timeline(s, pid, why);
}

static bool is_alive(const struct fv_slot *s) {
    return s->state == FV_SLOT_RUNNING || s->state == FV_SLOT_PARKED ||
           s->state == FV_SLOT_SPLITTING || s->state == FV_SLOT_FROZEN;
}

uint64_t fv_watch_tree(const struct fv_header *h, uint32_t tree, const struct fv_limits *limits,
                       struct fv_look *look) {
    const struct fv_tree *t = fv_layout_tree(h, tree);
    uint64_t alive = 0;
    uint32_t deepest =
        t->depth_active < h->policy.depth_max ? t->depth_active : h->policy.depth_max;
    for (uint32_t depth = 0; depth <= deepest; depth++)
        for (uint32_t i = 0; i < h->policy.batch_size; i++) {
            struct fv_slot *s = fv_layout_slot(h, tree, depth, i);
            if (i >= t->fronts[depth].size || !is_alive(s)) continue;
            alive++;
            fv_watch_slot(limits, s, look);
        }
    return alive;
}

static void bury_slot(struct fv_slot *s) {
    const struct timespec pause = {0, FV_BURY_WAIT_NS};
    pid_t pid = s->pid;
    for (int i = 0; pid > 1 && i < FV_BURY_TRIES && !fv_process_is_dead(pid); i++)
        nanosleep(&pause, NULL);
    s->state = FV_SLOT_FREE;
}

void fv_watch_pilot(const struct fv_header *h, uint32_t worker, const struct fv_limits *limits,
                    struct fv_look *look) {
    uint32_t number = fv_layout_worker(h, worker)->pilot;
    if (number < 1 || number > h->host_count + 2) return;
    fv_watch_slot(limits, fv_layout_host(h, worker, number), look);
}

void fv_watch_bury(const struct fv_header *h, uint32_t worker, uint32_t tree) {
    for (uint32_t i = 1; i <= h->host_count + 2; i++) {
        struct fv_slot *s = fv_layout_host(h, worker, i);
        if (is_alive(s)) bury_slot(s);
    }
    for (uint32_t depth = 0; depth <= h->policy.depth_max; depth++)
        for (uint32_t i = 0; i < h->policy.batch_size; i++) {
            struct fv_slot *s = fv_layout_slot(h, tree, depth, i);
            if (is_alive(s)) bury_slot(s);
        }
}
