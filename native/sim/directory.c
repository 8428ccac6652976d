#include "disk_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- files without regard to names ----------------------------------------------------------- */

static struct fv_inode *inode_made(struct fv_disk *disk) {
    struct fv_inode *inode = fv_disk_room(sizeof *inode);
    inode->next = disk->inodes;
    if (inode->next != NULL) inode->next->previous = inode;
    disk->inodes = inode;
    return inode;
}

void fv_inode_drop(struct fv_disk *disk, struct fv_inode *inode) {
    if (inode->is_named || inode->handles > 0 || inode->claims > 0) return;
    fv_contents_free(disk, inode);
    if (inode->next != NULL) inode->next->previous = inode->previous;
    if (inode->previous != NULL)
        inode->previous->next = inode->next;
    else
        disk->inodes = inode->next;
    free(inode);
}

/* ---- names as calls see them ----------------------------------------------------------------- */

/* Whether it is there, and where it is or belongs. */
static bool find_entry(const struct fv_disk *disk, const char *name, uint32_t *place) {
    uint32_t from = 0, to = disk->entry_count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        int order = strcmp(disk->entries[middle]->name, name);
        if (order == 0) {
            *place = middle;
            return true;
        }
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    *place = from;
    return false;
}

/* The name is new. */
static void add_entry(struct fv_disk *disk, const char *name, struct fv_inode *inode) {
    uint32_t place;
    find_entry(disk, name, &place);
    if (disk->entry_count == disk->entry_room) {
        disk->entry_room = disk->entry_room == 0 ? 8 : 2 * disk->entry_room;
        disk->entries = realloc(disk->entries, disk->entry_room * sizeof *disk->entries);
        if (disk->entries == NULL) fv_bug("the simulation kit finds no memory for a disk");
    }
    size_t bytes = strlen(name) + 1;
    struct fv_entry *entry = fv_disk_room(sizeof *entry + bytes);
    entry->inode = inode;
    memcpy(entry->name, name, bytes);
    memcpy(inode->name, name, bytes);
    inode->is_named = true;
    memmove(disk->entries + place + 1, disk->entries + place,
            (disk->entry_count++ - place) * sizeof(struct fv_entry *));
    disk->entries[place] = entry;
}

/* The name is there. Its file, which has none now. */
static struct fv_inode *take_entry(struct fv_disk *disk, const char *name) {
    uint32_t place;
    if (!find_entry(disk, name, &place)) fv_bug("the simulation kit has lost a file's name");
    struct fv_entry *entry = disk->entries[place];
    struct fv_inode *inode = entry->inode;
    memmove(disk->entries + place, disk->entries + place + 1,
            (--disk->entry_count - place) * sizeof(struct fv_entry *));
    inode->is_named = false;
    free(entry);
    return inode;
}

struct fv_inode *fv_names_find(const struct fv_disk *disk, const char *name) {
    uint32_t place;
    return find_entry(disk, name, &place) ? disk->entries[place]->inode : NULL;
}

int32_t fv_names_check(const char *name) {
    if (name[0] == 0) return -ENOENT;
    return strnlen(name, FV_FILE_NAME_BYTES_MAX + 1) > FV_FILE_NAME_BYTES_MAX ? -ENAMETOOLONG : 0;
}

/* ---- name changes that are not durable ------------------------------------------------------- */

/* Claims `inode`, who has lost its name by it. */
static void note_naming(struct fv_disk *disk, enum fv_naming_kind kind, const char *name,
                        const char *to, struct fv_inode *inode) {
    if (!fv_faults.model.disk.loses_names) return;
    struct fv_naming *naming = fv_disk_room(sizeof *naming);
    naming->when = disk->moment++;
    naming->kind = kind;
    naming->inode = inode;
    memcpy(naming->name, name, strlen(name) + 1);
    memcpy(naming->to, to, strlen(to) + 1);
    if (inode != NULL) inode->claims++;
    if (disk->first_naming == NULL)
        disk->first_naming = naming;
    else
        disk->last_naming->next = naming;
    disk->last_naming = naming;
    disk->naming_count++;
}

/* Frees it. */
static void settle_naming(struct fv_disk *disk, struct fv_naming *naming) {
    struct fv_inode *inode = naming->inode;
    free(naming);
    disk->naming_count--;
    if (inode == NULL) return;
    inode->claims--;
    fv_inode_drop(disk, inode);
}

