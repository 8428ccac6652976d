/* Inputs of byte targets: simulations that are a function of a string of bytes. The bytes of a tape
 * are such an input, whole; where there is no tape they are drawn. */
#ifndef FV_RUNTIME_BYTES_H
#define FV_RUNTIME_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FV_BYTES_DRAWN_LOG2 = 12, /* of the largest input that is drawn */
    FV_BYTES_NOT_KEPT = -1,
};

/* The next input of this timeline, in a block of the heap that has just its size, so that a
 * sanitizer sees who reads past it. False: there is none left. */
bool fv_bytes_next(const uint8_t **data, size_t *size);
/* The harness is done with it. `result` is what it returned: FV_BYTES_NOT_KEPT keeps the input out
 * of the corpus. */
void fv_bytes_end(int result);

#endif
