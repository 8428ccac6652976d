#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache.h"
#include "ending.h"
#include "host.h"
#include "orders.h"
#include "rewind.h"

enum { FV_CHILDREN_BYTES = 4096 };

/* ---- what the target left behind ------------------------------------------------------------- */

/* The zygote inherits every process whose timeline has ended; between jobs none may be left. No
 * stdio here: a zygote's heap is what its timelines start from. */
static uint32_t kill_some(void) {
    char text[FV_CHILDREN_BYTES];
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    uint32_t killed = 0;
    if (fd >= 0) close(fd);
    text[n > 0 ? n : 0] = '\0';
    for (char *at = text, *end; *at != '\0'; at = end) {
        int pid = (int)strtol(at, &end, 10);
        if (end == at || *end == '\0') break; /* the end, or a number that was cut */
        if (pid <= 0 || fv_cache_owns(pid) || fv_rewind_owns(pid)) continue;
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
        killed++;
    }
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
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* Yama: runners read their zygote's memory */
    fv_rt.pid = getpid();
    fv_ending_watch();
}

/* FV_CHILD in timelines. Jobs that are to be rewound are a runner's, which takes them itself. */
static enum fv_side serve_one(void) {
    fv_host_await_job();
    if (fv_rewind_applies()) return fv_rewind_serve();
    if (fv_orders_run() == FV_CHILD) return FV_CHILD;
    kill_strays();
    fv_host_end_job();
    return FV_PARENT;
}

static void serve_jobs(void) {
    set_state(FV_WORKER_READY);
    while (serve_one() == FV_PARENT) continue;
}

/* One timeline in this very process: what a replay is. The log goes to stdout. */
static void serve_solo(void) {
    fv_host_enter_tree(0);
    struct fv_slot *s = fv_layout_slot(fv_rt.header, 0, 0, 0);
    fv_orders_prepare_input(s);
    s->state = FV_SLOT_RUNNING;
    s->started_ns = fv_wait_now_ns();
    s->pid = fv_rt.pid;
    fv_rt.tree = NULL;
    fv_rt.log_fd = STDOUT_FILENO;
    fv_runtime_enter(s);
    set_state(FV_WORKER_READY);
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
