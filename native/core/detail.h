/* What a discovery found, in words: the keys of a bucket, a margin, a width. */
#ifndef FV_CORE_DETAIL_H
#define FV_CORE_DETAIL_H

#include "../common/layout.h"

/* Without a terminator; what does not fit is cut. Returns the length, which may exceed `size`. */
int fv_detail_print(const struct fv_mark *mark, const int64_t *keys, uint32_t key_count,
                    const int64_t *qualities, char *to, size_t size);

#endif
