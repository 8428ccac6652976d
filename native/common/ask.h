/* What an engine, which chooses inputs, and the worker that runs them have in common. */
#ifndef FV_COMMON_ASK_H
#define FV_COMMON_ASK_H

#include "layout.h"

enum {
    FV_ASKED_MAX = 256,           /* inputs of one job */
    FV_ASKED_LOG_BYTES = 2 << 20, /* and their bytes */
};

/* Between an engine, which offers inputs, and the worker that runs them; native/core/driver.c has
 * the engine. An input stands right behind this page until it is answered. No job may rely on what
 * is here: every process of the session can write it. */
struct fv_ask {
    uint32_t asks;       /* inputs offered so far; a futex; the engine's */
    uint32_t answers;    /* inputs answered so far; a futex; the worker's */
    uint32_t size;       /* of the input on offer; the engine's */
    uint32_t is_garbage; /* the worker cannot make sense of it */
    uint32_t is_over;    /* the engine is to end; the controller's */
    /* of an engine that mutates; the bytes stand where inputs do */
    uint32_t wishes;  /* for a mutation, so far; a futex; the controller's */
    uint32_t granted; /* of them; a futex; the engine's */
    uint32_t room;    /* for the mutated bytes; the controller's */
};

/* An input in a tree's log; its bytes follow, filled up to a multiple of eight. */
struct fv_asked {
    uint32_t size;
    uint32_t reserved;
};

static inline struct fv_ask *fv_layout_ask(const struct fv_header *h) {
    return (struct fv_ask *)fv_layout_at(h, h->ask_at);
}
static inline uint8_t *fv_layout_offered(const struct fv_header *h) {
    return fv_layout_at(h, h->ask_at + FV_LAYOUT_PAGE_BYTES);
}

/* Features that the timelines of the engine's input have had, as in an explored map. */
static inline uint8_t *fv_layout_told(const struct fv_header *h, struct fv_tree *t) {
    return (uint8_t *)t + h->tree_told;
}
/* The engine's inputs that the job has taken, in order. */
static inline struct fv_asked *fv_layout_asked(const struct fv_header *h, struct fv_tree *t,
                                               uint32_t at) {
    return (struct fv_asked *)((uint8_t *)t + h->tree_log + at);
}

#endif
