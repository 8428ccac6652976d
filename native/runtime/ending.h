/* How timelines end, in their own process: by themselves, or by signals, exits and sanitizers. */
#ifndef FV_RUNTIME_ENDING_H
#define FV_RUNTIME_ENDING_H

#include "runtime.h"

/* Installs handlers for crash signals, exit and sanitizer reports. Once, in the zygote. */
void fv_ending_watch(void);
/* On replay: the last line of the log. */
void fv_ending_tell(const struct fv_slot *slot);
/* "" for a plain build, else "address", "undefined", ... */
const char *fv_ending_sanitizer(void);

/* Writes features and verdict, and leaves the process. */
_Noreturn void fv_ending_finish(enum fv_verdict verdict);
/* A mark that must hold did not. */
_Noreturn void fv_ending_fail(const struct fv_site *site);
/* The target used the runtime in a way that has no meaning: a bug of the target. */
_Noreturn void fv_ending_misuse(const char *what);
/* The machinery cannot go on: verdict lost, with words. */
_Noreturn void fv_ending_lose(const char *why);
/* Writes the features without ending; what signal and exit handlers need. */
void fv_ending_collect(void);
/* Whether this process is the timeline of its slot, and not something that it forked. */
bool fv_ending_is_own(void);

#endif
