/* Entries in memory: those behind the last snapshot. */
#include "observer.h"

#include <string.h>

uint32_t log_last(const struct log *log) { return log->base + log->count; }

uint32_t log_term(const struct log *log, uint32_t index) {
    if (index <= log->base) return log->base_term;
    return log->entries[index - log->base - 1].term;
}

uint32_t log_last_term(const struct log *log) { return log_term(log, log_last(log)); }

const struct entry *log_at(const struct log *log, uint32_t index) {
    return &log->entries[index - log->base - 1];
}

bool log_is_full(const struct log *log) {
    return log->count + BATCH_ENTRIES_MAX >= LOG_ENTRIES_MAX;
}

void log_append(struct log *log, const struct entry *entry) { log->entries[log->count++] = *entry; }

void log_truncate(struct log *log, uint32_t last) {
    if (last < log_last(log)) log->count = last - log->base;
}

void log_forget(struct log *log, uint32_t index) {
    uint32_t gone = index - log->base;
    log->base_term = log_term(log, index);
    log->base = index;
    log->count -= gone;
    memmove(log->entries, log->entries + gone, log->count * sizeof(log->entries[0]));
}

void log_reset(struct log *log, uint32_t base, uint32_t base_term) {
    log->base = base;
    log->base_term = base_term;
    log->count = 0;
}

uint32_t log_first_of_term(const struct log *log, uint32_t index) {
    uint32_t term = log_term(log, index);
    while (index > log->base + 1 && log_term(log, index - 1) == term) index--;
    return index;
}

uint32_t log_last_up_to_term(const struct log *log, uint32_t term) {
    uint32_t index = log_last(log);
    while (index > log->base && log_term(log, index) > term) index--;
    return index;
}
