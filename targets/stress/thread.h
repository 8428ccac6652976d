/* What the thread has to itself: errno, the signal mask, how the processor rounds. Operations
 * return the size of what they worked on. */
#ifndef THREAD_H
#define THREAD_H

#include <stdint.h>

void thread_build_errno(void);
uint64_t thread_digest_errno(void);
uint32_t thread_set_errno(void);

void thread_build_mask(void);
uint64_t thread_digest_mask(void);
uint32_t thread_change_mask(void);

void thread_build_rounding(void);
uint64_t thread_digest_rounding(void);
uint32_t thread_change_rounding(void);
uint32_t thread_calculate(void);

#endif
