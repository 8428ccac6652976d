/* SQLite's view of the simulated disk: a sqlite3_vfs with locks and WAL shared memory for several
 * connections of one process, injected I/O errors, drawn randomness and a virtual clock. */
#ifndef VFS_H
#define VFS_H

#include "disk.h"
#include "sqlite3.h"

enum {
    VFS_OPEN_MAX = 8,           /* file handles at once */
    VFS_SHARED_REGIONS_MAX = 8, /* of the WAL index, 32 KiB each */
    VFS_CONNECTIONS_MAX = 4
};

struct vfs {
    sqlite3_vfs base;
    struct disk *disk;
    struct vfs_file *open[VFS_OPEN_MAX];
    void *shared[VFS_SHARED_REGIONS_MAX]; /* owned */
    size_t shared_bytes;                  /* of each */
    sqlite3_int64 clock_ms;
    bool faults;          /* may I/O errors be injected now? */
    uint32_t fault_count; /* injected so far */
    /* Called where a lock of the WAL index changes, if not NULL: the exclusive ones that are held by
     * anyone (bits, as SQLite numbers them), and how many connections read. */
    void (*noticed)(void *with, uint32_t exclusive, uint32_t readers);
    void *noticed_with;
};

/* Makes `vfs` the one that sqlite3_initialize() registers. Both must outlive SQLite's use. */
void vfs_start(struct vfs *vfs, struct disk *disk);

#endif
