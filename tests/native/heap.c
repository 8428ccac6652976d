/* The heap of targets, by way of the malloc family: this program's own memory comes from it. */
/* links: heap/chunk heap/heap heap/region heap/small */
/* flags: -fsanitize=undefined -fno-builtin */
#include "heap.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"
#include "mix.h"

enum {
    THINGS = 512,
    STEPS = 400000,
    LOOK_EVERY = 20000,
    THREADS = 4,
    LARGE = 100 << 10,
    MANY = 64
};

/* What the compiler must not know the outcome of; it takes every block for a new one. */
static void *volatile opaque;

struct thing {
    unsigned char *p;
    size_t n;
    unsigned char tag; /* what all of its bytes are */
};

static struct fv_heap_span span_now(void) {
    struct fv_heap_span span;
    EXPECT(fv_heap_span(&span));
    EXPECT(span.start < span.used && span.used <= span.end);
    EXPECT(span.start % 4096 == 0 && span.used % 4096 == 0 && span.end % 4096 == 0);
    return span;
}

static bool is_all(const unsigned char *p, size_t n, unsigned char tag) {
    return n == 0 || (p[0] == tag && memcmp(p, p + 1, n - 1) == 0);
}

/* ---- against a model ------------------------------------------------------------------------- */

/* Mostly small, at times beyond what classes serve. */
static size_t size_of(uint64_t draw) {
    unsigned bits = 4 + (unsigned)(draw % 7);
    if (draw % 64 == 1) bits = 15;
    if (draw % 128 == 3) bits = 19;
    return (draw >> 20) & ((UINT64_C(1) << bits) - 1);
}

static void check(const struct thing *t) {
    EXPECT((uintptr_t)t->p % 16 == 0);
    EXPECT(malloc_usable_size(t->p) >= t->n);
    EXPECT(is_all(t->p, t->n, t->tag));
}

static void *made(uint64_t draw, size_t n) {
    size_t align = (size_t)16 << (draw >> 8) % 9;
    void *p = NULL;
    switch (draw % 5) {
    case 0:
        p = calloc(1, n);
        EXPECT(p != NULL && is_all(p, n, 0));
        break;
    case 1:
        EXPECT(posix_memalign(&p, align, n) == 0);
        EXPECT((uintptr_t)p % align == 0);
        break;
    default: p = malloc(n);
    }
    EXPECT(p != NULL);
    return p;
}

static void step(struct thing *t, uint64_t seed) {
    uint64_t what = fv_mix_draw(seed, 0);
    size_t n = size_of(fv_mix_draw(seed, 1)), before = t->n;
    if (t->p == NULL) {
        t->p = made(what, n);
    } else if (what % 4 == 0 && n > 0) {
        check(t);
        t->p = realloc(t->p, n);
        EXPECT(t->p != NULL && is_all(t->p, n < before ? n : before, t->tag));
    } else {
        check(t);
        free(t->p);
        *t = (struct thing){0};
        return;
    }
    t->n = n;
    t->tag = (unsigned char)(what >> 32);
    memset(t->p, t->tag, n);
    check(t);
}

static uint64_t usable_in_all(const struct thing *things) {
    uint64_t bytes = 0;
    for (unsigned i = 0; i < THINGS; i++) bytes += malloc_usable_size(things[i].p);
    return bytes;
}

static bool are_apart(const struct thing *a, const struct thing *b) {
    if (a->p == NULL || b->p == NULL) return true;
    return a->p + malloc_usable_size(a->p) <= b->p || b->p + malloc_usable_size(b->p) <= a->p;
}

static void check_all(const struct thing *things, uint64_t bytes_elsewhere) {
    struct fv_heap_span span = span_now();
    EXPECT(fv_heap_bytes() == bytes_elsewhere + usable_in_all(things));
    for (unsigned i = 0; i < THINGS; i++) {
        uint64_t at = (uintptr_t)things[i].p;
        if (at == 0) continue;
        check(&things[i]);
        EXPECT(at > span.start && at + malloc_usable_size(things[i].p) <= span.used);
        for (unsigned k = 0; k < i; k++) EXPECT(are_apart(&things[i], &things[k]));
    }
}

