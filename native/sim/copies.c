/* What memcpy() and its like are in sources that are preempted at shared accesses: see
 * sim/copies.h. */
#include <string.h>

#include "inside.h"

void *fv_share_memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *fv_share_memmove(void *to, const void *from, size_t bytes);
void *fv_share_memset(void *to, int byte, size_t bytes);

void *fv_share_memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    fv_touch_read(from, bytes);
    fv_touch_write(to, bytes);
    return memcpy(to, from, bytes);
}

void *fv_share_memmove(void *to, const void *from, size_t bytes) {
    fv_touch_read(from, bytes);
    fv_touch_write(to, bytes);
    return memmove(to, from, bytes);
}

void *fv_share_memset(void *to, int byte, size_t bytes) {
    fv_touch_write(to, bytes);
    return memset(to, byte, bytes);
}
