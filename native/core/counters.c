#include "counters.h"

#include <sys/mman.h>

#include "../common/map.h"

static void *zeroes(size_t n) {
    void *at =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

bool fv_counters_open(struct fv_counters *c, size_t map_size, uint32_t counter_max) {
    *c = (struct fv_counters){.map_size = map_size, .counter_max = counter_max, .place_count = 1};
    c->counters = zeroes(counter_max);
    c->places = zeroes(map_size * 8 * sizeof *c->places);
    if (c->counters != NULL && c->places != NULL) return true;
    fv_counters_close(c);
    return false;
}

void fv_counters_close(struct fv_counters *c) {
    if (c->counters != NULL) munmap(c->counters, c->counter_max);
    if (c->places != NULL) munmap(c->places, c->map_size * 8 * sizeof *c->places);
    c->counters = NULL;
    c->places = NULL;
}

/* The one of counter 0 stays free in all layers. */
static uint32_t take_place(struct fv_counters *c) {
    if (c->place_count % c->counter_max == 0) c->place_count++;
    if (c->place_count / c->counter_max >= FV_MAP_CLASSES) {
        c->left_out++;
        return 0;
    }
    return c->place_count++;
}

static void write_feature(struct fv_counters *c, size_t feature) {
    uint32_t *place = &c->places[feature];
    if (*place == 0) *place = take_place(c);
    if (*place == 0) return;
    uint8_t *counter = &c->counters[*place % c->counter_max];
    uint8_t value = fv_map_class_least(*place / c->counter_max);
    if (*counter < value) *counter = value;
}

static void write_word(struct fv_counters *c, uint64_t word, size_t first) {
    for (; word != 0; word &= word - 1) write_feature(c, first + (size_t)__builtin_ctzll(word));
}

static void write_bytes(struct fv_counters *c, const uint8_t *map, size_t from, size_t n) {
    size_t i = from;
    for (; i + sizeof(uint64_t) <= from + n; i += sizeof(uint64_t))
        write_word(c, fv_map_load(map + i), i * 8);
    for (; i < from + n; i++) write_word(c, map[i], i * 8);
}

uint32_t fv_counters_write(struct fv_counters *c, const uint8_t *map) {
    size_t i = 0;
    c->counters[0] = 1;
    for (; i + FV_MAP_BLOCK <= c->map_size; i += FV_MAP_BLOCK)
        if (!fv_map_is_blank(map + i)) write_bytes(c, map, i, FV_MAP_BLOCK);
    write_bytes(c, map, i, c->map_size - i);
    return c->place_count < c->counter_max ? c->place_count : c->counter_max;
}