static void random_steps_keep_to_the_model(void) {
    struct thing things[THINGS] = {0};
    uint64_t bytes = fv_heap_bytes();
    for (uint64_t i = 0; i < STEPS; i++) {
        step(&things[fv_mix_draw(1, i) % THINGS], fv_mix_draw(2, i));
        if (i % LOOK_EVERY == 0) check_all(things, bytes);
    }
    for (unsigned i = 0; i < THINGS; i++) free(things[i].p);
    EXPECT(fv_heap_bytes() == bytes);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static void little_is_wasted(void) {
    for (size_t n = 0; n < 40000; n += 1 + n / 100) {
        void *p = malloc(n);
        EXPECT(malloc_usable_size(p) >= n);
        EXPECT(malloc_usable_size(p) <= n + n / 4 + 16);
        free(p);
    }
}

static void nothing_is_something(void) {
    void *a = malloc(0), *b = malloc(0), *c = calloc(0, 8);
    EXPECT(a != NULL && b != NULL && c != NULL && a != b && b != c && a != c);
    errno = 5;
    free(a);
    free(b);
    free(c);
    free(NULL);
    EXPECT(errno == 5);
    EXPECT(malloc_usable_size(NULL) == 0);
}

static uintptr_t address(void *p) {
    opaque = p;
    return (uintptr_t)opaque;
}

static void last_freed_comes_first(void) {
    uintptr_t a = address(malloc(100)), b = address(malloc(100));
    free((void *)a);
    free((void *)b);
    EXPECT(address(malloc(97)) == b);
    EXPECT(address(malloc(104)) == a);
    free((void *)a);
    free((void *)b);
}

/* ---- realloc --------------------------------------------------------------------------------- */

static void realloc_ends_and_begins(void) {
    void *p = realloc(NULL, 10);
    EXPECT(p != NULL);
    opaque = realloc(p, 0);
    EXPECT(opaque == NULL);
    p = reallocarray(NULL, 10, 10);
    EXPECT(malloc_usable_size(p) >= 100);
    free(p);
}

static void large_ones_change_in_place(void) {
    unsigned char *p = malloc(LARGE), *behind = malloc(LARGE), *wall = malloc(LARGE);
    memset(p, 7, LARGE);
    EXPECT((uintptr_t)behind == (uintptr_t)p + malloc_usable_size(p) + 8);
    free(behind);
    uintptr_t at = (uintptr_t)p;
    p = realloc(p, LARGE * 3 / 2);
    EXPECT((uintptr_t)p == at && is_all(p, LARGE, 7));
    p = realloc(p, LARGE / 2);
    EXPECT((uintptr_t)p == at && malloc_usable_size(p) < LARGE && is_all(p, LARGE / 2, 7));
    p = realloc(p, LARGE * 2);
    EXPECT((uintptr_t)p == at && is_all(p, LARGE / 2, 7));
    p = realloc(p, LARGE * 4);
    EXPECT((uintptr_t)p != at && is_all(p, LARGE / 2, 7));
    free(p);
    free(wall);
}

/* At the top it only ever lengthens. */
static void growth_at_the_top_never_copies(void) {
    unsigned char *p = malloc(64 << 20); /* nothing free is as big */
    uintptr_t at = (uintptr_t)p;
    for (size_t n = 65; n < 128; n++) {
        p = realloc(p, n << 20);
        EXPECT((uintptr_t)p == at);
    }
    free(p);
}

static void shrinking_gives_small_things_back(void) {
    unsigned char *p = malloc(20000);
    memset(p, 9, 20000);
    p = realloc(p, 100);
    EXPECT(malloc_usable_size(p) < 200 && is_all(p, 100, 9));
    p = realloc(p, LARGE);
    EXPECT(is_all(p, 100, 9));
    p = realloc(p, 50);
    EXPECT(malloc_usable_size(p) < 200 && is_all(p, 50, 9));
    free(p);
}

/* ---- coalescing ------------------------------------------------------------------------------ */

static void take_and_free_in_disorder(uint64_t round) {
    void *p[MANY];
    for (uint64_t i = 0; i < MANY; i++)
        EXPECT(p[i] = malloc(LARGE + (round * 7919 + i * 104) % LARGE));
    uint64_t stride = 2 * (fv_mix(round) % MANY) + 1; /* odd: passes all */
    for (uint64_t i = 0; i < MANY; i++) free(p[i * stride % MANY]);
}

/* Whichever of three is the last. */
static void three_make_one(void) {
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        void *all = malloc(3 * LARGE), *wall = malloc(LARGE), *p[3];
        uintptr_t first = (uintptr_t)all;
        free(all);
        for (int k = 0; k < 3; k++) p[k] = malloc(LARGE - 100);
        for (int k = 0; k < 3; k++) free(p[orders[i][k]]);
        all = malloc(3 * LARGE);
        EXPECT((uintptr_t)p[0] == first && (uintptr_t)all == first);
        free(all);
        free(wall);
    }
}

