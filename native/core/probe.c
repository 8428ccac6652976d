/* What a runner asks of the kernel, tried out as a runner does: by the child of a frozen process.
 * Nothing of it happens in the process that asks, for a seccomp filter stays for good, and some
 * sandboxes kill for a system call. Between fork and exit only system calls are made: the caller
 * may have threads. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"

/* Younger than the headers of some distributions; tracker.c uses the same. */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#define FV_UFFD_WP_UNPOPULATED (UINT64_C(1) << 13)
#define FV_UFFD_WP_ASYNC (UINT64_C(1) << 15)
#define FV_PAGE_IS_WRITTEN (UINT64_C(1) << 1)
#define FV_SCAN_CHECK_WPASYNC (UINT64_C(1) << 1)

struct region {
    uint64_t start, end, categories;
};

struct scan {
    uint64_t size, flags, start, end, walk_end, regions, region_count, pages_max;
    uint64_t inverted, all_of, any_of, wanted;
};
#define FV_SCAN_IOCTL _IOWR('f', 16, struct scan)

enum {
    FV_UNTRIED = -1,
    FV_DID_NOT_WORK = EPROTO, /* the kernel agreed, and did something else */
    FV_PAGE_BYTES = 4096,
    FV_PAGES = 4,
    FV_PAGE_WRITTEN = 2,
    FV_ALARM_SECONDS = 10,
    FV_TOKEN = 4711,
};

static int failed(bool has_failed) { return has_failed ? errno : 0; }

/* ---- pages ----------------------------------------------------------------------------------- */

static int try_userfaultfd(int *fd) {
    *fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    return failed(*fd < 0);
}

static int try_write_protection(int fd, uint8_t *pages) {
    uint64_t at = (uint64_t)(uintptr_t)pages, n = FV_PAGES * FV_PAGE_BYTES;
    struct uffdio_api api = {.api = UFFD_API,
                             .features = FV_UFFD_WP_ASYNC | FV_UFFD_WP_UNPOPULATED};
    struct uffdio_register r = {.range = {at, n}, .mode = UFFDIO_REGISTER_MODE_WP};
    struct uffdio_writeprotect w = {.range = {at, n}, .mode = UFFDIO_WRITEPROTECT_MODE_WP};
    if (ioctl(fd, UFFDIO_API, &api) != 0 || ioctl(fd, UFFDIO_REGISTER, &r) != 0 ||
        ioctl(fd, UFFDIO_WRITEPROTECT, &w) != 0)
        return errno;
    *(volatile uint8_t *)(pages + FV_PAGE_WRITTEN * FV_PAGE_BYTES) = 1;
    return 0;
}

/* Just the page that was written must be told. */
static int try_pagemap_scan(const uint8_t *pages) {
    struct region regions[FV_PAGES];
    uint64_t at = (uint64_t)(uintptr_t)pages;
    uint64_t written = at + FV_PAGE_WRITTEN * FV_PAGE_BYTES;
    struct scan s = {.size = sizeof s,
                     .flags = FV_SCAN_CHECK_WPASYNC,
                     .start = at,
                     .end = at + FV_PAGES * FV_PAGE_BYTES,
                     .regions = (uint64_t)(uintptr_t)regions,
                     .region_count = FV_PAGES,
                     .all_of = FV_PAGE_IS_WRITTEN,
                     .wanted = FV_PAGE_IS_WRITTEN};
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    int n = fd < 0 ? -1 : ioctl(fd, FV_SCAN_IOCTL, &s);
    if (n < 0) return errno;
    bool is_right =
        n == 1 && regions[0].start == written && regions[0].end == written + FV_PAGE_BYTES;
    return is_right ? 0 : FV_DID_NOT_WORK;
}

/* ---- the parent's memory --------------------------------------------------------------------- */

static int try_parent_memory(const int *token) {
    int copy = 0;
    struct iovec to = {&copy, sizeof copy}, from = {(void *)(uintptr_t)token, sizeof *token};
    if (process_vm_readv(getppid(), &to, 1, &from, 1, 0) != (ssize_t)sizeof copy) return errno;
    return copy == FV_TOKEN ? 0 : FV_DID_NOT_WORK;
}

/* ---- system calls ---------------------------------------------------------------------------- */

static volatile sig_atomic_t was_handed_over;

static void on_handed_over(int signal) {
    (void)signal;
    was_handed_over = 1;
}

/* A call that nothing else here makes. */
static int try_seccomp(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    struct sigaction action = {.sa_handler = on_handed_over};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    if (sigaction(SIGSYS, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &set, NULL) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        return errno;
    syscall(SYS_getpriority, 0, 0);
    return was_handed_over ? 0 : FV_DID_NOT_WORK;
}

/* ---- processes ------------------------------------------------------------------------------- */

/* In the place of a runner. */
static void try_all(volatile struct fv_probe_report *r, const int *token) {
    int fd = -1;
    uint8_t *pages = mmap(NULL, FV_PAGES * FV_PAGE_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return;
    r->userfaultfd = try_userfaultfd(&fd);
    if (r->userfaultfd == 0) r->write_protection = try_write_protection(fd, pages);
    if (r->write_protection == 0) r->pagemap_scan = try_pagemap_scan(pages);
    r->parent_memory = try_parent_memory(token);
    r->seccomp = try_seccomp();
}

static void await(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
}

/* In the place of a zygote: it forks the runner, and is looked into. */
static void freeze(volatile struct fv_probe_report *r) {
    int token = FV_TOKEN;
    alarm(FV_ALARM_SECONDS);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* as a zygote does, for Yama */
    pid_t pid = fork();
    if (pid == 0) {
        token = 0;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        try_all(r, &token);
        _exit(0);
    }
    if (pid > 0) await(pid);
}

void fv_probe_rewinding(struct fv_probe_report *to) {
    *to = (struct fv_probe_report){FV_UNTRIED, FV_UNTRIED, FV_UNTRIED, FV_UNTRIED, FV_UNTRIED};
    struct fv_probe_report *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return;
    *shared = *to;
    pid_t pid = fork();
    if (pid == 0) {
        freeze(shared);
        _exit(0);
    }
    if (pid > 0) await(pid);
    *to = *shared;
    munmap(shared, sizeof *shared);
}
