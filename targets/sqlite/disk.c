#include "disk.h"

#include <fuzzverse/fuzzverse.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIE_ONE_IN = 5000, /* syncs that the lying disk acknowledges and drops */
    CHANGES_ROOM_FIRST = 32,
    BYTES_ROOM_FIRST = 4096
};

/* How a sector's change ends at a power loss. */
enum fate { FATE_KEPT, FATE_TORN, FATE_LOST };

/* ---- bytes ----------------------------------------------------------------------------------- */

static void *checked(void *memory) {
    if (!memory) abort(); /* a simulation of some megabytes has no use for a smaller one */
    return memory;
}

static void bytes_resize(struct disk_bytes *b, size_t size) {
    if (size > b->room) {
        size_t room = b->room ? b->room : BYTES_ROOM_FIRST;
        while (room < size) room *= 2;
        b->bytes = checked(realloc(b->bytes, room));
        b->room = room;
    }
    if (size > b->size) memset(b->bytes + b->size, 0, size - b->size);
    b->size = size;
}

static void bytes_put(struct disk_bytes *b, const uint8_t *from, size_t length, size_t offset) {
    if (offset + length > b->size) bytes_resize(b, offset + length);
    memcpy(b->bytes + offset, from, length);
}

/* ---- changes --------------------------------------------------------------------------------- */

static struct disk_change *change_add(struct disk_file *file, const void *from, size_t length,
                                      size_t offset) {
    if (file->change_count == file->change_room) {
        file->change_room = file->change_room ? 2 * file->change_room : CHANGES_ROOM_FIRST;
        file->changes = checked(realloc(file->changes, file->change_room * sizeof(*file->changes)));
    }
    struct disk_change *change = &file->changes[file->change_count++];
    *change = (struct disk_change){NULL, offset, length, 0};
    if (from) {
        change->bytes = checked(malloc(length));
        memcpy(change->bytes, from, length);
    }
    return change;
}

static void change_apply(struct disk_bytes *to, const struct disk_change *change) {
    if (change->bytes)
        bytes_put(to, change->bytes, change->length, change->offset);
    else
        bytes_resize(to, change->offset);
}

static void changes_forget(struct disk_file *file) {
    for (size_t i = 0; i < file->change_count; i++) free(file->changes[i].bytes);
    file->change_count = 0;
    file->owed = false;
}

static void changes_flush(struct disk_file *file) {
    for (size_t i = 0; i < file->change_count; i++) change_apply(&file->durable, &file->changes[i]);
    changes_forget(file);
}

/* ---- files and names ------------------------------------------------------------------------- */

static void file_free(struct disk_file *file) {
    changes_forget(file);
    free(file->changes);
    free(file->live.bytes);
    free(file->durable.bytes);
    memset(file, 0, sizeof(*file));
}

/* Contents that no name leads to, neither now nor after a power loss, are gone. */
static void files_collect(struct disk *disk) {
    bool reachable[DISK_FILES_MAX] = {false};
    for (int i = 0; i < DISK_ENTRIES_MAX; i++) {
        const struct disk_entry *entry = &disk->entries[i];
        if (entry->live != DISK_NONE) reachable[entry->live] = true;
        if (entry->durable != DISK_NONE) reachable[entry->durable] = true;
    }
    for (int i = 0; i < DISK_FILES_MAX; i++)
        if (disk->files[i].used && !reachable[i]) file_free(&disk->files[i]);
}

static int file_take(struct disk *disk) {
    for (int i = 0; i < DISK_FILES_MAX; i++) {
        if (disk->files[i].used) continue;
        disk->files[i].used = true;
        return i;
    }
    abort(); /* two contents a name are reachable at most, and there are room for more */
}

static struct disk_entry *entry_of(struct disk *disk, const char *name) {
    for (int i = 0; i < DISK_ENTRIES_MAX; i++)
        if (strcmp(disk->entries[i].name, name) == 0) return &disk->entries[i];
    return NULL;
}

