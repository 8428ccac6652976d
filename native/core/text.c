/* Recipes and versions for Python. */
#include <string.h>

#include "../common/layout.h"
#include "core.h"

static_assert(sizeof(struct fv_segment) == 24, "native.py packs segments");

int fv_core_abi(void) { return FV_ABI; }
const char *fv_core_abi_marker(void) { return FV_ABI_MARKER; }

static int copy_segments(const struct fv_recipe *r, uint8_t *to, uint32_t max) {
    if (r->segment_count > max) return -1;
    memcpy(to, r->segments, r->segment_count * sizeof *r->segments);
    return (int)r->segment_count;
}

int fv_core_parse_path(const char *text, size_t n, uint8_t *to, uint32_t max) {
    struct fv_recipe r;
    return fv_recipe_parse(&r, text, n) == FV_ERR_NONE ? copy_segments(&r, to, max) : -1;
}

size_t fv_core_print_path(const uint8_t *packed, uint32_t n, char *to) {
    struct fv_recipe r;
    if (n > FV_SEGMENTS_MAX) n = FV_SEGMENTS_MAX;
    memcpy(r.segments, packed, n * sizeof *r.segments);
    r.segment_count = n;
    return fv_recipe_print(&r, to);
}

int fv_core_parse_input(const uint8_t *bytes, size_t n, uint64_t *root, uint8_t *packed,
                        uint32_t max, uint8_t *tape, int64_t *tape_size) {
    struct fv_recipe r;
    if (fv_recipe_from_input(&r, tape, bytes, n) != FV_ERR_NONE) return -1;
    *root = r.root;
    *tape_size = r.has_tape ? (int64_t)r.tape_size : -1;
    return copy_segments(&r, packed, max);
}
