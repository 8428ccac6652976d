#include "bytes.h"

#include <stdlib.h>

#include "../include/fuzzverse/fuzzverse.h"
#include "ending.h"
#include "runtime.h"
#include "series.h"

/* Of the timeline under way: ordinary memory, which is as it was at the start when one begins. */
static struct {
    uint8_t *data;
    bool is_given;
    uint64_t compared; /* before it */
} input;

/* Small ones are as likely as large ones. */
static size_t draw_size(void) {
    uint64_t bits = fv_below(FV_BYTES_DRAWN_LOG2 + 1);
    return (size_t)fv_below(UINT64_C(1) << bits);
}

/* One draw a byte, so that draw k of a tape is its byte k, and recipes may edit it. */
static void draw_bytes(uint8_t *to, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] = (uint8_t)fv_below(256);
}

bool fv_bytes_next(const uint8_t **data, size_t *size) {
    if (fv_series_is_on()) return fv_series_next(data, size);
    const struct fv_recipe *recipe = &fv_rt.slot->recipe;
    if (input.is_given) return false;
    input.is_given = true;
    *size = recipe->has_tape ? (size_t)recipe->tape_size : draw_size();
    input.data = malloc(*size);
    if (input.data == NULL && *size > 0) fv_ending_lose("no memory for an input");
    draw_bytes(input.data, *size);
    *data = input.data;
    input.compared = fv_rt.compared;
    return true;
}

void fv_bytes_end(int result) {
    if (fv_series_is_on()) {
        fv_series_end(result != FV_BYTES_NOT_KEPT);
        return;
    }
    fv_rt.slot->cost = fv_rt.compared - input.compared;
    free(input.data);
    input.data = NULL;
}