static void metadata_sync(struct disk *disk) {
    for (int i = 0; i < DISK_ENTRIES_MAX; i++) {
        struct disk_entry *entry = &disk->entries[i];
        entry->durable = entry->live;
        entry->deleted_at = entry->changed_at = 0;
    }
    disk->metadata_durable = disk->metadata_step;
    files_collect(disk);
}

struct disk_entry *disk_find(struct disk *disk, const char *name) {
    struct disk_entry *entry = entry_of(disk, name);
    return entry && entry->live != DISK_NONE ? entry : NULL;
}

struct disk_entry *disk_create(struct disk *disk, const char *name) {
    struct disk_entry *entry = entry_of(disk, name);
    if (!entry) entry = entry_of(disk, "");
    if (!entry || strlen(name) >= DISK_NAME_BYTES_MAX) return NULL;
    strcpy(entry->name, name);
    entry->live = file_take(disk);
    entry->changed_at = ++disk->metadata_step;
    if (disk->directory_durable) metadata_sync(disk);
    return entry;
}

/* ---- the machine stops, and what it finds at its restart ------------------------------------- */

static bool machine_stops(struct disk *disk, enum disk_operation operation, const char *name) {
    if (disk->stop_one_in == 0 || !fv_chance(1, disk->stop_one_in)) return false;
    disk->state = fv_chance(1, 4) ? DISK_KILLED : DISK_POWER_LOST;
    disk->last = operation;
    disk->last_name = name;
    return true;
}

/* Only the sector's part of the change; torn from either end, as a head would leave it. */
static void sector_put(struct disk_file *file, const struct disk_change *change, size_t from,
                       size_t to, enum fate fate) {
    if (fate == FATE_LOST) return;
    if (fate == FATE_TORN) {
        size_t cut = from + fv_below(to - from);
        if (fv_chance(1, 2))
            to = cut;
        else
            from = cut;
    }
    if (from == to) return;
    fv_log("disk: %zu bytes at %zu reached the platter", to - from, from);
    FV_SOMETIMES(fate == FATE_TORN, "a torn sector survives a power loss");
    bytes_put(&file->durable, change->bytes + (from - change->offset), to - from, from);
}

/* A sector's later changes live in the same cached sector as its earlier ones, so once one of
 * them did not reach the platter none after it did. Sectors are independent: that is how writes
 * come to be reordered. `stopped` has a flag for each sector of the file. */
static void change_survive(struct disk *disk, struct disk_file *file,
                           const struct disk_change *change, bool *stopped, uint32_t lost_in_16) {
    size_t end = change->offset + change->length;
    bool lost_before = false;
    for (size_t at = change->offset; at < end;) {
        size_t sector = at / disk->sector_bytes;
        size_t next = (sector + 1) * disk->sector_bytes;
        if (next > end) next = end;
        enum fate fate = stopped[sector] ? FATE_LOST : FATE_KEPT;
        if (fate == FATE_KEPT && fv_chance(lost_in_16, 16)) {
            fate = fv_chance(1, 4) ? FATE_TORN : FATE_LOST;
            stopped[sector] = true;
        }
        FV_SOMETIMES(lost_before && fate == FATE_KEPT, "writes reach the platter out of order");
        lost_before |= fate == FATE_LOST;
        sector_put(file, change, at, next, fate);
        at = next;
    }
}

/* The file system may have grown the file for a write whose bytes never arrived; it shows zeros
 * there, as those of today do. Garbage would be too much for SQLite: opening a database, it takes
 * the reserved bytes of a page from the header before a hot journal undoes a torn creation. */
static void growth_survive(struct disk_file *file, size_t size) {
    if (size > file->durable.size && fv_chance(1, 4)) bytes_resize(&file->durable, size);
}

