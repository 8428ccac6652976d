/* The malloc family. What libc makes by itself (strdup, getline, streams) and what C++ makes with
 * new comes here too.
 *
 * The first call may come from the dynamic linker, before any constructor. One lock guards all of
 * it. It is left alone while there is one thread, and what forks timelines has no other: no child
 * finds it held. */
#include "heap.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "chunk.h"
#include "small.h"

#define FV_PUBLIC __attribute__((visibility("default")))
#define FV_WORD_STRAY UINT64_MAX /* in place of the word of what cannot have one */

enum { FV_SPINS_MAX = 100 };

/* C23, not in every libc's headers. */
void free_sized(void *p, size_t n);
void free_aligned_sized(void *p, size_t align, size_t n);

/* Absent before glibc 2.32. */
extern char __libc_single_threaded __attribute__((weak));

/* Set by the first call. That comes before a second thread: making one allocates. */
static struct fv_region *region;

/* ---- in and out ------------------------------------------------------------------------------ */

static void lock_slowly(uint32_t *lock) {
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0)
        for (unsigned i = 0; __atomic_load_n(lock, __ATOMIC_RELAXED) != 0; i++)
            if (i >= FV_SPINS_MAX) syscall(SYS_sched_yield);
}

/* NULL, and nothing to leave, when there is no memory at all. */
static inline struct fv_region *enter(void) {
    if (FV_UNLIKELY(region == NULL)) region = fv_region_open();
    struct fv_region *r = region;
    bool is_alone = &__libc_single_threaded != NULL && __libc_single_threaded;
    if (FV_UNLIKELY(!is_alone) && r != NULL) lock_slowly(&r->lock);
    return r;
}

static inline void leave(struct fv_region *r) { __atomic_store_n(&r->lock, 0, __ATOMIC_RELEASE); }

static size_t request_max(const struct fv_region *r) { return r->end - (uintptr_t)r; }

__attribute__((cold, noinline)) static void *fail(int why) {
    errno = why;
    return NULL;
}

/* Left before, as a handler of the signal may allocate. Past stdio, which may be what is broken. */
__attribute__((cold, noinline)) static _Noreturn void complain(struct fv_region *r, uint64_t word,
                                                               const char *call) {
    bool is_free = word >> FV_SEAL_SHIFT == 0 && (word & FV_WORD_FREE);
    const char *const parts[] = {"fuzzverse heap: ", call,
                                 "(): ", is_free ? "double free\n" : "invalid pointer\n"};
    struct iovec line[sizeof parts / sizeof *parts];
    if (r != NULL) leave(r);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        line[i] = (struct iovec){(void *)(uintptr_t)parts[i], strlen(parts[i])};
    syscall(SYS_writev, STDERR_FILENO, line, sizeof parts / sizeof *parts);
    abort();
}

/* ---- one thing ------------------------------------------------------------------------------- */

/* All but the first `dirty` bytes are zero. */
static inline void *take(struct fv_region *r, size_t n, size_t *dirty) {
    if (FV_LIKELY(n <= FV_SMALL_MAX)) {
        unsigned class = fv_small_class(n);
        struct fv_class *c = &r->classes[class];
        bool is_fresh = c->free == NULL;
        void *p = fv_small_take(r, class);
        *dirty = is_fresh && c->is_run_zero ? 0 : n;
        return p;
    }
    return n <= request_max(r) ? fv_chunk_take(r, fv_chunk_fit(n), dirty) : NULL;
}

static inline uint64_t word_of(const struct fv_region *r, const void *p) {
    uintptr_t at = (uintptr_t)p;
    bool is_ours = r != NULL && at > (uintptr_t)r && at < r->fresh && at % FV_GRAIN == 0;
    return FV_LIKELY(is_ours) ? fv_word(p) : FV_WORD_STRAY;
}

/* False when it is not handed out. */
static inline bool give(struct fv_region *r, void *p, uint64_t word) {
    unsigned class = fv_small_of_word(word);
    if (FV_LIKELY(class != 0))
        fv_small_give(r, p, class);
    else if (fv_chunk_is_live(r, p, word))
        fv_chunk_give(r, p);
    else
        return false;
    return true;
}

/* 0 when it is not handed out. */
static size_t usable(const struct fv_region *r, const void *p, uint64_t word) {
    unsigned class = fv_small_of_word(word);
    if (class != 0) return fv_small_usable(class);
    return fv_chunk_is_live(r, p, word) ? fv_chunk_size(p) - FV_WORD_BYTES : 0;
}

/* Makes it `n` bytes long where it is; what would shrink to less than half had better move. */
static bool resize(struct fv_region *r, void *p, uint64_t word, size_t n) {
    size_t before = usable(r, p, word);
    if (fv_small_of_word(word) != 0) return n <= before && n >= before / 2;
    if (n > request_max(r) || (n <= FV_SMALL_MAX && n < before / 2)) return false;
    return fv_chunk_resize(r, p, fv_chunk_fit(n));
}

