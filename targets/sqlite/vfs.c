#include "vfs.h"

#include <fuzzverse/fuzzverse.h>
#include <fuzzverse/sim.h>
#include <stdlib.h>
#include <string.h>

enum {
    FAULT_ONE_IN = 300,
    CLOCK_START_DAYS = 2460311, /* Julian, early in 2024 */
    DAY_MS = 86400000,
    PATH_BYTES_MAX = DISK_NAME_BYTES_MAX
};

struct vfs_file {
    sqlite3_file base;
    struct vfs *vfs;
    struct disk_entry *entry;
    uint32_t handle; /* its index in the VFS's tables */
};

/* SQLite's own initialisation takes no argument, so it has to find the VFS here. */
static struct vfs *vfs_registered;

static struct vfs_file *file_of(sqlite3_file *f) { return (struct vfs_file *)f; }

/* ---- injected errors ------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end) {
    size_t a = strlen(name), b = strlen(end);
    return a >= b && strcmp(name + a - b, end) == 0;
}

static int fault(struct vfs *vfs, const char *operation, const char *name, int code) {
    vfs->fault_count++;
    fv_log("disk: %s of %s fails", operation, name);
    return code;
}

static bool down(const struct vfs *vfs) { return vfs->disk->state != DISK_UP; }

/* Where there are several connections another one may go on here: as before a system call. */
static struct vfs_file *file_met(sqlite3_file *base) {
    struct vfs_file *f = file_of(base);
    fv_preempt();
    if (f->vfs->called) f->vfs->called(f->vfs->with);
    return f;
}

/* SQLite ends a journal in place (modes TRUNCATE and PERSIST) and writes the next one over it
 * without another sync. If an I/O error left that end volatile, a power loss could bring back the
 * old header over records that are no longer its own. No journal can be safe from a disk that
 * forgets after an error, so this disk does not forget what it took of a journal. */
static int file_fault(struct vfs_file *f, const char *operation, int code) {
    if (!down(f->vfs) && ends_with(f->entry->name, "-journal"))
        disk_write_back(f->vfs->disk, f->entry);
    return fault(f->vfs, operation, f->entry->name, code);
}

/* Each use is a fault site of its own: enabled in some roots, so that single kinds of error get
 * timelines to themselves. */
#define FAULT_FIRES(vfs) ((vfs)->faults && FV_BUGGIFY(1, FAULT_ONE_IN))

static int code_of(enum disk_error error, int code) { return error == DISK_OK ? SQLITE_OK : code; }

/* ---- reading and writing --------------------------------------------------------------------- */

