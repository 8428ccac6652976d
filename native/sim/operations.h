/* The inside of a record: record.c fills it, the checks read it. */
#ifndef FV_SIM_OPERATIONS_H
#define FV_SIM_OPERATIONS_H

#include <fuzzverse/sim/record.h>

#define FV_NEVER UINT32_MAX

enum fv_ending {
    FV_ENDING_OPEN, /* not yet; checks take it for unknown */
    FV_ENDING_OK,
    FV_ENDING_FAILED,
    FV_ENDING_UNKNOWN,
};

struct fv_act {
    uint64_t key;
    int64_t value, expected, result;
    uint32_t begin, end; /* numbers of events; FV_NEVER where it did not end as ok */
    uint32_t client;
    uint8_t operation; /* enum fv_operation */
    uint8_t ending;    /* enum fv_ending */
};

struct fv_member {
    uint32_t number; /* of the MEMBERS */
    int64_t value;
};

struct fv_record {
    int64_t absent;
    struct fv_act *acts; /* by number */
    uint32_t count, room, event_count;
    struct fv_member *members; /* in the order in which they were told */
    uint32_t member_count, member_room;
};

/* Stable, and without glibc's qsort, which asks the kernel how much memory there is. */
void fv_record_sort(uint32_t *numbers, uint32_t count,
                    bool (*is_after)(const void *with, uint32_t a, uint32_t b), const void *with);
/* Numbers of all acts but the failed ones, by key, then by number; freed by the caller. */
uint32_t *fv_record_by_key(const struct fv_record *record, uint32_t *count);
/* Where the run of acts of one key ends that begins at `from`. */
uint32_t fv_record_key_end(const struct fv_record *record, const uint32_t *by_key, uint32_t count,
                           uint32_t from);
/* A line of the log for one act. */
void fv_record_log(const struct fv_record *record, uint32_t number, const char *remark);
/* Zeroed; never NULL. */
void *fv_record_room(size_t n, size_t size);
/* As realloc; never NULL. */
void *fv_record_grown(void *old, size_t n, size_t size);

#endif
