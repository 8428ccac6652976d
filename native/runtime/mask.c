/* What libc's signal masks are in a target: as asked, but that SIGSYS is never blocked. A runner's
 * guard speaks through it, and a blocked one would be the end of the process. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FV_KERNEL_MASK_BYTES = 8 };

static int set_mask(int how, const sigset_t *set, sigset_t *before) {
    sigset_t wanted;
    if (set != NULL) {
        wanted = *set;
        if (how != SIG_UNBLOCK) sigdelset(&wanted, SIGSYS);
    }
    if (before != NULL) sigemptyset(before);
    return (int)syscall(SYS_rt_sigprocmask, how, set != NULL ? &wanted : NULL, before,
                        FV_KERNEL_MASK_BYTES);
}

int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict before) {
    return set_mask(how, set, before);
}

int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict before) {
    int saved = errno, failed = set_mask(how, set, before) != 0 ? errno : 0;
    errno = saved;
    return failed;
}
