/* The guard of a runner: what it lets pass, what it hands over, and that a call made on behalf of a
 * timeline that has parted gives what the kernel gives. The runner is played by this file. */
/* links: runtime/guard runtime/raw */
/* flags: -fsanitize=undefined */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "raw.h"
#include "runner.h"

enum { WHY_BYTES = 256, PAGE = 4096, NEW_FD = 300, OWN_CODE = 7, REFUSED = 70, SKIPPED = 77 };

/* ---- a runner -------------------------------------------------------------------------------- */

struct fv_runtime fv_rt FV_KEPT;

/* Shared with the parent. */
static struct {
    long parted_by, refused, exits;
    uint32_t parts, crashes;
} *told;

/* As in the process that a timeline goes on in. */
void fv_runner_part(long number) {
    told->parted_by = number;
    told->parts++;
    fv_rt.in_runner = false;
}

_Noreturn void fv_runner_refuse(long number) {
    told->refused = number;
    fv_raw3(SYS_exit_group, REFUSED, 0, 0);
    __builtin_trap();
}

_Noreturn void fv_runner_exit(int code) {
    told->exits++;
    fv_raw3(SYS_exit_group, code, 0, 0);
    __builtin_trap();
}

/* What SIGSYS is to the target, for which there is no guard. */
static void on_crash(int signal, siginfo_t *info, void *context) {
    (void)info, (void)context;
    told->crashes += signal == SIGSYS;
}

static void be_runner(void (*body)(void)) {
    char why[WHY_BYTES];
    struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigaction(SIGSYS, &crash, NULL);
    fv_rt = (struct fv_runtime){.pid = getpid(), .in_runner = true};
    if (!fv_guard_close(why, sizeof why)) _exit(SKIPPED); /* seccomp is not to be had here */
    body();
    fv_raw3(SYS_exit_group, 0, 0, 0);
}

/* What the process that ran `body` behind the guard ended with. */
static int code_of(void (*body)(void)) {
    memset(told, 0, sizeof *told);
    pid_t pid = fork();
    int status = 0;
    EXPECT(pid >= 0);
    if (pid == 0) be_runner(body);
    EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED) exit(0);
    return WEXITSTATUS(status);
}

static void expect_parted(void (*body)(void), long number) {
    EXPECT(code_of(body) == 0);
    EXPECT(told->parts == 1 && told->parted_by == number);
    EXPECT(told->refused == 0 && told->exits == 0);
}

static void expect_refused(void (*body)(void), long number) {
    EXPECT(code_of(body) == REFUSED);
    EXPECT(told->refused == number && told->parts == 0);
}

/* ---- what passes ----------------------------------------------------------------------------- */

static void ask_and_tell(void) {
    static uint32_t word;
    struct timespec now;
    sigset_t set;
    EXPECT(getpid() == fv_rt.pid && syscall(SYS_gettid) == fv_rt.pid);
    EXPECT(write(STDOUT_FILENO, "", 0) == 0 && write(STDERR_FILENO, "", 0) == 0);
    EXPECT(syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0);
    EXPECT(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0);
    EXPECT(sched_yield() == 0 && access("/", F_OK) == 0);
    EXPECT(sigprocmask(SIG_BLOCK, NULL, &set) == 0);
    EXPECT(kill(fv_rt.pid, 0) == 0 && syscall(SYS_tgkill, fv_rt.pid, fv_rt.pid, 0) == 0);
}

static void use_gate(void) {
    long fd = fv_raw(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDONLY, 0, 0, 0);
    EXPECT(fd >= 0 && fv_raw3(SYS_close, fd, 0, 0) == 0);
    EXPECT(fv_raw3(SYS_close, NEW_FD, 0, 0) == -EBADF);
}

/* As _Fork does; the child is no runner, whatever it was forked from. */
static void fork_own(void) {
    long pid = syscall(SYS_clone, 0x01200000 | SIGCHLD, NULL, NULL, NULL, NULL);
    int status = 0;
    if (pid == 0) _exit(dup2(STDOUT_FILENO, NEW_FD) == NEW_FD ? OWN_CODE : 1);
    EXPECT(pid > 0);
    EXPECT(fv_raw(SYS_wait4, pid, (long)&status, 0, 0, 0, 0) == pid);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == OWN_CODE);
}

