/* Moments: lists of the pages that differ from the start, and what is in them. Pages go by number;
 * what they are is not known here. */
#ifndef FV_RUNTIME_MOMENT_H
#define FV_RUNTIME_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

enum { FV_MOMENTS_MAX = 2048 };

struct fv_moment {
    uint32_t chunks; /* blocks, linked */
    uint32_t count;
    uint32_t is_used;
    uint32_t is_dropped; /* to be freed when memory is taken elsewhere */
};

bool fv_moment_open(void);
/* An empty one; NULL when there are too many. */
struct fv_moment *fv_moment_new(void);
/* Takes over a reference to the block. False: there is no room, and the block is dropped. */
bool fv_moment_add(struct fv_moment *moment, uint32_t page, uint32_t block);
/* Drops its blocks as well. */
void fv_moment_free(struct fv_moment *moment);
/* Nothing is done for NULL, the start. */
void fv_moment_each(const struct fv_moment *moment, void (*each)(uint32_t page, uint32_t block));

#endif