/* NULL, and nothing changed, when there is no room; less room is always there. */
static void *move(struct fv_region *r, void *p, uint64_t word, size_t n) {
    size_t before = usable(r, p, word), dirty;
    void *moved = take(r, n, &dirty);
    if (moved == NULL) return n <= before ? p : NULL;
    memcpy(moved, p, n < before ? n : before);
    give(r, p, word);
    return moved;
}

static void *take_aligned(size_t align, size_t n) {
    struct fv_region *r = enter();
    if (r == NULL) return NULL;
    void *p = NULL;
    size_t dirty;
    if (align <= FV_GRAIN)
        p = take(r, n, &dirty);
    else if (align <= request_max(r) && n <= request_max(r))
        p = fv_chunk_take_aligned(r, fv_chunk_fit(n), align);
    leave(r);
    return p;
}

static bool is_power_of_two(size_t n) { return n != 0 && (n & (n - 1)) == 0; }

static size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static uint64_t page_end(uint64_t at) { return (at + page_bytes() - 1) & ~(page_bytes() - 1); }

/* ---- the family ------------------------------------------------------------------------------ */

FV_PUBLIC void *malloc(size_t n) {
    struct fv_region *r = enter();
    if (FV_UNLIKELY(r == NULL)) return fail(ENOMEM);
    size_t dirty;
    void *p = take(r, n, &dirty);
    leave(r);
    return FV_LIKELY(p != NULL) ? p : fail(ENOMEM);
}

FV_PUBLIC void free(void *p) {
    if (p == NULL) return;
    struct fv_region *r = enter();
    uint64_t word = word_of(r, p);
    if (FV_UNLIKELY(!give(r, p, word))) complain(r, word, "free");
    leave(r);
}

FV_PUBLIC void *calloc(size_t count, size_t each) {
    size_t n, dirty;
    if (__builtin_mul_overflow(count, each, &n)) return fail(ENOMEM);
    struct fv_region *r = enter();
    if (r == NULL) return fail(ENOMEM);
    void *p = take(r, n, &dirty);
    leave(r);
    if (p == NULL) return fail(ENOMEM);
    return memset(p, 0, dirty < n ? dirty : n);
}

FV_PUBLIC void *realloc(void *p, size_t n) {
    if (p == NULL) return malloc(n);
    if (n == 0) {
        free(p);
        return NULL;
    }
    struct fv_region *r = enter();
    uint64_t word = word_of(r, p);
    if (usable(r, p, word) == 0) complain(r, word, "realloc");
    void *moved = resize(r, p, word, n) ? p : move(r, p, word, n);
    leave(r);
    return moved != NULL ? moved : fail(ENOMEM);
}

FV_PUBLIC void *reallocarray(void *p, size_t count, size_t each) {
    size_t n;
    return __builtin_mul_overflow(count, each, &n) ? fail(ENOMEM) : realloc(p, n);
}

FV_PUBLIC void *aligned_alloc(size_t align, size_t n) {
    if (!is_power_of_two(align)) return fail(EINVAL);
    void *p = take_aligned(align, n);
    return p != NULL ? p : fail(ENOMEM);
}

/* As glibc's: an alignment that is none is rounded up. */
FV_PUBLIC void *memalign(size_t align, size_t n) {
    size_t power = FV_GRAIN;
    while (power < align && power <= SIZE_MAX / 2) power *= 2;
    return power < align ? fail(EINVAL) : aligned_alloc(power, n);
}

FV_PUBLIC int posix_memalign(void **to, size_t align, size_t n) {
    if (!is_power_of_two(align) || align % sizeof(void *) != 0) return EINVAL;
    void *p = take_aligned(align, n);
    if (p == NULL) return ENOMEM;
    *to = p;
    return 0;
}

FV_PUBLIC void *valloc(size_t n) { return aligned_alloc(page_bytes(), n); }

FV_PUBLIC void *pvalloc(size_t n) {
    return n > PTRDIFF_MAX ? fail(ENOMEM) : aligned_alloc(page_bytes(), page_end(n));
}

FV_PUBLIC size_t malloc_usable_size(void *p) {
    if (p == NULL) return 0;
    struct fv_region *r = enter();
    uint64_t word = word_of(r, p);
    size_t n = usable(r, p, word);
    if (n == 0) complain(r, word, "malloc_usable_size");
    leave(r);
    return n;
}

/* Else they would be libc's, and given what is ours. */
FV_PUBLIC void free_sized(void *p, size_t n) {
    (void)n;
    free(p);
}

FV_PUBLIC void free_aligned_sized(void *p, size_t align, size_t n) {
    (void)align, (void)n;
    free(p);
}

/* ---- for the runtime ------------------------------------------------------------------------- */

bool fv_heap_span(struct fv_heap_span *span) {
    const struct fv_region *r = region;
    if (r == NULL) return false;
    *span = (struct fv_heap_span){(uintptr_t)r, page_end(r->fresh), r->end};
    return true;
}

uint64_t fv_heap_bytes(void) {
    if (region == NULL) return 0;
    struct fv_region *r = enter();
    uint64_t bytes = r->chunk_bytes - r->run_bytes;
    for (unsigned class = 1; class < FV_CLASS_SLOTS; class++)
        bytes += r->classes[class].live * fv_small_usable(class);
    leave(r);
    return bytes;
}
