#include "ending.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "../common/map.h"
#include "edges.h"
#include "frames.h"
#include "host.h"
#include "log.h"
#include "raw.h"
#include "runner.h"

enum { FV_HANDLER_STACK_BYTES = 1 << 16 };

/* Present in sanitizer builds alone. */
__attribute__((weak)) void __asan_init(void);
__attribute__((weak)) void __msan_init(void);
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));
__attribute__((weak)) const char *__asan_get_report_description(void);
__attribute__((weak)) void *__asan_get_report_pc(void);
__attribute__((weak)) void __ubsan_get_current_report_data(const char **kind, const char **message,
                                                           const char **file, unsigned *line,
                                                           unsigned *column, char **address);
/* Called by UBSan before it prints. */
void __ubsan_on_report(void);

const char *fv_ending_sanitizer(void) {
    if (__asan_init != NULL) return "address";
    if (__msan_init != NULL) return "memory";
    return __sanitizer_set_death_callback != NULL ? "undefined" : "";
}

/* ---- of its own accord ----------------------------------------------------------------------- */

bool fv_ending_is_own(void) {
    if (fv_rt.slot == NULL || fv_rt.slot->pid != fv_rt.pid) return false;
    return fv_rt.in_runner || fv_rt.pid == getpid(); /* a runner's target cannot fork */
}

void fv_ending_collect(void) {
    const struct fv_header *h = fv_rt.header;
    uint8_t *features = fv_rt.features;
    uint64_t hash = fv_edges_collect(features + h->map_edges, h->map_edges);
    hash += fv_map_hash(features, h->map_edges, 0);
    fv_rt.slot->feature_hash = hash + fv_rt.slot->each_hash;
    fv_rt.slot->has_edges = 1;
}

static int exit_code_of(enum fv_verdict verdict) {
    switch (verdict) {
    case FV_VERDICT_OK: return FV_EXIT_OK;
    case FV_VERDICT_SANITIZER: return FV_EXIT_SANITIZER;
    case FV_VERDICT_LOST: return FV_EXIT_LOST;
    default: return FV_EXIT_BUG;
    }
}

_Noreturn void fv_ending_finish(enum fv_verdict verdict) {
    if (!fv_ending_is_own()) _exit(FV_EXIT_OK); /* a process that the target forked */
    struct fv_slot *s = fv_rt.slot;
    if (s->segment_at < s->recipe.segment_count && !s->is_pilot)
        fv_log("the timeline ended before segment %u of its recipe (%llu@%llu)", s->segment_at + 1,
               (unsigned long long)s->recipe.segments[s->segment_at].count,
               (unsigned long long)s->recipe.segments[s->segment_at].seed);
    s->verdict = verdict;
    if (s->is_pilot && !fv_rt.in_runner) fv_host_miss();
    if (!s->is_pilot) fv_ending_collect();
    if (fv_rt.in_runner) {
        s->exit_code = exit_code_of(verdict); /* which it would have had as a process */
        fv_runner_end();
    }
    fv_ending_tell(s);
    _exit(exit_code_of(verdict));
}

_Noreturn void fv_ending_fail(const struct fv_site *site) {
    struct fv_slot *s = fv_rt.slot;
    s->mark = (int32_t)site->index;
    snprintf(s->message, sizeof s->message, "%s", site->message);
    snprintf(s->identity, sizeof s->identity, "%u %s %s:%u", site->kind, site->message, site->file,
             site->line);
    fv_ending_finish(FV_VERDICT_ASSERTION);
}

void fv_bug(const char *format, ...) {
    if (fv_rt.slot == NULL) fv_ending_misuse("fv_bug outside of FV_TARGET");
    struct fv_slot *s = fv_rt.slot;
    va_list args;
    va_start(args, format);
    vsnprintf(s->message, sizeof s->message, format, args);
    va_end(args);
    snprintf(s->identity, sizeof s->identity, "fv_bug %s", format);
    fv_frames_log((uint64_t)(uintptr_t)__builtin_return_address(0));
    fv_ending_finish(FV_VERDICT_ASSERTION);
}

void fv_bug_at(const uintptr_t *places, uint32_t count, const char *message) {
    if (fv_rt.slot == NULL) fv_ending_misuse("fv_bug_at outside of FV_TARGET");
    struct fv_slot *s = fv_rt.slot;
    snprintf(s->message, sizeof s->message, "%s", message);
    snprintf(s->identity, sizeof s->identity, "fv_bug %s |", message);
    fv_frames_list(s->identity, sizeof s->identity, places, count);
    fv_ending_finish(FV_VERDICT_ASSERTION);
}

void fv_bug_as(const char *identity, const char *message) {
    if (fv_rt.slot == NULL) fv_ending_misuse("fv_bug_as outside of FV_TARGET");
    struct fv_slot *s = fv_rt.slot;
    snprintf(s->message, sizeof s->message, "%s", message);
    snprintf(s->identity, sizeof s->identity, "fv_bug %s", identity);
    fv_ending_finish(FV_VERDICT_ASSERTION);
}

