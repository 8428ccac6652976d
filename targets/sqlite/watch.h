/* What the search comes back to: the log's state and what connections hold of it, as the locks of
 * the WAL index and the index itself tell. Knows SQLite's format ("WAL-mode file format", 2) and
 * nothing of its code. */
#ifndef WATCH_H
#define WATCH_H

#include "vfs.h"

/* A log, from its beginning to the next. */
struct watch_log {
    uint32_t salt, frames, backfilled;
};

struct watch {
    const struct vfs *vfs;
    struct watch_log log;                /* as the last lock found it */
    struct watch_log seen[VFS_OPEN_MAX]; /* the same, of each handle's own last lock */
};

/* From now on the VFS tells it of locks. */
void watch_start(struct watch *watch, struct vfs *vfs);

#endif