static void what_is_free_is_used_again(void) {
    take_and_free_in_disorder(0);
    void *all = malloc((size_t)MANY * LARGE * 2);
    uint64_t used = span_now().used;
    free(all);
    for (uint64_t round = 1; round < 300; round++) take_and_free_in_disorder(round);
    EXPECT(span_now().used == used);
    all = malloc((size_t)MANY * LARGE * 2);
    EXPECT(span_now().used == used);
    free(all);
}

/* ---- calloc ---------------------------------------------------------------------------------- */

static void what_was_used_is_cleared(void) {
    for (size_t n = 1; n < 300000; n += 1 + n / 8) {
        void *p[4];
        for (int i = 0; i < 4; i++) EXPECT(p[i] = malloc(n));
        for (int i = 0; i < 4; i++) memset(p[i], 0xee, n);
        for (int i = 0; i < 4; i++) free(p[i]);
        for (int i = 0; i < 4; i++) EXPECT((p[i] = calloc(n, 1)) != NULL && is_all(p[i], n, 0));
        for (int i = 0; i < 4; i++) free(p[i]);
    }
}

static void what_was_never_used_is_not_touched(void) {
    struct rusage before, after;
    size_t n = 64 << 20;
    getrusage(RUSAGE_SELF, &before);
    void *p = calloc(1, n);
    getrusage(RUSAGE_SELF, &after);
    EXPECT(p != NULL && after.ru_minflt - before.ru_minflt < 10);
    EXPECT(is_all(p, n, 0));
    free(p);
}

/* ---- alignment ------------------------------------------------------------------------------- */

static void alignments_are_kept(void) {
    for (size_t align = 16; align <= 1 << 20; align *= 2) {
        for (size_t n = 0; n < 100000; n = 3 * n + 1) {
            unsigned char *a = aligned_alloc(align, n), *b = memalign(align, n);
            EXPECT(a != NULL && (uintptr_t)a % align == 0 && malloc_usable_size(a) >= n);
            EXPECT(b != NULL && (uintptr_t)b % align == 0 && malloc_usable_size(b) >= n);
            memset(a, 1, n);
            memset(b, 2, n);
            EXPECT(is_all(a, n, 1));
            a = realloc(a, n + 1);
            EXPECT(is_all(a, n, 1) && is_all(b, n, 2));
            free(a);
            free(b);
        }
    }
}

static void pages_are_aligned(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *a = valloc(10), *b = pvalloc(page + 1);
    EXPECT((uintptr_t)a % page == 0 && (uintptr_t)b % page == 0);
    EXPECT(malloc_usable_size(b) >= 2 * page);
    free(a);
    free(b);
}

