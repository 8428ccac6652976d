/* Recipes and inputs, as values and as text. */
#ifndef FV_COMMON_RECIPE_H
#define FV_COMMON_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"

enum {
    FV_SEGMENTS_MAX = 1024,           /* of one recipe */
    FV_TAPE_BYTES_MAX = 1 << 20,      /* of one tape */
    FV_RECIPE_TEXT_BYTES = 1024 * 64, /* any recipe's path as text, NUL included */
    FV_INPUT_BYTES_MAX = (1 << 22),   /* of an input file; a tape takes two digits a byte */
};

#define FV_INPUT_HEADER "fuzzverse recipe 1\n"

/* What happens at draw `count` of the current segment. A reseeding begins a segment: `seed` drives
 * it, from its draw number `offset` on. The other two change one draw and leave the generator
 * alone: an answer says what it is (the largest that its bound allows, if that is less), a nudge
 * adds to what it would have been, modulo its bound. */
enum fv_segment_kind {
    FV_SEGMENT_RESEED,
    FV_SEGMENT_ANSWER,
    FV_SEGMENT_NUDGE,
    FV_SEGMENT_WILD,  /* reseeds; one draw in so many is at an extreme, or any option */
    FV_SEGMENT_PLAIN, /* no seed: every draw answers its simplest value, chances say no */
    FV_SEGMENT_KINDS
};

struct fv_segment {
    uint64_t count;
    uint64_t seed;   /* or the answer, or the nudge in two's complement */
    uint32_t kind;   /* enum fv_segment_kind */
    uint32_t offset; /* of a reseeding; of a wild one, both: see fv_segment_wild */
};

enum { FV_WILD_SHIFT = 20, FV_WILD_ONE_IN_MAX = (1 << 12) - 1 };
#define FV_WILD_OFFSET_MAX ((UINT32_C(1) << FV_WILD_SHIFT) - 1)

/* What `offset` is of a wild segment. */
static inline uint32_t fv_segment_wild(uint32_t one_in, uint32_t offset) {
    return one_in << FV_WILD_SHIFT | offset;
}
static inline uint32_t fv_segment_one_in(uint32_t kind, uint32_t offset) {
    return kind == FV_SEGMENT_WILD ? offset >> FV_WILD_SHIFT : 0;
}
/* Where in its seed's draws a segment begins. */
static inline uint32_t fv_segment_skips(uint32_t kind, uint32_t offset) {
    return kind == FV_SEGMENT_WILD ? offset & FV_WILD_OFFSET_MAX : offset;
}

static inline bool fv_segment_begins(const struct fv_segment *segment) {
    return segment->kind == FV_SEGMENT_RESEED || segment->kind == FV_SEGMENT_WILD ||
           segment->kind == FV_SEGMENT_PLAIN;
}

/* Where a timeline starts: a root seed, or a tape whose hash is the root seed; then segments. */
struct fv_recipe {
    uint64_t root;
    uint32_t segment_count;
    uint32_t has_tape;
    uint32_t tape_size;
    uint32_t reserved;
    struct fv_segment segments[FV_SEGMENTS_MAX];
};

/* "151@8837201 -> 80@1293847"; "" is no segments. A reseeding from draw 37 of a seed on is
 * 80@1293847+37, a wild one 80@1293847*16 or 80@1293847*16+37, a plain one 80@plain, an answer
 * 12=5, a nudge 12+1 or 12-1. Parsing then printing is the identity. */
enum fv_err fv_recipe_parse(struct fv_recipe *recipe, const char *text, size_t n);
/* Returns the length; `to` holds FV_RECIPE_TEXT_BYTES. */
size_t fv_recipe_print(const struct fv_recipe *recipe, char *to);

/* Any bytes are an input: with the header a recipe, else a tape. `tape` holds
 * FV_TAPE_BYTES_MAX and belongs to the caller. */
enum fv_err fv_recipe_from_input(struct fv_recipe *recipe, uint8_t *tape, const uint8_t *bytes,
                                 size_t n);
/* The root seed that a tape stands for. */
uint64_t fv_recipe_tape_seed(const uint8_t *tape, size_t n);

#endif
