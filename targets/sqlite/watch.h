/* What the search comes back to: how far connections are with the log, as the locks of the WAL
 * index tell and the index itself, and what one that is held up is about to go by. Knows SQLite's
 * format ("WAL-mode file format", section 2), and nothing of its code. */
#ifndef WATCH_H
#define WATCH_H

#include <fuzzverse/sim.h>

#include "vfs.h"

/* A log, from its beginning to the next. */
struct watch_log {
    uint32_t salt, frames, backfilled, pages;
};

/* What others have done to the log since a connection's last lock. */
enum watch_change { WATCH_SAME, WATCH_RESTARTED, WATCH_WRITTEN, WATCH_HARMFUL };

struct watch_connection {
    fv_task task;
    struct watch_log seen; /* at its last lock */
    uint32_t calls;        /* of others, while it was held up */
    enum watch_change change;
};

struct watch {
    const struct vfs *vfs;
    bool tells_checkpoints; /* where the log stays, and a task that is held up stays where it is */
    struct watch_log log;   /* as the last lock found it */
    struct watch_connection of[VFS_OPEN_MAX]; /* by handle */
    uint32_t headers; /* frames of the first page of the database that went into logs */
    uint32_t leavers; /* connections that leave WAL mode */
    int64_t came;     /* what was told of others since then */
};

/* From now on the VFS tells it what happens. */
void watch_start(struct watch *watch, struct vfs *vfs, bool tells_checkpoints);

#endif
