/* Memory of every origin: mapped by a constructor, much without values, a heap of 200 MB. A
 * timeline looks at chosen pages all over it, and writes to a few: to find what another one wrote
 * is a bug. */
#include <fuzzverse/fuzzverse.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    PAGE_BYTES = 4096,
    MAPPED_PAGES = 2048,
    BLANK_PAGES = 16384,
    HEAP_PAGES = 51200,
    CHOSEN = 64, /* of each origin */
    ORIGINS = 3,
    WRITES_MAX = 2,
    ENDS = 16
};

static const uint32_t sizes[ORIGINS] = {MAPPED_PAGES, BLANK_PAGES, HEAP_PAGES};
static uint8_t blank[BLANK_PAGES][PAGE_BYTES];
static uint8_t *origins[ORIGINS];

static uint8_t *page_of(uint32_t place) {
    uint32_t origin = place % ORIGINS, gap = sizes[origin] / CHOSEN;
    return origins[origin] + (size_t)(place / ORIGINS) * gap * PAGE_BYTES;
}

/* What was mapped has values, and so has every other place of the heap. */
static uint8_t value_at_start(uint32_t place) {
    bool has_value = place % ORIGINS == 0 || (place % ORIGINS == 2 && place % 2 == 0);
    return has_value ? (uint8_t)(place | 1) : 0;
}

__attribute__((constructor)) static void build(void) {
    origins[0] = mmap(NULL, (size_t)MAPPED_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    origins[1] = blank[0];
    origins[2] = malloc((size_t)HEAP_PAGES * PAGE_BYTES);
    if (origins[0] == MAP_FAILED || origins[2] == NULL) abort();
    for (uint32_t place = 0; place < ORIGINS * CHOSEN; place++)
        if (value_at_start(place) != 0) memset(page_of(place), value_at_start(place), PAGE_BYTES);
}

__attribute__((no_sanitize("coverage"))) static bool is_pristine(void) {
    for (uint32_t place = 0; place < ORIGINS * CHOSEN; place++)
        if (*page_of(place) != value_at_start(place)) return false;
    return true;
}

/* Of libc, from glibc 2.35: not 0 when the kernel writes to a thread which processor it is on. */
extern const unsigned __rseq_size __attribute__((weak));

static bool kernel_writes(void) { return &__rseq_size != NULL && __rseq_size != 0; }

FV_TARGET(places) {
    uint64_t sum = 0;
    FV_ALWAYS(!kernel_writes(), "the kernel writes into nobody's memory of its own accord");
    FV_ALWAYS(is_pristine(), "every timeline starts from the same memory");
    for (uint64_t left = fv_below(WRITES_MAX + 1); left > 0; left--) {
        uint32_t place = (uint32_t)fv_below(ORIGINS * CHOSEN);
        memset(page_of(place), (int)fv_below(256), PAGE_BYTES);
        if (fv_chance(1, 8)) origins[2][fv_below(HEAP_PAGES) * PAGE_BYTES + 1]++; /* unseen */
        sum += place;
        FV_SOMETIMES_EACH("has written", FV_KEYS({"left", left}, {"sum", sum % ENDS}),
                          FV_QUALITY());
    }
}
