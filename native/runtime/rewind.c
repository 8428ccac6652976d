#include "rewind.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/process.h"
#include "blocks.h"
#include "canary.h"
#include "ending.h"
#include "host.h"
#include "layers.h"
#include "orders.h"
#include "raw.h"
#include "runner.h"
#include "timeline.h"

enum { FV_LOOK_MS = 20, FV_OPEN_FAILED = 71 };

static struct FV_KEPT_TYPE {
    pid_t pid; /* 0: none */
} runner FV_KEPT;

bool fv_rewind_owns(int32_t pid) { return runner.pid == pid; }

/* ---- a runner's life ------------------------------------------------------------------------- */

/* While the target runs, its worker's page is out of reach. False: the zygote has to go on. */
static bool serve_one(bool *is_worn) {
    fv_host_await_job();
    if (fv_rt.tree->isolation != FV_ISOLATION_REWIND) return false;
    fv_host_leave();
    fv_orders_run();
    fv_host_return();
    fv_host_end_job();
    *is_worn = fv_runner_is_worn();
    return !*is_worn;
}

_Noreturn static void live(void) {
    struct fv_worker *w = fv_host_worker();
    char why[FV_TEXT_BYTES];
    fv_host_become_runner();
    if (!fv_runner_open(getppid(), why, sizeof why) || !fv_layers_open(why, sizeof why)) {
        snprintf(w->unfit, sizeof w->unfit, "%s", why);
        fv_raw3(SYS_exit_group, FV_OPEN_FAILED, 0, 0);
    }
    for (;;) {
        fv_host_await_baton();
        bool is_worn = false;
        while (serve_one(&is_worn)) continue;
        fv_host_give_back(is_worn);
        if (is_worn) fv_raw3(SYS_exit_group, FV_EXIT_OK, 0, 0);
    }
}

/* One that is worn is on its way out. */
static bool is_running(void) {
    bool is_worn = runner.pid != 0 && fv_host_worker()->is_worn;
    if (is_worn) waitpid(runner.pid, NULL, 0);
    if (is_worn) runner.pid = 0;
    return runner.pid != 0;
}

static void start(void) {
    struct fv_worker *w = fv_host_worker();
    w->calls[fv_host_runner()] = 0;
    w->is_worn = 0;
    pid_t pid = fv_timeline_fork_process();
    if (pid == 0) live();
    if (pid < 0) return;
    runner.pid = pid;
    w->runner_count++;
}

/* ---- jobs ------------------------------------------------------------------------------------ */

/* Who has the baton when it comes back to the zygote, or when the runner has died. */
static bool await_baton(void) {
    while (fv_host_wait(FV_LOOK_MS) != FV_ZYGOTE)
        if (fv_process_is_dead(runner.pid)) return false;
    return true;
}

/* Jobs that a runner does not end begin again elsewhere, under fork. */
_Noreturn static void give_up(void) { _exit(FV_EXIT_LOST); }

/* A runner that could not begin says so by its exit code, before it has touched the job. */
static bool has_refused(void) {
    struct fv_worker *w = fv_host_worker();
    int status = 0;
    if (waitpid(runner.pid, &status, 0) != runner.pid) return false;
    runner.pid = 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
        w->is_unfit = 1; /* as libc does it, around the making of a thread or a process */
        snprintf(w->unfit, sizeof w->unfit,
                 "the target makes threads or processes (a system call with signals blocked)");
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == FV_OPEN_FAILED;
}

/* ---- leaks ----------------------------------------------------------------------------------- */

#define FV_LEAK_BYTES_MAX (UINT64_C(4) << 30)

enum { FV_COMPARED_BYTES = 1 << 16, FV_MAPS_BYTES = 1 << 18 };

extern char __start_fv_kept[] __attribute__((visibility("hidden")));
extern char __stop_fv_kept[] __attribute__((visibility("hidden")));

