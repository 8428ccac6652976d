/* Waiting on words in shared memory, and real time: the same on both sides of a session. */
#ifndef FV_COMMON_WAIT_H
#define FV_COMMON_WAIT_H

#include <stdint.h>

/* Nanoseconds, monotonic; real, whatever a target's virtual clock says. */
uint64_t fv_wait_now_ns(void);
/* Waits while *word == seen, at most timeout_ms. EINTR and races return early; errno is kept. */
void fv_wait_word(uint32_t *word, uint32_t seen, uint32_t timeout_ms);
/* Wakes all who wait on it. */
void fv_wait_wake(uint32_t *word);

#endif