static int file_read(sqlite3_file *base, void *to, int length, sqlite3_int64 offset) {
    struct vfs_file *f = file_met(base);
    if (down(f->vfs)) return SQLITE_IOERR_READ;
    if (FAULT_FIRES(f->vfs)) return file_fault(f, "read", SQLITE_IOERR_READ);
    size_t got = disk_read(f->vfs->disk, f->entry, to, (size_t)length, (size_t)offset);
    return got == (size_t)length ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

/* A failing write may have written its beginning. */
static int file_write_part(struct vfs_file *f, const void *from, int length, sqlite3_int64 offset,
                           int code) {
    size_t part = (size_t)fv_below((uint64_t)length);
    if (part > 0) disk_write(f->vfs->disk, f->entry, from, part, (size_t)offset);
    return file_fault(f, "write", code);
}

static int file_write(sqlite3_file *base, const void *from, int length, sqlite3_int64 offset) {
    struct vfs_file *f = file_met(base);
    if (down(f->vfs)) return SQLITE_IOERR_WRITE;
    if (f->vfs->written) f->vfs->written(f->vfs->with, f->entry->name, from, (size_t)length);
    if (FAULT_FIRES(f->vfs)) return file_write_part(f, from, length, offset, SQLITE_IOERR_WRITE);
    if (FAULT_FIRES(f->vfs)) return file_write_part(f, from, length, offset, SQLITE_FULL);
    return code_of(disk_write(f->vfs->disk, f->entry, from, (size_t)length, (size_t)offset),
                   SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
    struct vfs_file *f = file_met(base);
    if (down(f->vfs)) return SQLITE_IOERR_TRUNCATE;
    if (FAULT_FIRES(f->vfs)) return file_fault(f, "truncation", SQLITE_IOERR_TRUNCATE);
    return code_of(disk_truncate(f->vfs->disk, f->entry, (size_t)size), SQLITE_IOERR_TRUNCATE);
}

/* A failing sync may have reached the platter all the same. */
static int file_sync(sqlite3_file *base, int flags) {
    struct vfs_file *f = file_met(base);
    (void)flags;
    if (down(f->vfs)) return SQLITE_IOERR_FSYNC;
    if (FAULT_FIRES(f->vfs)) {
        if (fv_chance(1, 2)) disk_sync(f->vfs->disk, f->entry);
        return file_fault(f, "sync", SQLITE_IOERR_FSYNC);
    }
    return code_of(disk_sync(f->vfs->disk, f->entry), SQLITE_IOERR_FSYNC);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
    struct vfs_file *f = file_met(base);
    if (down(f->vfs)) return SQLITE_IOERR_FSTAT;
    *size = (sqlite3_int64)disk_size(f->vfs->disk, f->entry);
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument) {
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base) {
    return (int)file_of(base)->vfs->disk->sector_bytes;
}

static int file_characteristics(sqlite3_file *base) {
    return file_of(base)->vfs->disk->powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
}

/* ---- locks: the handles of other connections are asked, no state of its own ------------------ */

static struct vfs_locks *locks_of(struct vfs_file *f) { return &f->vfs->locks[f->handle]; }

static int level_of_others(const struct vfs_file *f) {
    int level = SQLITE_LOCK_NONE;
    for (uint32_t i = 0; i < VFS_OPEN_MAX; i++)
        if (i != f->handle && f->vfs->locks[i].level > level) level = f->vfs->locks[i].level;
    return level;
}

static int file_lock(sqlite3_file *base, int level) {
    struct vfs_file *f = file_met(base);
    int others = level_of_others(f), *own = &locks_of(f)->level;
    if (*own >= level) return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
    if (level > SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && others >= SQLITE_LOCK_SHARED) {
        *own = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    *own = level;
    return SQLITE_OK;
}

static int file_unlock(sqlite3_file *base, int level) {
    struct vfs_file *f = file_met(base);
    if (locks_of(f)->level > level) locks_of(f)->level = level;
    return SQLITE_OK;
}

static int file_reserved(sqlite3_file *base, int *reserved) {
    struct vfs_file *f = file_met(base);
    *reserved =
        locks_of(f)->level >= SQLITE_LOCK_RESERVED || level_of_others(f) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

/* ---- the WAL index: memory shared by connections, gone with the last of them ----------------- */

static int shm_map(sqlite3_file *base, int region, int bytes, int extend, void volatile **to) {
    struct vfs_file *f = file_met(base);
    *to = NULL;
    if (down(f->vfs)) return SQLITE_IOERR_SHMMAP;
    if (region >= VFS_SHARED_REGIONS_MAX) return SQLITE_FULL;
    locks_of(f)->is_mapped = true;
    void **shared = &f->vfs->shared[region];
    if (!*shared && extend) {
        *shared = calloc(1, (size_t)bytes);
        if (!*shared) return SQLITE_NOMEM;
        fv_share(*shared, (size_t)bytes);
        f->vfs->shared_bytes = (size_t)bytes;
    }
    *to = *shared;
    return SQLITE_OK;
}

static bool shm_conflicts(const struct vfs_file *f, uint32_t locks, bool exclusive) {
    for (uint32_t i = 0; i < VFS_OPEN_MAX; i++) {
        const struct vfs_locks *other = &f->vfs->locks[i];
        if (i == f->handle) continue;
        if (other->exclusive & locks) return true;
        if (exclusive && (other->shared & locks)) return true;
    }
    return false;
}

static void notice_locks(const struct vfs_file *f) {
    if (f->vfs->locked) f->vfs->locked(f->vfs->with, f->handle);
}

static int shm_lock(sqlite3_file *base, int first, int count, int flags) {
    struct vfs_file *f = file_met(base);
    struct vfs_locks *own = locks_of(f);
    uint32_t locks = ((1U << count) - 1) << first;
    bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;
    if (flags & SQLITE_SHM_UNLOCK) {
        own->shared &= ~locks;
        own->exclusive &= ~locks;
        notice_locks(f);
        return SQLITE_OK;
    }
    if (shm_conflicts(f, locks, exclusive)) return SQLITE_BUSY;
    if (exclusive)
        own->exclusive |= locks;
    else
        own->shared |= locks;
    notice_locks(f);
    return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *base) {
    const struct vfs_file *f = file_met(base);
    if (f->vfs->looked) f->vfs->looked(f->vfs->with, f->handle);
}

static int shm_unmap(sqlite3_file *base, int delete_flag) {
    struct vfs_file *f = file_of(base);
    (void)delete_flag;
    *locks_of(f) = (struct vfs_locks){.level = locks_of(f)->level};
    for (int i = 0; i < VFS_OPEN_MAX; i++)
        if (f->vfs->locks[i].is_mapped) return SQLITE_OK;
    for (int i = 0; i < VFS_SHARED_REGIONS_MAX && f->vfs->shared[i]; i++) {
        fv_unshare(f->vfs->shared[i], f->vfs->shared_bytes);
        free(f->vfs->shared[i]);
        f->vfs->shared[i] = NULL;
    }
    return SQLITE_OK;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int file_close(sqlite3_file *base) {
    const struct vfs_file *f = file_of(base);
    f->vfs->open[f->handle] = NULL;
    f->vfs->locks[f->handle] = (struct vfs_locks){0};
    return SQLITE_OK;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static uint32_t handle_free(const struct vfs *vfs) {
    uint32_t i = 0;
    while (i < VFS_OPEN_MAX && vfs->open[i]) i++;
    return i;
}

static struct disk_entry *entry_open(struct vfs *vfs, const char *name, int flags) {
    struct disk_entry *entry = disk_find(vfs->disk, name);
    if (entry || !(flags & SQLITE_OPEN_CREATE)) return entry;
    return disk_create(vfs->disk, name);
}

/* Temporary files have no name; the build keeps them in memory, so they are refused here. */
static int vfs_open(sqlite3_vfs *base, const char *name, sqlite3_file *to, int flags,
                    int *flags_out) {
    struct vfs *vfs = base->pAppData;
    struct vfs_file *f = file_of(to);
    memset(f, 0, sizeof(*f));
    if (!name || down(vfs)) return SQLITE_CANTOPEN;
    if (FAULT_FIRES(vfs)) return fault(vfs, "opening", name, SQLITE_CANTOPEN);
    uint32_t handle = handle_free(vfs);
    struct disk_entry *entry = handle < VFS_OPEN_MAX ? entry_open(vfs, name, flags) : NULL;
    if (!entry) return SQLITE_CANTOPEN;
    *f = (struct vfs_file){{&file_methods}, vfs, entry, handle};
    vfs->open[handle] = f;
    if (flags_out) *flags_out = flags;
    return SQLITE_OK;
}

/* Leaving WAL mode, SQLite ignores a failure to delete the log and would take the stale log for
 * a current one at the next open. It relies on the file system there, so the deletion of a log
 * never fails here (the machine may still stop in it). */
static int vfs_delete(sqlite3_vfs *base, const char *name, int sync_directory) {
    struct vfs *vfs = base->pAppData;
    if (down(vfs)) return SQLITE_IOERR_DELETE;
    if (!disk_find(vfs->disk, name)) return SQLITE_IOERR_DELETE_NOENT;
    if (!ends_with(name, "-wal") && FAULT_FIRES(vfs)) {
        if (fv_chance(1, 2)) disk_unlink(vfs->disk, name, false);
        return fault(vfs, "deletion", name, SQLITE_IOERR_DELETE);
    }
    return code_of(disk_unlink(vfs->disk, name, sync_directory), SQLITE_IOERR_DELETE);
}

static int vfs_access(sqlite3_vfs *base, const char *name, int flags, int *yes) {
    struct vfs *vfs = base->pAppData;
    (void)flags;
    if (down(vfs)) return SQLITE_IOERR_ACCESS;
    *yes = disk_find(vfs->disk, name) != NULL;
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *base, const char *name, int room, char *to) {
    (void)base;
    size_t length = strlen(name);
    if (length >= (size_t)room) return SQLITE_CANTOPEN;
    memcpy(to, name, length + 1);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *base, int length, char *to) {
    (void)base;
    fv_bytes(to, (size_t)length);
    return length;
}

static int vfs_sleep(sqlite3_vfs *base, int microseconds) {
    struct vfs *vfs = base->pAppData;
    vfs->clock_ms += microseconds / 1000 + 1;
    fv_sleep(FV_US(microseconds));
    return microseconds;
}

static int vfs_now_ms(sqlite3_vfs *base, sqlite3_int64 *now) {
    struct vfs *vfs = base->pAppData;
    *now = vfs->clock_ms++;
    return SQLITE_OK;
}

static int vfs_now_days(sqlite3_vfs *base, double *now) {
    sqlite3_int64 ms = 0;
    vfs_now_ms(base, &ms);
    *now = (double)ms / DAY_MS;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *base, int room, char *to) {
    (void)base;
    if (room > 0) to[0] = '\0';
    return 0;
}

void vfs_start(struct vfs *vfs, struct disk *disk) {
    memset(vfs, 0, sizeof(*vfs));
    vfs->disk = disk;
    vfs->clock_ms = (sqlite3_int64)CLOCK_START_DAYS * DAY_MS;
    vfs->base = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct vfs_file),
        .mxPathname = PATH_BYTES_MAX,
        .zName = "simulated",
        .pAppData = vfs,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_now_days,
        .xCurrentTimeInt64 = vfs_now_ms,
        .xGetLastError = vfs_last_error,
    };
    vfs_registered = vfs;
}

/* Called by SQLite (built with SQLITE_OS_OTHER): the simulated disk is the only system there is. */
int sqlite3_os_init(void) { return sqlite3_vfs_register(&vfs_registered->base, 1); }
int sqlite3_os_end(void) { return SQLITE_OK; }

/* The package's amalgamation ends with a hook that registers extensions. Nothing calls the hook
 * in this build, but the linker wants the name that it mentions. */
int sqlite3_sqlean_init(void);
int sqlite3_sqlean_init(void) { return SQLITE_OK; }
