/* A small storage engine's inner loop: pages of sorted keys, looked up by halving, filled by moving
 * what is behind; full ones are split. Included by plain.c and preempted.c, each with its
 * INDEX_ENTRY. */
#include <stdlib.h>
#include <string.h>

#include "simbench.h"

enum { PAGE_KEYS = 32, PAGES_MAX = 512, KEYS = 4096 };

struct page {
    uint32_t count;
    uint32_t keys[PAGE_KEYS];
    uint64_t values[PAGE_KEYS];
};

struct index {
    uint32_t page_count;
    struct page *pages[PAGES_MAX];
};

/* The last page that begins no later than the key. */
static uint32_t find_page(const struct index *index, uint32_t key) {
    uint32_t low = 0, high = index->page_count;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (index->pages[middle]->keys[0] <= key)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint32_t find_key(const struct page *page, uint32_t key) {
    uint32_t low = 0, high = page->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (page->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct page *page_new(struct index *index, uint32_t at, bool is_shared) {
    struct page *page = calloc(1, sizeof *page);
    if (page == NULL || index->page_count == PAGES_MAX) abort();
    if (is_shared) fv_share(page, sizeof *page);
    memmove(&index->pages[at + 1], &index->pages[at],
            (index->page_count - at) * sizeof *index->pages);
    index->pages[at] = page;
    index->page_count++;
    return page;
}

static void split(struct index *index, uint32_t at, bool is_shared) {
    struct page *left = index->pages[at], *right = page_new(index, at + 1, is_shared);
    right->count = PAGE_KEYS / 2;
    left->count = PAGE_KEYS - right->count;
    memcpy(right->keys, left->keys + left->count, right->count * sizeof *right->keys);
    memcpy(right->values, left->values + left->count, right->count * sizeof *right->values);
}

static void put(struct index *index, uint32_t key, uint64_t value, bool is_shared) {
    uint32_t at = find_page(index, key);
    if (index->pages[at]->count == PAGE_KEYS) {
        split(index, at, is_shared);
        at = find_page(index, key);
    }
    struct page *page = index->pages[at];
    uint32_t i = find_key(page, key);
    if (i == page->count || page->keys[i] != key) {
        for (uint32_t j = page->count++; j > i; j--) {
            page->keys[j] = page->keys[j - 1];
            page->values[j] = page->values[j - 1];
        }
        page->keys[i] = key;
    }
    page->values[i] = value;
}

static uint64_t get(const struct index *index, uint32_t key) {
    const struct page *page = index->pages[find_page(index, key)];
    uint32_t i = find_key(page, key);
    return i < page->count && page->keys[i] == key ? page->values[i] : 0;
}

void INDEX_ENTRY(uint32_t operations, bool is_shared) {
    struct index *index = calloc(1, sizeof *index);
    if (index == NULL) abort();
    if (is_shared) fv_share(index, sizeof *index);
    page_new(index, 0, is_shared);
    uint32_t luck = 1;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < operations; i++) {
        luck = luck * 1664525 + 1013904223;
        uint32_t key = luck >> 20;
        if (i % 4 == 0)
            put(index, key, i, is_shared);
        else
            sum += get(index, key);
    }
    FV_ALWAYS_OR_UNREACHABLE(sum < (uint64_t)operations * operations, "what is read was written");
}