static void settle_namings(struct fv_disk *disk, uint64_t until) {
    while (disk->first_naming != NULL && disk->first_naming->when < until) {
        struct fv_naming *naming = disk->first_naming;
        disk->first_naming = naming->next;
        settle_naming(disk, naming);
    }
}

static void undo_naming(struct fv_disk *disk, struct fv_naming *naming) {
    if (naming->kind == FV_NAMING_GIVEN) {
        fv_inode_drop(disk, take_entry(disk, naming->name));
        return;
    }
    if (naming->kind == FV_NAMING_MOVED)
        add_entry(disk, naming->name, take_entry(disk, naming->to));
    if (naming->inode != NULL)
        add_entry(disk, naming->kind == FV_NAMING_MOVED ? naming->to : naming->name, naming->inode);
}

void fv_names_lose(struct fv_disk *disk) {
    uint32_t count = disk->naming_count;
    if (count == 0) return;
    uint32_t kept = (uint32_t)fv_below(count + 1);
    fv_log("the disk of " FV_NODE_WORDS " keeps %u of %u changes of names",
           FV_NODE_ARGUMENTS(disk->node), kept, count);
    struct fv_naming **namings = fv_disk_room(count * sizeof *namings);
    struct fv_naming *naming = disk->first_naming;
    for (uint32_t i = 0; i < count; i++, naming = naming->next) namings[i] = naming;
    for (uint32_t i = count; i-- > kept;) undo_naming(disk, namings[i]);
    for (uint32_t i = 0; i < count; i++) settle_naming(disk, namings[i]);
    disk->first_naming = NULL;
    free(namings);
}

struct fv_inode *fv_names_create(struct fv_disk *disk, const char *name, int32_t *error) {
    if (disk->entry_count == FV_FILES_MAX) {
        *error = -ENOSPC;
        return NULL;
    }
    struct fv_inode *inode = inode_made(disk);
    add_entry(disk, name, inode);
    note_naming(disk, FV_NAMING_GIVEN, name, "", NULL);
    return inode;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static int32_t rename_file(struct fv_disk *disk, const char *from, const char *to) {
    int32_t error = fv_names_check(from);
    if (error == 0) error = fv_names_check(to);
    if (error != 0) return error;
    if (fv_names_find(disk, from) == NULL) return -ENOENT;
    if (strcmp(from, to) == 0) return 0;
    struct fv_inode *replaced = fv_names_find(disk, to);
    if (replaced != NULL) take_entry(disk, to);
    add_entry(disk, to, take_entry(disk, from));
    note_naming(disk, FV_NAMING_MOVED, from, to, replaced);
    if (replaced != NULL) fv_inode_drop(disk, replaced);
    return 0;
}

int32_t fv_disk_rename(const char *from, const char *to) {
    bool ends;
    struct fv_disk *disk = fv_disk_begin_change("fv_disk_rename", &ends);
    int32_t error = rename_file(disk, from, to);
    if (ends) fv_node_crash(disk->node);
    return error;
}

static int32_t unlink_file(struct fv_disk *disk, const char *name) {
    int32_t error = fv_names_check(name);
    if (error != 0) return error;
    if (fv_names_find(disk, name) == NULL) return -ENOENT;
    struct fv_inode *inode = take_entry(disk, name);
    note_naming(disk, FV_NAMING_TAKEN, name, "", inode);
    fv_inode_drop(disk, inode);
    return 0;
}

int32_t fv_disk_unlink(const char *name) {
    bool ends;
    struct fv_disk *disk = fv_disk_begin_change("fv_disk_unlink", &ends);
    int32_t error = unlink_file(disk, name);
    if (ends) fv_node_crash(disk->node);
    return error;
}

int32_t fv_disk_sync_names(void) {
    bool ends;
    struct fv_disk *disk = fv_disk_begin_change("fv_disk_sync_names", &ends);
    uint64_t until = disk->moment;
    int32_t done = fv_disk_flush(disk, "the directory");
    if (done > 0) settle_namings(disk, until);
    if (ends) fv_node_crash(disk->node);
    return done < 0 ? done : 0;
}

bool fv_disk_has(const char *name) {
    return fv_names_find(fv_disk_begin("fv_disk_has"), name) != NULL;
}

const char *fv_disk_name(uint32_t n) {
    const struct fv_disk *disk = fv_disk_begin("fv_disk_name");
    return n < disk->entry_count ? disk->entries[n]->name : NULL;
}
