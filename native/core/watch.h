/* Deadlines and memory limits: the controller looks at the running timelines and has the kernel
 * kill those that are past them. No timer runs inside a target. */
#ifndef FV_CORE_WATCH_H
#define FV_CORE_WATCH_H

#include "../common/layout.h"

struct fv_limits {
    uint32_t deadline_ms; /* of processor time; ten times that of wall time */
    uint32_t memory_mb;   /* private and resident */
};

/* When a runner was first seen at a timeline: what it has used since counts. */
struct fv_look {
    int32_t pid;
    uint32_t reserved;
    uint64_t generation;
    uint64_t cpu_ns;
    uint64_t wall_ns;
};

/* Kills `slot`'s timeline if it is past a limit. `look` belongs to its worker; NULL where every
 * timeline is a process. */
void fv_watch_slot(const struct fv_limits *limits, struct fv_slot *slot, struct fv_look *look);
/* Does so for all timelines of a tree; returns how many are alive. */
uint64_t fv_watch_tree(const struct fv_header *header, uint32_t tree,
                       const struct fv_limits *limits, struct fv_look *look);
/* After a worker's death: waits until none of its timelines is left, and frees their slots. */
void fv_watch_bury(const struct fv_header *header, uint32_t worker, uint32_t tree);
/* The same as for a tree's slots for one that is on its way to a splitpoint. */
void fv_watch_pilot(const struct fv_header *header, uint32_t worker, const struct fv_limits *limits,
                    struct fv_look *look);

#endif
