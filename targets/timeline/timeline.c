/* What one timeline costs: a process with so much state, of which each timeline draws a thousand
 * times and writes to a few pages. `fuzzverse bench timeline` runs it beside a bare fork. */
#include <fuzzverse/fuzzverse.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef STATE_MB
#define STATE_MB 1
#endif
#ifndef DIRTY_PAGES
#define DIRTY_PAGES 0
#endif
#ifndef RANDOM_PAGES
#define RANDOM_PAGES 0
#endif

/* Where pages are random, as many of the draws choose them. */
enum { DRAWS = 1000, DICE = DRAWS - (RANDOM_PAGES ? DIRTY_PAGES : 0) };
enum { PAGE_BYTES = 4096, STATE_PAGES = STATE_MB * 256, STRIDE_PAGES = 37 };

static unsigned char *state;

/* Small pages, all of them present: what a heap looks like that has been in use for a while. */
__attribute__((constructor)) static void make_state(void) {
    size_t size = (size_t)STATE_PAGES * PAGE_BYTES;
    state = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (state == MAP_FAILED) abort();
    madvise(state, size, MADV_NOHUGEPAGE);
    for (size_t i = 0; i < STATE_PAGES; i++) state[i * PAGE_BYTES] = 1;
}

static void dirty_page(size_t page, unsigned char value) { state[page * PAGE_BYTES] = value; }
static size_t usual_page(size_t i) { return i * STRIDE_PAGES % STATE_PAGES; }

/* The same work without fuzzverse, for the bare fork beside it. */
void fv_bare_body(void);
void fv_bare_body(void) {
    uint64_t luck = (uint64_t)(RANDOM_PAGES ? getpid() : 0);
    for (size_t i = 0; i < DIRTY_PAGES; i++) {
        luck = luck * 6364136223846793005 + 1442695040888963407;
        dirty_page(RANDOM_PAGES ? (luck >> 32) % STATE_PAGES : usual_page(i), 1);
    }
}

FV_TARGET(timeline) {
    uint64_t sum = 0;
    for (int i = 0; i < DICE; i++) sum += fv_below(6);
    for (size_t i = 0; i < DIRTY_PAGES; i++)
        dirty_page(RANDOM_PAGES ? fv_below(STATE_PAGES) : usual_page(i), (unsigned char)sum);
    FV_ALWAYS(sum <= 5 * DICE, "a die has six sides");
}