static void harmless_calls_pass(void) {
    static void (*const bodies[])(void) = {ask_and_tell, use_gate, fork_own};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        EXPECT(code_of(bodies[i]) == 0);
        EXPECT(told->parts == 0 && told->refused == 0 && told->exits == 0);
    }
}

/* ---- what parts ------------------------------------------------------------------------------ */

static void open_file(void) {
    int fd = open("/dev/zero", O_RDONLY);
    char bytes[8] = "not zero";
    EXPECT(fd >= 0 && fcntl(fd, F_GETFD) == 0);
    EXPECT(read(fd, bytes, sizeof bytes) == sizeof bytes && bytes[0] == 0 && bytes[7] == 0);
    EXPECT(close(fd) == 0);
}

/* The result of a call that fails, and errno. */
static void close_nothing(void) {
    errno = 0;
    EXPECT(close(NEW_FD) == -1 && errno == EBADF);
}

static void write_elsewhere(void) { EXPECT(write(NEW_FD, "", 0) == -1 && errno == EBADF); }

/* Six arguments. */
static void map_file(void) {
    int fd = memfd_create("file", 0);
    EXPECT(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0 && pwrite(fd, "there", 5, PAGE) == 5);
    char *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
    EXPECT(at != MAP_FAILED && memcmp(at, "there", 5) == 0);
}

static void ask_parent(void) { EXPECT(kill(getppid(), 0) == 0); }

static void handle_signal(void) {
    EXPECT(signal(SIGUSR1, SIG_IGN) == SIG_DFL && raise(SIGUSR1) == 0);
}

static void calls_that_leave_something_part(void) {
    expect_parted(open_file, SYS_openat);
    expect_parted(close_nothing, SYS_close);
    expect_parted(write_elsewhere, SYS_write);
    expect_parted(map_file, SYS_memfd_create);
    expect_parted(ask_parent, SYS_kill);
    expect_parted(handle_signal, SYS_rt_sigaction);
}

/* The signal by itself is none of the guard's. */
static void pretend(void) { EXPECT(raise(SIGSYS) == 0); }

static void part_and_pretend(void) {
    open_file();
    pretend();
}

static void signals_are_no_calls(void) {
    EXPECT(code_of(pretend) == 0);
    EXPECT(told->crashes == 1 && told->parts == 0);
    EXPECT(code_of(part_and_pretend) == 0);
    EXPECT(told->crashes == 1 && told->parts == 1);
}

/* ---- what ends it ---------------------------------------------------------------------------- */

static void leave(void) { _exit(OWN_CODE); }
static void leave_thread(void) { syscall(SYS_exit, OWN_CODE); }

static void part_and_leave(void) {
    open_file();
    _exit(OWN_CODE);
}

static void exits_are_told(void) {
    EXPECT(code_of(leave) == OWN_CODE && told->exits == 1);
    EXPECT(code_of(leave_thread) == OWN_CODE && told->exits == 1);
    EXPECT(code_of(part_and_leave) == OWN_CODE && told->exits == 0 && told->parts == 1);
}

static void clone_anew(void) { syscall(SYS_clone3, NULL, 0); }
static void clone_thread(void) { syscall(SYS_clone, CLONE_VM | SIGCHLD, NULL, NULL, NULL, NULL); }
static void execute(void) { execl("/bin/true", "true", NULL); }

static void execute_when_parted(void) {
    open_file();
    told->parts = 0;
    execute();
}

#if defined(__x86_64__)
static void fork_and_wait(void) { syscall(SYS_vfork); }
#endif

static void processes_are_refused(void) {
    expect_refused(clone_anew, SYS_clone3);
    expect_refused(clone_thread, SYS_clone);
    expect_refused(execute, SYS_execve);
    expect_refused(execute_when_parted, SYS_execve);
#if defined(__x86_64__)
    expect_refused(fork_and_wait, SYS_vfork);
#endif
}

int main(void) {
    told = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(told != MAP_FAILED);
    harmless_calls_pass();
    calls_that_leave_something_part();
    signals_are_no_calls();
    exits_are_told();
    processes_are_refused();
    return 0;
}
