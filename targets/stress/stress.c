/* Builds every kind of state that a process has, before the first timeline; each timeline checks
 * that it starts from it, then scribbles over all of it. For testing what puts a process back: a
 * page, a register or a descriptor that stays as another timeline left it is told as a bug. */
#include <errno.h>
#include <fuzzverse/fuzzverse.h>
#include <stddef.h>

#include "crash.h"
#include "digest.h"
#include "heap.h"
#include "kernel.h"
#include "library.h"
#include "memory.h"
#include "thread.h"

/* One timeline in so many, none for 0. */
#ifndef CRASH_ODDS
#define CRASH_ODDS 0
#endif
#ifndef HANG_ODDS
#define HANG_ODDS 0
#endif

enum { OPERATIONS_MIN = 25, OPERATIONS_MAX = 100, ENDS = 16 };

/* ---- what there is --------------------------------------------------------------------------- */

struct part {
    const char *name;
    void (*build)(void); /* NULL: it is there from the start */
    uint64_t (*digest)(void);
};

/* Digests are taken in this order: errno comes first, as the others change it. */
static const struct part parts[] = {
    {"errno", thread_build_errno, thread_digest_errno},
    {"the signal mask", thread_build_mask, thread_digest_mask},
    {"rounding", thread_build_rounding, thread_digest_rounding},
    {"lists", lists_build, lists_digest},
    {"the tree", tree_build, tree_digest},
    {"loose pieces", pieces_build, pieces_digest},
    {"large blocks", blocks_build, blocks_digest},
    {"globals", globals_build, globals_digest},
    {"thread-local variables", locals_build, locals_digest},
    {"sorted numbers", numbers_build, numbers_digest},
    {"streams", streams_build, streams_digest},
    {"generators", generators_build, generators_digest},
    {"words", words_build, words_digest},
    {"the environment", environment_build, environment_digest},
    {"texts", texts_build, texts_digest},
    {"what exit calls", NULL, exits_digest},
};

enum { PARTS = sizeof parts / sizeof *parts };

struct digests {
    uint64_t of[PARTS];
};

static struct digests at_start;

static struct digests take_digests(void) {
    struct digests digests;
    int number = errno;
    for (int i = 0; i < PARTS; i++) digests.of[i] = parts[i].digest();
    errno = number;
    return digests;
}

static uint64_t sum(const struct digests *digests) {
    return digest_bytes(0, digests->of, sizeof digests->of);
}

/* errno last, as the others change it. */
__attribute__((constructor)) static void build(void) {
    if (KERNEL_ODDS > 0) kernel_build();
    for (int i = PARTS - 1; i >= 0; i--)
        if (parts[i].build != NULL) parts[i].build();
    at_start = take_digests();
}

static void check_start(void) {
    struct digests now = take_digests();
    for (int i = 0; i < PARTS; i++)
        if (now.of[i] != at_start.of[i])
            fv_bug("every timeline starts from the same state, but for %s", parts[i].name);
    FV_ALWAYS(sum(&now) == sum(&at_start), "every timeline starts from the same state");
}

/* ---- what is done to it ---------------------------------------------------------------------- */

static uint32_t (*const operations[])(void) = {
    lists_push,        lists_pop,           lists_change,        lists_reverse,
    tree_insert,       tree_prune,          pieces_allocate,     pieces_resize,
    pieces_free,       blocks_set,          blocks_move,         globals_write_data,
    globals_write_bss, locals_write,        numbers_sort,        stack_descend,
    stack_jump,        thread_set_errno,    thread_change_mask,  thread_change_rounding,
    thread_calculate,  streams_print_grown, streams_print_fixed, generators_take,
    generators_seed,   words_take,          environment_set,     environment_unset,
    texts_ask,         exits_add,
};

enum { OPERATIONS = sizeof operations / sizeof *operations };

static uint32_t bits_of(uint32_t size) {
    return size == 0 ? 0 : 32 - (uint32_t)__builtin_clz(size);
}

static void scribble(void) {
    for (int64_t left = fv_between(OPERATIONS_MIN, OPERATIONS_MAX); left > 0; left--) {
        uint32_t operation = fv_pick("operation", OPERATIONS);
        uint32_t bits = bits_of(operations[operation]());
        FV_SOMETIMES_EACH("an operation on so much",
                          FV_KEYS({"operation", operation}, {"bits", bits}), FV_QUALITY());
    }
}

/* Any draw is as good as another, whatever the search thinks of extremes. */
static bool is_one_in(uint64_t odds) { return odds > 0 && digest_mix(fv_u64()) % odds == 0; }

FV_TARGET(stress) {
    check_start();
    if (KERNEL_ODDS > 0) kernel_check();
    scribble();
    if (KERNEL_ODDS > 0 && is_one_in(KERNEL_ODDS)) kernel_change();
    scribble();
    if (is_one_in(CRASH_ODDS)) crash_somehow();
    if (is_one_in(HANG_ODDS)) crash_never_end();
    struct digests now = take_digests();
    fv_log("ends as %#llx", (unsigned long long)sum(&now));
    FV_SOMETIMES_EACH("how the state ends", FV_KEYS({"sum", sum(&now) % ENDS}), FV_QUALITY());
}