_Noreturn void fv_ending_misuse(const char *what) {
    if (fv_rt.slot == NULL) {
        dprintf(STDERR_FILENO, "fuzzverse: %s: draws and marks belong inside of it\n", what);
        _exit(FV_EXIT_LOST);
    }
    fv_bug("misuse of fuzzverse: %s", what);
}

_Noreturn void fv_ending_lose(const char *why) {
    if (fv_rt.slot == NULL) {
        dprintf(STDERR_FILENO, "fuzzverse: %s\n", why);
        _exit(FV_EXIT_LOST);
    }
    snprintf(fv_rt.slot->message, sizeof fv_rt.slot->message, "%s", why);
    fv_ending_finish(FV_VERDICT_LOST);
}

_Noreturn void fv_check_failed(const char *what, const char *file, int line) {
    char why[FV_TEXT_BYTES];
    if (fv_rt.in_control) fv_raw3(SYS_exit_group, FV_EXIT_LOST, 0, 0);
    snprintf(why, sizeof why, "fuzzverse invariant broken: %s at %s:%d", what, file, line);
    fv_ending_lose(why);
}

/* ---- against its will ------------------------------------------------------------------------ */

static uint64_t program_counter(const void *context) {
    const ucontext_t *u = context;
#if defined(__x86_64__)
    return (uint64_t)u->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uint64_t)u->uc_mcontext.pc;
#else
    (void)u;
    return 0;
#endif
}

/* Raised again, the signal ends the process as if nobody had looked; in a runner control takes
 * over. */
static void on_signal(int signal, siginfo_t *info, void *context) {
    static const struct sigaction plain = {.sa_handler = SIG_DFL};
    (void)info;
    if (fv_rt.in_control) fv_raw3(SYS_exit_group, FV_EXIT_LOST, 0, 0);
    if (fv_ending_is_own()) {
        struct fv_slot *s = fv_rt.slot;
        s->address = program_counter(context);
        s->signal = signal;
        fv_ending_collect();
        snprintf(s->identity, sizeof s->identity, "signal %d %#llx", signal,
                 (unsigned long long)s->address);
        fv_frames_tell(s->identity, sizeof s->identity,
                       s->address); /* last: stacks may be damaged */
        if (fv_rt.in_runner) fv_runner_crash(signal);
        fv_ending_tell(fv_rt.slot);
    }
    sigaction(signal, &plain, NULL);
    raise(signal);
}

static void on_exit_call(void) {
    if (!fv_ending_is_own() || fv_rt.slot->verdict != FV_VERDICT_NONE) return;
    if (fv_rt.slot->is_pilot && !fv_rt.in_runner) fv_host_miss();
    fv_ending_collect();
    fv_log("the target called exit()");
}

void __ubsan_on_report(void) {
    const char *kind = "undefined behaviour", *message = "", *file = "";
    unsigned line = 0, column = 0;
    char *address = NULL;
    if (!fv_ending_is_own() || __ubsan_get_current_report_data == NULL) return;
    __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
    struct fv_slot *s = fv_rt.slot;
    snprintf(s->message, sizeof s->message, "%.160s", message);
    snprintf(s->identity, sizeof s->identity, "%.40s %.180s:%u", kind, file, line);
}

static void take_report(struct fv_slot *s) {
    const char *words =
        __asan_get_report_description != NULL ? __asan_get_report_description() : NULL;
    if (words == NULL || words[0] == '\0') words = "sanitizer report";
    if (__asan_get_report_pc != NULL) s->address = (uint64_t)(uintptr_t)__asan_get_report_pc();
    snprintf(s->message, sizeof s->message, "%s", words);
    snprintf(s->identity, sizeof s->identity, "sanitizer %.200s %#llx", words,
             (unsigned long long)s->address);
    fv_frames_tell(s->identity, sizeof s->identity, s->address);
}

static void on_sanitizer_death(void) {
    if (!fv_ending_is_own()) return;
    if (fv_rt.slot->identity[0] == '\0') take_report(fv_rt.slot);
    fv_ending_finish(FV_VERDICT_SANITIZER);
}

void fv_ending_watch(void) {
    static char stack[FV_HANDLER_STACK_BYTES];
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    atexit(on_exit_call);
    if (__sanitizer_set_death_callback != NULL) __sanitizer_set_death_callback(on_sanitizer_death);
    if (__asan_init != NULL || __msan_init != NULL) return; /* they have handlers of their own */
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
}

void fv_ending_tell(const struct fv_slot *s) {
    static const char *const words[] = {"ok",      "assertion",     "signal", "sanitizer",
                                        "timeout", "out of memory", "exit",   "lost"};
    if (s->verdict < FV_VERDICT_COUNT)
        fv_log("verdict %s%s%s after %llu draws", words[s->verdict], s->message[0] ? ": " : "",
               s->message, (unsigned long long)fv_layout_draws(s));
    else
        fv_log("verdict signal: %s after %llu draws", strsignal(s->signal),
               (unsigned long long)fv_layout_draws(s));
}
