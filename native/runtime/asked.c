/* A job that begins again finds the inputs that it had taken in the tree's log, and gives the
 * engine those answers that it has not got. */
#include "asked.h"

#include <string.h>

#include "../common/ask.h"
#include "orders.h"
#include "split.h"

enum { FV_ASK_MS = 20 };

static struct fv_ask *ask(void) { return fv_layout_ask(fv_rt.header); }

static uint32_t padded(uint32_t size) {
    return (uint32_t)sizeof(struct fv_asked) + (size + 7) / 8 * 8;
}

/* ---- the log --------------------------------------------------------------------------------- */

static bool log_is_sound(const struct fv_tree *t) {
    return t->asked_count <= FV_ASKED_MAX && t->asked_bytes <= FV_ASKED_LOG_BYTES &&
           t->asked_bytes % 8 == 0;
}

static bool log_has_room(const struct fv_tree *t) {
    return FV_ASKED_LOG_BYTES - t->asked_bytes >= padded(FV_TAPE_BYTES_MAX);
}

/* NULL: there is none. */
static const struct fv_asked *logged(struct fv_tree *t, uint32_t at) {
    if (at > t->asked_bytes || t->asked_bytes - at < sizeof(struct fv_asked)) return NULL;
    const struct fv_asked *a = fv_layout_asked(fv_rt.header, t, at);
    bool fits = a->size <= FV_TAPE_BYTES_MAX && padded(a->size) <= t->asked_bytes - at;
    return fits ? a : NULL;
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* False: the job is to end. */
static bool await_ask(uint32_t number) {
    uint32_t seen;
    while ((int32_t)((seen = __atomic_load_n(&ask()->asks, __ATOMIC_ACQUIRE)) - number) < 0) {
        if (fv_split_must_stop()) return false;
        fv_wait_word(&ask()->asks, seen, FV_ASK_MS);
    }
    return true;
}

/* The next input of the engine becomes the last one of the log. */
static bool take(struct fv_tree *t) {
    if (!log_has_room(t) || !await_ask(t->asked_from + t->asked_count + 1)) return false;
    uint32_t size = ask()->size;
    if (size > FV_TAPE_BYTES_MAX) {
        ask()->is_garbage = 1;
        fv_runtime_ring();
        return false;
    }
    struct fv_asked *a = fv_layout_asked(fv_rt.header, t, t->asked_bytes);
    a->size = size;
    memcpy(a + 1, fv_layout_offered(fv_rt.header), size);
    t->asked_last = t->asked_bytes;
    t->asked_bytes += padded(size);
    t->asked_count++;
    return true;
}

/* The engine hears of each of its inputs once. */
static void answer(uint32_t number) {
    uint32_t before = __atomic_load_n(&ask()->answers, __ATOMIC_ACQUIRE);
    if ((int32_t)(number - before) <= 0) return;
    __atomic_store_n(&ask()->answers, number, __ATOMIC_RELEASE);
    fv_wait_wake(&ask()->answers);
}

/* ---- running --------------------------------------------------------------------------------- */

/* The engine offers no broken recipe: it looks before. */
static bool load(struct fv_tree *t, const struct fv_asked *a) {
    uint8_t *tape = fv_layout_tape(fv_rt.header, t);
    const uint8_t *bytes = (const uint8_t *)(a + 1);
    if (fv_recipe_from_input(&t->recipe, tape, bytes, a->size) == FV_ERR_NONE) return true;
    ask()->is_garbage = 1;
    fv_runtime_ring();
    return false;
}

enum fv_side fv_asked_run(const struct fv_order *o) {
    struct fv_tree *t = fv_rt.tree;
    uint32_t at = 0;
    for (uint32_t i = 0; i < o->child_count && i < FV_ASKED_MAX && !fv_split_must_stop(); i++) {
        if (!log_is_sound(t) || (i >= t->asked_count && !take(t))) break;
        const struct fv_asked *a = logged(t, at);
        if (a == NULL || !load(t, a)) break;
        memset(fv_layout_told(fv_rt.header, t), 0, fv_layout_map_used(fv_rt.header, t));
        if (fv_orders_run_input() == FV_CHILD) return FV_CHILD;
        answer(t->asked_from + i + 1);
        if (t->ring_head > 0) break;
        at += padded(a->size);
    }
    return FV_PARENT;
}
