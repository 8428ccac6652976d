#include "ending.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "draw.h"
#include "log.h"
#include "timeline.h"

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

/* ---- inside the dying process ---------------------------------------------------------------- */

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

/* SA_RESETHAND: raised again on return, the signal ends the process as if nobody had looked. */
static void on_signal(int signal, siginfo_t *info, void *context) {
    (void)info;
    if (fv_timeline_is_own()) {
        fv_rt.slot->address = program_counter(context);
        fv_rt.slot->signal = signal;
        fv_timeline_collect();
        fv_ending_tell(fv_rt.slot);
    }
    raise(signal);
}

static void on_exit_call(void) {
    if (!fv_timeline_is_own() || fv_rt.slot->verdict != FV_VERDICT_NONE) return;
    fv_timeline_collect();
    fv_log("the target called exit()");
}

void __ubsan_on_report(void) {
    const char *kind = "undefined behaviour", *message = "", *file = "";
    unsigned line = 0, column = 0;
    char *address = NULL;
    if (!fv_timeline_is_own() || __ubsan_get_current_report_data == NULL) return;
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
}

static void on_sanitizer_death(void) {
    if (!fv_timeline_is_own()) return;
    if (fv_rt.slot->identity[0] == '\0') take_report(fv_rt.slot);
    fv_timeline_end(FV_VERDICT_SANITIZER);
}

void fv_ending_watch(void) {
    static char stack[FV_HANDLER_STACK_BYTES];
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    atexit(on_exit_call);
    if (__sanitizer_set_death_callback != NULL) __sanitizer_set_death_callback(on_sanitizer_death);
    if (__asan_init != NULL || __msan_init != NULL) return; /* they have handlers of their own */
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
}

void fv_ending_tell(const struct fv_slot *s) {
    static const char *const words[] = {"ok",      "assertion",     "signal", "sanitizer",
                                        "timeout", "out of memory", "exit",   "lost"};
    if (s->verdict < FV_VERDICT_COUNT)
        fv_log("verdict %s%s%s after %llu draws", words[s->verdict], s->message[0] ? ": " : "",
               s->message, (unsigned long long)fv_draw_total(s));
    else
        fv_log("verdict signal: %s after %llu draws", strsignal(s->signal),
               (unsigned long long)fv_draw_total(s));
}
