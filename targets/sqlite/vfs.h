/* SQLite's view of the simulated disk: a sqlite3_vfs with locks and WAL shared memory for several
 * connections of one process, injected I/O errors, drawn randomness and a virtual clock. */
#ifndef VFS_H
#define VFS_H

#include "disk.h"
#include "sqlite3.h"

enum {
    VFS_OPEN_MAX = 8,          /* file handles at once */
    VFS_SHARED_REGIONS_MAX = 8 /* of the WAL index, 32 KiB each */
};

/* What a handle of the database holds: of the file's locks, one of SQLITE_LOCK_*; of those of the
 * WAL index, bits as SQLite numbers them. */
struct vfs_locks {
    int level;
    bool is_mapped; /* it has the index before it */
    uint32_t shared, exclusive;
};

struct vfs {
    sqlite3_vfs base;
    struct disk *disk;
    struct vfs_file *open[VFS_OPEN_MAX];
    void *shared[VFS_SHARED_REGIONS_MAX]; /* owned */
    size_t shared_bytes;                  /* of each */
    sqlite3_int64 clock_ms;
    bool faults;                          /* may I/O errors be injected now? */
    uint32_t fault_count;                 /* injected so far */
    struct vfs_locks locks[VFS_OPEN_MAX]; /* of the handles in `open` */
    /* Called, if not NULL: where a handle has got or lost locks of the WAL index; where SQLite puts
     * a barrier between two looks at it; where a file is written; and with every call of a
     * connection. */
    void (*locked)(void *with, uint32_t handle);
    void (*looked)(void *with, uint32_t handle);
    void (*written)(void *with, const char *name, const uint8_t *bytes, size_t length);
    void (*called)(void *with);
    void *with;
};

/* Makes `vfs` the one that sqlite3_initialize() registers. Both must outlive SQLite's use. */
void vfs_start(struct vfs *vfs, struct disk *disk);

#endif
