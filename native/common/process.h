/* Other processes, as /proc tells of them. */
#ifndef FV_COMMON_PROCESS_H
#define FV_COMMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Dead, though perhaps not yet reaped by whoever inherited it: it writes no more. */
bool fv_process_is_dead(int32_t pid);
/* Resident pages that are not shared: what it asked for itself. 0: unknown. */
uint64_t fv_process_private_bytes(int32_t pid);

#endif