static size_t reach_of(const struct disk_file *file) {
    size_t reach = file->durable.size;
    for (size_t i = 0; i < file->change_count; i++) {
        size_t end = file->changes[i].offset + file->changes[i].length;
        if (end > reach) reach = end;
    }
    return reach;
}

static void file_survive(struct disk *disk, struct disk_file *file, uint64_t metadata_end) {
    static const uint32_t lost_in_16[] = {0, 1, 4, 8, 12, 16};
    uint32_t lost = lost_in_16[fv_pick("disk: changes lost", 6)];
    bool *stopped = checked(calloc(reach_of(file) / disk->sector_bytes + 1, sizeof(*stopped)));
    for (size_t i = 0; i < file->change_count; i++) {
        const struct disk_change *change = &file->changes[i];
        if (change->bytes)
            change_survive(disk, file, change, stopped, lost);
        else if (change->metadata_step <= metadata_end)
            bytes_resize(&file->durable, change->offset);
    }
    free(stopped);
    growth_survive(file, file->live.size);
    changes_forget(file);
    file->live.size = 0;
    if (file->durable.size > 0) bytes_put(&file->live, file->durable.bytes, file->durable.size, 0);
}

/* What the name leads to when the metadata journal ends there. */
static int entry_at(const struct disk_entry *entry, uint64_t metadata_end) {
    if (entry->changed_at <= metadata_end) return entry->live;
    if (entry->deleted_at != 0 && entry->deleted_at <= metadata_end) return DISK_NONE;
    return entry->durable;
}

static void entry_survive(struct disk_entry *entry, uint64_t metadata_end) {
    int then = entry_at(entry, metadata_end);
    if (then == entry->live) return;
    fv_log("disk: the last %s of %s is undone", entry->live == DISK_NONE ? "deletion" : "creation",
           entry->name);
    FV_SOMETIMES(entry->live == DISK_NONE, "a deleted file returns");
    FV_SOMETIMES(entry->live != DISK_NONE, "a created file vanishes");
    entry->live = then;
}

static void power_return(struct disk *disk) {
    uint64_t steps = disk->metadata_step - disk->metadata_durable;
    uint64_t metadata_end = disk->metadata_durable + fv_below(steps + 1);
    for (int i = 0; i < DISK_ENTRIES_MAX; i++) entry_survive(&disk->entries[i], metadata_end);
    metadata_sync(disk);
    for (int i = 0; i < DISK_FILES_MAX; i++)
        if (disk->files[i].used && disk->files[i].change_count > 0)
            file_survive(disk, &disk->files[i], metadata_end);
}

/* ---- operations ------------------------------------------------------------------------------ */

void disk_start(struct disk *disk) {
    static const uint32_t stop_one_in[] = {0, 30, 100, 300, 1000};
    memset(disk, 0, sizeof(*disk));
    for (int i = 0; i < DISK_ENTRIES_MAX; i++)
        disk->entries[i].live = disk->entries[i].durable = DISK_NONE;
    disk->sector_bytes = (size_t)512 << fv_pick("disk: sector size", 4);
    disk->powersafe = fv_chance(1, 2);
    disk->directory_durable = fv_chance(1, 2);
    disk->stop_one_in = stop_one_in[fv_pick("disk: stop rate", 5)];
}

void disk_stop(struct disk *disk) {
    for (int i = 0; i < DISK_FILES_MAX; i++) file_free(&disk->files[i]);
}

enum disk_error disk_unlink(struct disk *disk, const char *name, bool sync_directory) {
    struct disk_entry *entry = disk_find(disk, name);
    if (disk->state != DISK_UP) return DISK_DOWN;
    if (!entry) return DISK_OK;
    fv_log("disk: delete %s%s", name, sync_directory ? " and sync the directory" : "");
    bool stops = machine_stops(disk, DISK_UNLINK, entry->name);
    entry->live = DISK_NONE;
    entry->changed_at = ++disk->metadata_step;
    if (entry->deleted_at == 0) entry->deleted_at = entry->changed_at;
    if (stops) return DISK_DOWN;
    if (sync_directory || disk->directory_durable) metadata_sync(disk);
    files_collect(disk);
    return DISK_OK;
}

