/* Where a timeline came to its end, call by call: what tells one crash from another. */
#ifndef FV_RUNTIME_FRAMES_H
#define FV_RUNTIME_FRAMES_H

#include <stddef.h>
#include <stdint.h>

/* Appends to the words in `identity` the calls that lead to `place`, innermost first, ` 0x...`
 * each: of the target's own file alone, and only the first ones. Called where `place` has been
 * interrupted by a signal, or has called. */
void fv_frames_tell(char *identity, size_t size, uint64_t place);
/* The same into the log, a line each, as stacks are logged; nothing where nobody reads it. */
void fv_frames_log(uint64_t place);
/* Appends places that a caller knows, ` 0x...` each; 0 is told as ` |`, which parts groups. */
void fv_frames_list(char *identity, size_t size, const uintptr_t *places, uint32_t count);

#endif
