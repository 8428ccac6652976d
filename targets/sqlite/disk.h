/* The simulated disk: one directory of a few files, a volatile cache over durable bytes, and power
 * that may fail at any operation. Knows nothing of SQLite. */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DISK_FILES_MAX = 16,  /* contents, reachable by a name or not */
    DISK_ENTRIES_MAX = 4, /* names */
    DISK_NAME_BYTES_MAX = 32,
    DISK_FILE_BYTES_MAX = 16 << 20,
    DISK_SECTOR_BYTES_MAX = 4096,
    DISK_NONE = -1
};

/* Everything but DISK_UP fails every operation until a restart. A kill ends the process alone;
 * the cache is written back before its successor runs, as the system does within seconds. */
enum disk_state { DISK_UP, DISK_KILLED, DISK_POWER_LOST };

enum disk_error { DISK_OK, DISK_FAILED, DISK_DOWN };

/* The operation in flight when the machine stopped, a key of the search. */
enum disk_operation { DISK_IDLE, DISK_WRITE, DISK_TRUNCATE, DISK_SYNC, DISK_UNLINK };

struct disk_bytes {
    uint8_t *bytes;
    size_t size, room;
};

/* A change that the cache took and that no sync has made durable. */
struct disk_change {
    uint8_t *bytes; /* owned; NULL: the file was truncated to `offset` */
    size_t offset, length;
    uint64_t metadata_step; /* of a truncation */
};

struct disk_file {
    bool used;
    struct disk_bytes live; /* what a read returns */
    struct disk_bytes
        durable; /* what a power loss leaves before the changes below are considered */
    struct disk_change *changes;
    size_t change_count, change_room;
    bool owed; /* a sync of some of the changes was acknowledged and dropped */
};

/* A name, and the content behind it now and after a power loss. */
struct disk_entry {
    char name[DISK_NAME_BYTES_MAX];
    int live, durable;               /* indices of files, or DISK_NONE */
    uint64_t deleted_at, changed_at; /* metadata steps: the first deletion, the last change, since
                                        the directory became durable; 0: none */
};

/* Creations, deletions and truncations are steps in one journal, as in common file systems: they
 * become durable in their order, and a sync of any file takes all earlier ones along. SQLite
 * counts on the order. It leaves WAL mode by a deletion that it does not sync (were that undone
 * after later changes to the database, the stale log would be replayed over them), and it
 * truncates the database after the deletion of a journal which does not hold the pages cut off. */
struct disk {
    size_t sector_bytes;
    bool powersafe;         /* a write never harms the bytes around it */
    bool directory_durable; /* creating and deleting need no sync of the directory */
    uint32_t stop_one_in;   /* operations for one power loss or kill; 0: none */
    enum disk_state state;
    enum disk_operation last; /* the operation that fell when the state stopped being DISK_UP */
    const char *last_name;    /* points into an entry */
    uint64_t metadata_step, metadata_durable;
    struct disk_file files[DISK_FILES_MAX];
    struct disk_entry entries[DISK_ENTRIES_MAX];
};

void disk_start(struct disk *disk); /* empty, its character drawn */
void disk_stop(struct disk *disk);  /* frees all that it owns */

struct disk_entry *disk_find(struct disk *disk, const char *name); /* NULL: no such file */
struct disk_entry *disk_create(struct disk *disk, const char *name);
enum disk_error disk_unlink(struct disk *disk, const char *name, bool sync_directory);

/* Returns how many bytes the file had there; the rest of `to` is zeroed. */
size_t disk_read(const struct disk *disk, const struct disk_entry *entry, void *to, size_t length,
                 size_t offset);
size_t disk_size(const struct disk *disk, const struct disk_entry *entry);
enum disk_error disk_write(struct disk *disk, struct disk_entry *entry, const void *from,
                           size_t length, size_t offset);
enum disk_error disk_truncate(struct disk *disk, struct disk_entry *entry, size_t size);
enum disk_error disk_sync(struct disk *disk, struct disk_entry *entry);
/* What a sync does, but of its own accord: the machine does not stop in it, and it never lies. */
void disk_write_back(struct disk *disk, struct disk_entry *entry);

/* The name of a file whose sync was dropped and whose changes are still not durable; NULL: none. */
const char *disk_owed(const struct disk *disk);

/* The machine comes back: after a power loss only the durable bytes and a drawn part of the
 * changes are there, after a kill all that was written. */
void disk_restart(struct disk *disk);

#endif
