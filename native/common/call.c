#include "call.h"

#include <stdio.h>
#include <sys/syscall.h>

/* What leaves something behind, or asks for it. */
static const struct {
    long number;
    const char *name;
} names[] = {
    {SYS_openat, "open"},
    {SYS_close, "close"},
    {SYS_read, "read"},
    {SYS_write, "write"},
    {SYS_lseek, "lseek"},
    {SYS_mmap, "mmap"},
    {SYS_munmap, "munmap"},
    {SYS_mremap, "mremap"},
    {SYS_mprotect, "mprotect"},
    {SYS_madvise, "madvise"},
    {SYS_brk, "brk"},
    {SYS_rt_sigaction, "sigaction"},
    {SYS_prctl, "prctl"},
    {SYS_chdir, "chdir"},
    {SYS_socket, "socket"},
    {SYS_ioctl, "ioctl"},
    {SYS_clone, "clone"},
    {SYS_clone3, "clone3"},
    {SYS_execve, "execve"},
    {SYS_pipe2, "pipe"},
    {SYS_dup, "dup"},
    {SYS_fcntl, "fcntl"},
    {SYS_sigaltstack, "sigaltstack"},
    {SYS_setitimer, "setitimer"},
    {SYS_timer_create, "timer_create"},
    {SYS_unlinkat, "unlink"},
    {SYS_ftruncate, "ftruncate"},
    {SYS_pwrite64, "pwrite"},
    {SYS_memfd_create, "memfd_create"},
    {SYS_prlimit64, "setrlimit"},
    {SYS_umask, "umask"},
    {SYS_msync, "msync"},
    {SYS_pselect6, "select"},
    {SYS_ppoll, "poll"},
    {SYS_getdents64, "readdir"},
    {SYS_fchdir, "fchdir"},
    {SYS_kill, "kill"},
    {SYS_tgkill, "kill"},
    {SYS_wait4, "wait"},
    {SYS_waitid, "wait"},
    {SYS_shmat, "shmat"},
    {SYS_dup3, "dup"},
    {SYS_rt_sigtimedwait, "sigwait"},
    {SYS_rt_sigsuspend, "sigsuspend"},
    {SYS_epoll_create1, "epoll_create"},
    {SYS_eventfd2, "eventfd"},
    {SYS_timerfd_create, "timerfd_create"},
    {SYS_renameat, "rename"},
    {SYS_mkdirat, "mkdir"},
    {SYS_writev, "writev"},
    {SYS_fsync, "fsync"},
    {SYS_sched_setaffinity, "sched_setaffinity"},
#if defined(__x86_64__)
    {SYS_open, "open"},
    {SYS_vfork, "vfork"},
    {SYS_fork, "fork"},
    {SYS_unlink, "unlink"},
    {SYS_alarm, "alarm"},
    {SYS_pipe, "pipe"},
#endif
};

const char *fv_call_name(long number, char *to, size_t size) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) return names[i].name;
    snprintf(to, size, "system call %ld", number);
    return to;
}