/* ---- processes and threads ------------------------------------------------------------------- */

/* Of all that a run of steps is given; leaves it allocated. */
static uint64_t addresses_of_steps(void) {
    struct thing things[THINGS] = {0};
    uint64_t hash = 0;
    for (uint64_t i = 0; i < STEPS / 10; i++) {
        struct thing *t = &things[fv_mix_draw(3, i) % THINGS];
        step(t, fv_mix_draw(4, i));
        hash = fv_mix(hash ^ (uintptr_t)t->p);
    }
    return hash;
}

static uint64_t addresses_in_child(void) {
    int pipes[2];
    uint64_t hash = 0;
    EXPECT(pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0) {
        hash = addresses_of_steps();
        EXPECT(write(pipes[1], &hash, sizeof hash) == sizeof hash);
        _exit(0);
    }
    EXPECT(read(pipes[0], &hash, sizeof hash) == sizeof hash);
    EXPECT(waitpid(child, NULL, 0) == child);
    close(pipes[0]);
    close(pipes[1]);
    return hash;
}

static void equal_calls_give_equal_addresses(void) {
    EXPECT(addresses_in_child() == addresses_in_child());
}

/* All that it knows is between start and used, and behind that it counts on zeros. */
static void put_back_it_goes_on_alike(void) {
    struct fv_heap_span before = span_now();
    void *start = (void *)before.start;
    size_t n = before.used - before.start;
    void *copy = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(copy != MAP_FAILED);
    memcpy(copy, start, n);
    uint64_t hash = addresses_of_steps(), bytes = fv_heap_bytes();
    for (int i = 0; i < 2; i++) {
        memset((char *)start + n, 0, span_now().used - before.used);
        memcpy(start, copy, n);
        if (i == 0) EXPECT(addresses_of_steps() == hash && fv_heap_bytes() == bytes);
    }
    EXPECT(span_now().used == before.used);
    munmap(copy, n);
}

/* Things wander between threads; whoever holds one owns it. */
static struct thing *wandering[THINGS];

static void *in_thread(void *seed) {
    for (uint64_t i = 0; i < STEPS / 2; i++) {
        uint64_t draw = fv_mix_draw(*(uint64_t *)seed, i);
        struct thing *t = __atomic_exchange_n(&wandering[draw % THINGS], NULL, __ATOMIC_ACQ_REL);
        if (t == NULL) EXPECT(t = calloc(1, sizeof *t));
        step(t, fv_mix(draw));
        t = __atomic_exchange_n(&wandering[draw % THINGS], t, __ATOMIC_ACQ_REL);
        if (t == NULL) continue;
        free(t->p);
        free(t);
    }
    return NULL;
}

static void threads_share_it(void) {
    pthread_t threads[THREADS];
    uint64_t seeds[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i;
        EXPECT(pthread_create(&threads[i], NULL, in_thread, &seeds[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) EXPECT(pthread_join(threads[i], NULL) == 0);
    for (unsigned i = 0; i < THINGS; i++) {
        if (wandering[i] != NULL) free(wandering[i]->p);
        free(wandering[i]);
    }
}

int main(void) {
    what_was_never_used_is_not_touched(); /* first, while there is no other */
    nothing_is_something();
    last_freed_comes_first();
    little_is_wasted();
    realloc_ends_and_begins();
    large_ones_change_in_place();
    shrinking_gives_small_things_back();
    growth_at_the_top_never_copies();
    three_make_one();
    what_is_free_is_used_again();
    what_was_used_is_cleared();
    alignments_are_kept();
    pages_are_aligned();
    random_steps_keep_to_the_model();
    equal_calls_give_equal_addresses();
    put_back_it_goes_on_alike();
    threads_share_it();
    random_steps_keep_to_the_model();
    return 0;
}
