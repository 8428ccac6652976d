#include "edges.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

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

/* Counters that a target writes itself, as libFuzzer has them: every object that puts some into
 * this section adds to one array. Source: FuzzerExtraCounters.cpp of compiler-rt. */
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

/* What -fsanitize=fuzzer asks for besides: the counters of a callee say as much as its address, and
 * nobody reads how deep a stack was. */
extern __thread uintptr_t __sancov_lowest_stack;
__thread uintptr_t __sancov_lowest_stack __attribute__((tls_model("initial-exec")));
void __sanitizer_cov_trace_pc_indir(uintptr_t callee);
void __sanitizer_cov_trace_pc_indir(uintptr_t callee) { (void)callee; }

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

void fv_edges_sweep(struct fv_sweep *sweep) {
    size_t at = 0;
    for (uint32_t i = 0; i < table.module_count; i++) {
        const struct fv_module *m = &table.modules[i];
        size_t n = (size_t)(m->counters_end - m->counters);
        fv_sweep_counters(sweep, m->counters, n, at);
        at += n;
    }
}

void fv_edges_clear(void) {
    for (uint32_t i = 0; i < table.module_count; i++) {
        const struct fv_module *m = &table.modules[i];
        memset(m->counters, 0, (size_t)(m->counters_end - m->counters));
    }
}

void fv_edges_hit(uint8_t *hits, uint64_t size) {
    size_t at = 0;
    for (uint32_t i = 0; i < table.module_count && size > 0; i++) {
        const struct fv_module *m = &table.modules[i];
        size_t n = (size_t)(m->counters_end - m->counters);
        fv_sweep_hits(hits, size, m->counters, n, at);
        at += n;
    }
}

/* Modules are few, and nearly always one. */
static uint8_t counter(uint64_t number) {
    for (uint32_t i = 0; i < table.module_count; i++) {
        const struct fv_module *m = &table.modules[i];
        uint64_t n = (uint64_t)(m->counters_end - m->counters);
        if (number < n) return m->counters[number];
        number -= n;
    }
    return 0;
}

bool fv_edges_have(const uint32_t *features, uint32_t count, uint64_t first) {
    for (uint32_t i = 0; i < count; i++) {
        uint64_t byte = features[i] / 8;
        if (byte < first) return false;
        if (!(fv_map_class(counter(byte - first)) >> features[i] % 8 & 1)) return false;
    }
    return true;
}
