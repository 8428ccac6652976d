/* How timelines end that do not end by themselves: signals, exits, sanitizers, the controller. */
#ifndef FV_RUNTIME_ENDING_H
#define FV_RUNTIME_ENDING_H

#include "runtime.h"

/* Installs handlers for crash signals, exit and sanitizer reports. Once, in the zygote. */
void fv_ending_watch(void);
/* On replay: the last line of the log. */
void fv_ending_tell(const struct fv_slot *slot);
/* "" for a plain build, else "address", "undefined", ... */
const char *fv_ending_sanitizer(void);

#endif
