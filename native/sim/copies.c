/* What memcpy() and its like are in sources that are preempted at shared accesses: see
 * sim/preempt.h. */
#include <string.h>

#include "inside.h"

void *fv_copy_memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *fv_copy_memmove(void *to, const void *from, size_t bytes);
void *fv_copy_memset(void *to, int byte, size_t bytes);
int fv_copy_memcmp(const void *one, const void *other, size_t bytes);

void *fv_copy_memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    fv_touch_read(from, bytes);
    fv_touch_write(to, bytes);
    return memcpy(to, from, bytes);
}

void *fv_copy_memmove(void *to, const void *from, size_t bytes) {
    fv_touch_read(from, bytes);
    fv_touch_write(to, bytes);
    return memmove(to, from, bytes);
}

void *fv_copy_memset(void *to, int byte, size_t bytes) {
    fv_touch_write(to, bytes);
    return memset(to, byte, bytes);
}

int fv_copy_memcmp(const void *one, const void *other, size_t bytes) {
    fv_touch_read(one, bytes);
    fv_touch_read(other, bytes);
    return memcmp(one, other, bytes);
}
