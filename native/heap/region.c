#include "region.h"

#include <errno.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

#define FV_REGION_BYTES_MAX (UINT64_C(64) << 30)
#define FV_REGION_BYTES_MIN (UINT64_C(1) << 30)

/* Far from where kernels put anything; the second for those with 39 bits of address space. */
static const uintptr_t places[] = {0x300000000000, 0x3000000000};

static void *reserve(uintptr_t place, uint64_t bytes) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *mapped = mmap((void *)place, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (mapped == MAP_FAILED) return NULL;
    if (mapped == (void *)place) return mapped;
    munmap(mapped, bytes); /* a kernel before 4.17 takes the place as a hint */
    return NULL;
}

static struct fv_region *begin(struct fv_region *r, uint64_t bytes) {
    /* A huge page would be copied whole for one byte of it. */
    madvise(r, bytes, MADV_NOHUGEPAGE);
    uintptr_t first = (uintptr_t)r + sizeof *r + FV_WORD_BYTES;
    r->end = (uintptr_t)r + bytes;
    r->top = r->fresh = (first + FV_GRAIN - 1) & ~(uintptr_t)(FV_GRAIN - 1);
    return r;
}

struct fv_region *fv_region_open(void) {
    int saved = errno;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        for (uint64_t bytes = FV_REGION_BYTES_MAX; bytes >= FV_REGION_BYTES_MIN; bytes /= 2) {
            struct fv_region *r = reserve(places[i], bytes);
            if (r == NULL) continue;
            begin(r, bytes);
            errno = saved;
            return r;
        }
    }
    errno = saved;
    return NULL;
}