/* The thread's own number, and what is never rewound, differ rightly. */
static bool may_differ(uint64_t at) {
    uint64_t thread = (uint64_t)(uintptr_t)__builtin_thread_pointer();
    return at / FV_PAGE_BYTES == thread / FV_PAGE_BYTES ||
           (at >= (uint64_t)(uintptr_t)__start_fv_kept && at < (uint64_t)(uintptr_t)__stop_fv_kept);
}

/* 0: no page of this stretch differs. */
static uint64_t differing_page(uint64_t start, uint64_t end, uint8_t *other) {
    for (uint64_t at = start; at < end; at += FV_COMPARED_BYTES) {
        size_t n = end - at < FV_COMPARED_BYTES ? end - at : FV_COMPARED_BYTES;
        struct iovec to = {other, n}, from = {(void *)(uintptr_t)at, n};
        if (process_vm_readv(runner.pid, &to, 1, &from, 1, 0) != (ssize_t)n) continue;
        for (size_t i = 0; i < n; i += FV_PAGE_BYTES)
            if (!may_differ(at + i) &&
                memcmp(other + i, (void *)(uintptr_t)(at + i), FV_PAGE_BYTES) != 0)
                return at + i;
    }
    return 0;
}

static void read_maps(char *to) {
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;
    for (size_t size = 0; fd >= 0 && size < FV_MAPS_BYTES - 1; size += (size_t)n)
        if ((n = read(fd, to + size, FV_MAPS_BYTES - 1 - size)) <= 0) break;
    close(fd);
}

/* The first page that differs in the mapping of this line, and the mapping's name. */
static uint64_t look_at(char *line, uint8_t *other, const char **name) {
    char permissions[8];
    unsigned long start = 0, end = 0;
    int name_at = 0;
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %n", &start, &end, permissions, &name_at) < 3)
        return 0;
    *name = line[name_at] != '\0' ? line + name_at : "anonymous";
    bool is_private = permissions[1] == 'w' && permissions[3] == 'p';
    if (!is_private || strcmp(*name, "[stack]") == 0 || end - start > FV_LEAK_BYTES_MAX) return 0;
    return differing_page(start, end, other);
}

/* Without the heap, which is what is looked at. */
void fv_rewind_find_leak(char *to, size_t size) {
    const char *name = "";
    uint64_t page = 0;
    uint8_t *room = mmap(NULL, FV_COMPARED_BYTES + FV_MAPS_BYTES, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return;
    char *line = (char *)room + FV_COMPARED_BYTES;
    read_maps(line);
    for (char *end; page == 0 && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        page = look_at(line, room, &name);
    }
    if (page != 0)
        snprintf(to, size, "page %#llx (%.60s) was not put back", (unsigned long long)page, name);
    else
        snprintf(to, size, "no page differs: it is in the kernel (signals, descriptors)");
}

static void refuse(const char *why) {
    struct fv_worker *w = fv_host_worker();
    if (why != NULL) snprintf(w->unfit, sizeof w->unfit, "%s", why);
    w->is_unfit = 1;
    w->baton = FV_ZYGOTE;
}

/* A job that a worker without a runner serves says so: others that it has may have been rewound. */
bool fv_rewind_applies(void) {
    struct fv_worker *w = fv_host_worker();
    if (fv_rt.tree->isolation != FV_ISOLATION_REWIND) return false;
    if (!w->is_unfit && fv_ending_sanitizer()[0] != '\0')
        refuse("a sanitizer keeps memory of its own");
    else if (!w->is_unfit && !is_running())
        start();
    if (w->is_unfit) fv_rt.tree->isolation = FV_ISOLATION_FORK;
    return !w->is_unfit && runner.pid != 0;
}

enum fv_side fv_rewind_serve(void) {
    struct fv_worker *w = fv_host_worker();
    w->request = FV_REQUEST_NONE;
    do {
        fv_host_pass(fv_host_runner());
        if (!await_baton()) {
            if (!has_refused()) give_up();
            refuse(NULL);
            return FV_PARENT;
        }
        if (w->request == FV_REQUEST_CHECK && fv_canary_check() == FV_CHILD) return FV_CHILD;
    } while (w->request == FV_REQUEST_CHECK);
    return FV_PARENT;
}
