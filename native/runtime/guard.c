#include "guard.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "raw.h"
#include "runner.h"
#include "runtime.h"

#if defined(__x86_64__)
#define FV_ARCH AUDIT_ARCH_X86_64
#else
#define FV_ARCH AUDIT_ARCH_AARCH64
#endif

enum { FV_BY_SECCOMP = 1 /* si_code */, FV_FILTER_MAX = 160, FV_FORK_FLAGS = 0x01200000 | SIGCHLD };

/* They tell, wait or write where all may write, and leave nothing behind that matters. */
static const int harmless[] = {
    SYS_futex,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_clock_gettime,
    SYS_getpid,
    SYS_gettid,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_sched_yield,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_nanosleep,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_faccessat,
    SYS_readlinkat,
    SYS_pread64,
    SYS_getcwd,
    SYS_uname,
    SYS_getrusage,
    SYS_times,
    SYS_sysinfo,
    SYS_getcpu,
    SYS_sched_getaffinity,
    SYS_clock_nanosleep,
    SYS_rt_sigpending,
    SYS_getpgid,
    SYS_getsid,
    SYS_set_robust_list,
#if defined(__x86_64__)
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_time,
    SYS_getpgrp,
#endif
};

/* ---- the filter ------------------------------------------------------------------------------ */

static struct filter {
    struct sock_filter of[FV_FILTER_MAX];
    uint32_t count;
} *building;

static void put(uint16_t code, uint8_t yes, uint8_t no, uint32_t k) {
    if (building->count < FV_FILTER_MAX)
        building->of[building->count++] = (struct sock_filter){code, yes, no, k};
}

static void load(uint32_t offset) { put(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }
static void answer(uint32_t action) { put(BPF_RET | BPF_K, 0, 0, action); }

/* Skips `n` instructions unless the loaded word is k. */
static void unless(uint32_t k, uint8_t n) { put(BPF_JMP | BPF_JEQ | BPF_K, 0, n, k); }

static uint32_t argument(uint32_t i) {
    return (uint32_t)(offsetof(struct seccomp_data, args) + i * sizeof(uint64_t));
}

static void allow_gate(void) {
    uint32_t at = offsetof(struct seccomp_data, instruction_pointer);
    load(at);
    unless((uint32_t)fv_raw_gate(), 3);
    load(at + 4);
    unless((uint32_t)(fv_raw_gate() >> 32), 1);
    answer(SECCOMP_RET_ALLOW);
}

static void allow_harmless(void) {
    load(offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        unless((uint32_t)harmless[i], 1);
        answer(SECCOMP_RET_ALLOW);
    }
}

/* Where the low half of an argument is one of two values. */
static void allow_when(int number, uint32_t i, uint32_t value, uint32_t other) {
    load(offsetof(struct seccomp_data, nr));
    unless((uint32_t)number, 4);
    load(argument(i));
    put(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value);
    unless(other, 1);
    answer(SECCOMP_RET_ALLOW);
}

static void build(struct filter *f) {
    uint32_t self = (uint32_t)fv_rt.pid;
    building = f;
    load(offsetof(struct seccomp_data, arch));
    put(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, FV_ARCH);
    answer(SECCOMP_RET_KILL_PROCESS);
    allow_gate();
    allow_harmless();
    allow_when(SYS_write, 0, STDOUT_FILENO, STDERR_FILENO);
    allow_when(SYS_ioctl, 1, TCGETS, TCGETS); /* whether stdout is a terminal */
    allow_when(SYS_fcntl, 1, F_GETFD, F_GETFL);
    allow_when(SYS_tgkill, 0, self, self);
    allow_when(SYS_kill, 0, self, self);
    allow_when(SYS_clone, 0, FV_FORK_FLAGS, FV_FORK_FLAGS); /* what _Fork asks for */
    answer(SECCOMP_RET_TRAP);
}

/* ---- the trap -------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#define FV_REGISTER(u, name) ((u)->uc_mcontext.gregs[name])
static long argument_of(const ucontext_t *u, int i) {
    static const int registers[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9};
    return (long)FV_REGISTER(u, registers[i]);
}
static void set_result(ucontext_t *u, long value) { FV_REGISTER(u, REG_RAX) = value; }
#else
static long argument_of(const ucontext_t *u, int i) { return (long)u->uc_mcontext.regs[i]; }
static void set_result(ucontext_t *u, long value) { u->uc_mcontext.regs[0] = (uint64_t)value; }
#endif

/* What cannot be done on behalf of a process from inside of a handler. */
static bool makes_processes(int number) {
    switch (number) {
    case SYS_clone:
    case SYS_clone3:
    case SYS_execve:
    case SYS_execveat:
#if defined(__x86_64__)
    case SYS_fork:
    case SYS_vfork:
#endif
        return true;
    default: return false;
    }
}

static bool sends_signals(int number) {
    return number == SYS_kill || number == SYS_tkill || number == SYS_tgkill ||
           number == SYS_rt_sigqueueinfo || number == SYS_rt_tgsigqueueinfo;
}

/* A signal that the target sends itself is to strike it where it stands, and not in here: it waits
 * for the way out, which puts the mask back. */
static void hold_signals(void) {
    uint64_t all = ~(UINT64_C(1) << (SIGSYS - 1));
    fv_raw(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, 0, sizeof all, 0, 0);
}

/* What SIGSYS meant before: a crash. */
static struct FV_KEPT_TYPE {
    struct sigaction action;
} crash FV_KEPT;

static void on_trap(int signal, siginfo_t *info, void *context) {
    ucontext_t *u = context;
    int number = info->si_syscall;
    if (info->si_code != FV_BY_SECCOMP) {
        crash.action.sa_sigaction(signal, info, context);
        return;
    }
    bool is_runner = fv_rt.in_runner && fv_raw3(SYS_getpid, 0, 0, 0) == fv_rt.pid;
    if (is_runner && (number == SYS_exit_group || number == SYS_exit))
        fv_runner_exit((int)argument_of(u, 0));
    if (makes_processes(number)) fv_runner_refuse(number);
    if (is_runner) fv_runner_part(number);
    if (sends_signals(number)) hold_signals();
    set_result(u, fv_raw(number, argument_of(u, 0), argument_of(u, 1), argument_of(u, 2),
                         argument_of(u, 3), argument_of(u, 4), argument_of(u, 5)));
}

bool fv_guard_close(char *why, size_t size) {
    struct filter filter = {.count = 0};
    struct sigaction action = {.sa_sigaction = on_trap,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    build(&filter);
    struct sock_fprog program = {(unsigned short)filter.count, filter.of};
    if (filter.count >= FV_FILTER_MAX || sigaction(SIGSYS, &action, &crash.action) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
        snprintf(why, size, "system calls cannot be watched here (seccomp, errno %d)", errno);
        return false;
    }
    return true;
}
