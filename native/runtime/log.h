/* What a replay prints. Everywhere else a call costs one branch. */
#ifndef FV_RUNTIME_LOG_H
#define FV_RUNTIME_LOG_H

#include <stdint.h>

/* A draw, what a chance said, and where it was asked for: the frames above `frame`. */
void fv_log_draw(uint64_t number, const char *label, uint64_t bound, uint64_t value,
                 const char *said, const void *frame);
/* A line about a mark that told something new to this timeline. */
void fv_log_mark(const char *what, const char *message, const char *detail);

#endif
