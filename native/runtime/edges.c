#include "edges.h"

#include <stdbool.h>
#include <stddef.h>

#include "../common/map.h"

/* clang calls these once a module, before main, and again for each shared library it loads. */
void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop);
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop);

static struct {
    struct fv_module modules[FV_MODULES_MAX];
    uint32_t module_count, pcs_count, edge_count, overflow;
} table;

static bool is_known(const uint8_t *start) {
    for (uint32_t i = 0; i < table.module_count; i++)
        if (table.modules[i].counters == start) return true;
    return false;
}

void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop) {
    if (start >= stop || is_known(start)) return;
    if (table.module_count == FV_MODULES_MAX) {
        table.overflow++;
        return;
    }
    table.modules[table.module_count++] = (struct fv_module){start, stop, NULL, NULL};
    table.edge_count += (uint32_t)(stop - start);
}

/* Counters that a target writes itself, as libFuzzer has them: every object that puts some into this
 * section adds to one array. Source: https://llvm.org/docs/LibFuzzer.html and FuzzerExtraCounters.cpp. */
extern __attribute__((weak)) uint8_t __start___libfuzzer_extra_counters[];
extern __attribute__((weak)) uint8_t __stop___libfuzzer_extra_counters[];

__attribute__((constructor)) static void take_extra_counters(void) {
    if (__start___libfuzzer_extra_counters != NULL)
        __sanitizer_cov_8bit_counters_init(__start___libfuzzer_extra_counters,
                                           __stop___libfuzzer_extra_counters);
}

/* The calls come in pairs; a table that does not fit its counters is left out. */
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop) {
    if (table.pcs_count >= table.module_count) return;
    struct fv_module *m = &table.modules[table.module_count - 1];
    if (stop - start != 2 * (m->counters_end - m->counters)) return;
    m->pcs = start;
    m->pcs_end = stop;
    table.pcs_count = table.module_count;
}

uint32_t fv_edges_count(void) { return table.edge_count; }
uint32_t fv_edges_module_count(void) { return table.module_count; }
const struct fv_module *fv_edges_module(uint32_t i) { return &table.modules[i]; }
uint32_t fv_edges_overflow(void) { return table.overflow; }

uint64_t fv_edges_collect(uint8_t *to, uint64_t first) {
    uint64_t hash = 0;
    size_t at = 0;
    for (uint32_t i = 0; i < table.module_count; i++) {
        const struct fv_module *m = &table.modules[i];
        size_t n = (size_t)(m->counters_end - m->counters);
        hash += fv_map_classify(to + at, m->counters, n, first + at);
        at += n;
    }
    return hash;
}
