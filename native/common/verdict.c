#include "verdict.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "mix.h"

static void set(struct fv_slot *s, enum fv_verdict verdict, const char *message,
                const char *identity) {
    s->verdict = verdict;
    snprintf(s->message, sizeof s->message, "%s", message);
    snprintf(s->identity, sizeof s->identity, "%s", identity);
}

static void from_signal(struct fv_slot *s, int signal) {
    char message[64], identity[FV_IDENTITY_BYTES];
    if (s->kill == FV_KILL_NONE && signal == SIGKILL) {
        set(s, FV_VERDICT_LOST, "killed from outside (did the machine run out of memory?)", "lost");
        return;
    }
    if (s->kill == FV_KILL_TIMEOUT) {
        set(s, FV_VERDICT_TIMEOUT, "no end within its deadline", "timeout");
        return;
    }
    if (s->kill == FV_KILL_OUT_OF_MEMORY) {
        set(s, FV_VERDICT_OUT_OF_MEMORY, "more memory than its limit", "out of memory");
        return;
    }
    s->signal = signal;
    snprintf(message, sizeof message, "%s at %#llx", strsignal(signal),
             (unsigned long long)s->address);
    /* With the frames that the handler has seen, unless there was none to see them. */
    snprintf(identity, sizeof identity, "%s", s->identity);
    if (s->address == 0 || identity[0] == '\0')
        snprintf(identity, sizeof identity, "signal %d %#llx", signal,
                 (unsigned long long)s->address);
    set(s, FV_VERDICT_SIGNAL, message, identity);
}

static void from_exit(struct fv_slot *s, int code) {
    char message[64];
    s->exit_code = code;
    if (s->verdict != FV_VERDICT_NONE) return; /* it ended by itself and said how */
    if (code == FV_EXIT_SANITIZER) {
        set(s, FV_VERDICT_SANITIZER, "sanitizer report", "sanitizer");
        return;
    }
    snprintf(message, sizeof message, "left with exit code %d before its end", code);
    set(s, FV_VERDICT_EXIT, message, message);
}

void fv_verdict_from_status(struct fv_slot *s, int status) {
    if (s->verdict >= FV_VERDICT_COUNT) s->verdict = FV_VERDICT_NONE;
    s->message[sizeof s->message - 1] = s->identity[sizeof s->identity - 1] = '\0';
    if (WIFSIGNALED(status))
        from_signal(s, WTERMSIG(status));
    else
        from_exit(s, WEXITSTATUS(status));
}

uint64_t fv_verdict_digest(const struct fv_slot *s) {
    uint64_t hash = fv_mix_into(s->draw_hash, s->feature_hash);
    hash = fv_mix_into(hash, s->verdict);
    hash = fv_mix_into(hash, (uint64_t)s->signal);
    return fv_mix_into(hash, fv_layout_draws(s));
}
