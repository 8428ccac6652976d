/* The entry of every target. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alone.h"
#include "bare.h"
#include "describe.h"
#include "ending.h"
#include "guard.h"
#include "harness.h"
#include "reproduce.h"
#include "runner.h"
#include "stack.h"
#include "worker.h"

/* Searched for in the file before a stranger's program is started. */
__attribute__((used)) const char fv_abi_marker[] = FV_ABI_MARKER;

extern const struct fv_target fv_target_entry;

#define FV_IS_CLEAN "FUZZVERSE_CLEAN"

enum { FV_ENVIRONMENT_MAX = 16, FV_UNKNOWN_PERSONA = -1 };

/* ---- the same start for every process -------------------------------------------------------- */

static bool addresses_are_fixed(void) {
    int persona = personality(0xffffffff);
    return persona != FV_UNKNOWN_PERSONA && (persona & ADDR_NO_RANDOMIZE);
}

/* What a simulation may see of the environment: nothing that differs between machines, but for
 * where libraries and the symboliser are. */
static char *const *clean_environment(void) {
    static const char *const kept[] = {"LD_LIBRARY_PATH", "PATH", "LLVM_PROFILE_FILE"};
    static char *environment[FV_ENVIRONMENT_MAX] = {
        FV_IS_CLEAN "=1",
        "LC_ALL=C",
        "TZ=UTC",
        "GLIBC_TUNABLES=glibc.pthread.rseq=0", /* the kernel writes into nobody's memory */
        "LD_BIND_NOW=1",                       /* once here, instead of in every timeline anew */
        "ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:exitcode=99:allocator_may_return_null=1",
        "UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99",
    };
    size_t n = 7;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = getenv(kept[i]);
        size_t size = value != NULL ? strlen(kept[i]) + strlen(value) + 2 : 0;
        char *entry = size > 0 ? malloc(size) : NULL;
        if (entry == NULL) continue;
        snprintf(entry, size, "%s=%s", kept[i], value);
        environment[n++] = entry;
    }
    return environment;
}

/* Fixed addresses and a clean environment take effect at the next exec: once. */
static void start_again(char **argv) {
    int persona = personality(0xffffffff);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* what a timeline writes is counted in small pages */
    if (persona != FV_UNKNOWN_PERSONA) personality((unsigned long)persona | ADDR_NO_RANDOMIZE);
    execve("/proc/self/exe", argv, clean_environment());
}

/* The heap's region is mapped at the first call: here, and not in the midst of a timeline. */
static void open_heap(void) {
    void *volatile block = malloc(1);
    free(block);
}

/* ---- what the target forks ------------------------------------------------------------------- */

/* A runner has no children of the target's making. */
static void before_foreign_fork(void) {
    if (fv_rt.in_runner && !fv_rt.is_forking) fv_runner_refuse(SYS_clone);
}

/* Such a process ends with its timeline, and draws and marks into a slot of its own. */
static void in_foreign_child(void) {
    if (fv_rt.is_forking || fv_rt.slot == NULL) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != fv_rt.pid) _exit(FV_EXIT_LOST);
    fv_rt.pid = getpid();
    size_t size = fv_rt.header->slot_stride;
    struct fv_slot *own =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (own == MAP_FAILED) _exit(FV_EXIT_LOST);
    memcpy(own, fv_rt.slot, size);
    fv_rt.tree = NULL;
    fv_rt.log_fd = -1;
    fv_runtime_enter(own);
}

static int errno_at_start; /* what the target's constructors left there */

static void run_body(void) {
    errno = errno_at_start;
    fv_target_entry.body();
    fv_ending_finish(FV_VERDICT_OK);
}

int main(int argc, char **argv) {
    errno_at_start = errno;
    bool is_worker = argc == 4 && strcmp(argv[1], "--fuzzverse-worker") == 0;
    bool is_first = getenv(FV_IS_CLEAN) == NULL;
    bool is_harness = fv_harness_kind() == FV_SIMULATION_HARNESS;
    bool is_libfuzzer = is_harness && fv_reproduce_is_asked(argc, argv);
    if (is_first && is_libfuzzer) fv_reproduce_hand_over(argc, argv);
    if (is_first) start_again(argv);
    pthread_atfork(before_foreign_fork, NULL, in_foreign_child);
    fv_stack_open(run_body);
    open_heap();
    if (argc == 2 && strcmp(argv[1], "--fuzzverse-describe") == 0) {
        fv_describe_print(fv_target_entry.name, addresses_are_fixed());
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--fuzzverse-edges") == 0) {
        fv_describe_edges();
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "--fuzzverse-bare") == 0) {
        fv_bare_run((unsigned)atoi(argv[2]));
        return 0;
    }
    fv_harness_prepare(argv[0]);
    if (is_worker)
        fv_worker_serve(atoi(argv[2]), (uint32_t)atoi(argv[3]));
    else if (is_libfuzzer)
        fv_reproduce_start(argc, argv);
    else
        fv_alone_start(argc, argv);
    fv_stack_enter();
}