size_t disk_size(const struct disk *disk, const struct disk_entry *entry) {
    return entry->live == DISK_NONE ? 0 : disk->files[entry->live].live.size;
}

size_t disk_read(const struct disk *disk, const struct disk_entry *entry, void *to, size_t length,
                 size_t offset) {
    size_t size = disk_size(disk, entry);
    size_t there = offset >= size ? 0 : size - offset;
    if (there > length) there = length;
    if (there > 0) memcpy(to, disk->files[entry->live].live.bytes + offset, there);
    memset((uint8_t *)to + there, 0, length - there);
    return there;
}

enum disk_error disk_write(struct disk *disk, struct disk_entry *entry, const void *from,
                           size_t length, size_t offset) {
    if (disk->state != DISK_UP) return DISK_DOWN;
    if (entry->live == DISK_NONE || length == 0 || offset + length > DISK_FILE_BYTES_MAX)
        return DISK_FAILED;
    struct disk_file *file = &disk->files[entry->live];
    fv_log("disk: write %zu bytes of %s at %zu", length, entry->name, offset);
    change_add(file, from, length, offset);
    bytes_put(&file->live, from, length, offset);
    return machine_stops(disk, DISK_WRITE, entry->name) ? DISK_DOWN : DISK_OK;
}

enum disk_error disk_truncate(struct disk *disk, struct disk_entry *entry, size_t size) {
    if (disk->state != DISK_UP) return DISK_DOWN;
    if (entry->live == DISK_NONE || size > DISK_FILE_BYTES_MAX) return DISK_FAILED;
    struct disk_file *file = &disk->files[entry->live];
    if (size == file->live.size) return DISK_OK;
    fv_log("disk: truncate %s to %zu bytes", entry->name, size);
    change_add(file, NULL, 0, size)->metadata_step = ++disk->metadata_step;
    bytes_resize(&file->live, size);
    return machine_stops(disk, DISK_TRUNCATE, entry->name) ? DISK_DOWN : DISK_OK;
}

void disk_write_back(struct disk *disk, struct disk_entry *entry) {
    if (entry->live == DISK_NONE) return;
    changes_flush(&disk->files[entry->live]);
    metadata_sync(disk);
}

enum disk_error disk_sync(struct disk *disk, struct disk_entry *entry) {
    if (disk->state != DISK_UP) return DISK_DOWN;
    if (entry->live == DISK_NONE) return DISK_FAILED;
    fv_log("disk: sync %s", entry->name);
    if (machine_stops(disk, DISK_SYNC, entry->name)) return DISK_DOWN;
#ifdef FV_LYING_SYNC
    if (fv_chance(1, LIE_ONE_IN)) {
        fv_log("disk: the sync of %s is acknowledged and dropped", entry->name);
        disk->files[entry->live].owed = disk->files[entry->live].change_count > 0;
        FV_SOMETIMES(disk->files[entry->live].owed, "a sync with something to lose is dropped");
        return DISK_OK;
    }
#endif
    disk_write_back(disk, entry);
    return DISK_OK;
}

const char *disk_owed(const struct disk *disk) {
    for (int i = 0; i < DISK_ENTRIES_MAX; i++) {
        const struct disk_entry *entry = &disk->entries[i];
        if (entry->live != DISK_NONE && disk->files[entry->live].owed) return entry->name;
    }
    return NULL;
}

void disk_restart(struct disk *disk) {
    if (disk->state == DISK_POWER_LOST) power_return(disk);
    for (int i = 0; i < DISK_ENTRIES_MAX; i++) disk_write_back(disk, &disk->entries[i]);
    disk->state = DISK_UP;
    disk->last = DISK_IDLE;
    disk->last_name = NULL;
}
