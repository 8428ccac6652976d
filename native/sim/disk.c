#include "disk_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FV_SLOT_BITS = 12, /* of a handle; the rest says which use of the slot it is */
    FV_USES_MAX = 1 << 18,
};
_Static_assert(FV_OPEN_FILES_MAX <= 1 << FV_SLOT_BITS, "handles hold their slot");

static struct fv_disk *disks[FV_NODES_MAX];

void *fv_disk_room(size_t bytes) {
    void *room = calloc(1, bytes);
    if (room == NULL) fv_bug("the simulation kit finds no memory for a disk");
    return room;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static struct fv_disk *disk_made(fv_node node) {
    uint32_t page_bytes = fv_faults.model.disk.page_bytes;
    if (page_bytes == 0) page_bytes = FV_PAGE_BYTES_USUAL;
    if (page_bytes < FV_PAGE_BYTES_LEAST || page_bytes > FV_PAGE_BYTES_GREATEST ||
        (page_bytes & (page_bytes - 1)) != 0)
        fv_bug("misuse of the kit: pages of %u bytes; a power of two from %d to %d is meant",
               page_bytes, FV_PAGE_BYTES_LEAST, FV_PAGE_BYTES_GREATEST);
    struct fv_disk *disk = fv_disk_room(sizeof *disk);
    disk->node = node;
    disk->page_bytes = page_bytes;
    disk->page_shift = (uint32_t)__builtin_ctz(page_bytes);
    return disk;
}

static struct fv_disk *disk_of_caller(const char *call) {
    fv_node node = fv_node_of_caller(call);
    fv_preempt();
    if (disks[node] == NULL) disks[node] = disk_made(node);
    return disks[node];
}

static void lose_power(fv_node node, const char *call, const char *when) {
    fv_log("the power of " FV_NODE_WORDS " fails %s %s()", FV_NODE_ARGUMENTS(node), when, call);
    fv_node_crash(node);
}

struct fv_disk *fv_disk_begin(const char *call) {
    struct fv_disk *disk = disk_of_caller(call);
    if (fv_fault_strikes(FV_FAULT_POWER_LOSS)) lose_power(disk->node, call, "before");
    return disk;
}

struct fv_disk *fv_disk_begin_change(const char *call, bool *ends) {
    struct fv_disk *disk = disk_of_caller(call);
    *ends = fv_fault_strikes(FV_FAULT_POWER_LOSS);
    if (*ends && fv_chance(1, 2)) lose_power(disk->node, call, "before");
    if (*ends)
        fv_log("the power of " FV_NODE_WORDS " fails behind %s()", FV_NODE_ARGUMENTS(disk->node),
               call);
    return disk;
}

/* A fault has struck; `lies`: what was acknowledged may be lost. */
static void note_fault(struct fv_disk *disk, const char *what, const char *name, bool lies) {
    fv_log("the disk of " FV_NODE_WORDS ": %s of %s", FV_NODE_ARGUMENTS(disk->node), what, name);
    disk->has_lied |= lies;
}

bool fv_disk_has_lied(fv_node node) {
    fv_node_check(node, "fv_disk_has_lied");
    return disks[node] != NULL && disks[node]->has_lied;
}

/* ---- handles --------------------------------------------------------------------------------- */

static struct fv_handle *handle_of(struct fv_disk *disk, fv_file file, const char *call) {
    uint32_t slot = (uint32_t)file & ((1 << FV_SLOT_BITS) - 1);
    uint32_t uses = (uint32_t)file >> FV_SLOT_BITS;
    if (file <= 0 || slot >= disk->handle_count || disk->handles[slot].inode == NULL ||
        disk->handles[slot].uses % FV_USES_MAX != uses)
        fv_bug("misuse of the kit: %s() of %d, which is no open file", call, file);
    return &disk->handles[slot];
}

static struct fv_inode *inode_of(struct fv_disk *disk, fv_file file, const char *call) {
    return handle_of(disk, file, call)->inode;
}

static bool has_handle_left(const struct fv_disk *disk) {
    return disk->unused != 0 || disk->handle_count < FV_OPEN_FILES_MAX;
}

static fv_file handle_made(struct fv_disk *disk, struct fv_inode *inode) {
    if (disk->unused == 0 && disk->handle_count == disk->handle_room) {
        disk->handle_room = disk->handle_room == 0 ? 8 : 2 * disk->handle_room;
        disk->handles = realloc(disk->handles, disk->handle_room * sizeof *disk->handles);
        if (disk->handles == NULL) fv_bug("the simulation kit finds no memory for a disk");
    }
    if (disk->unused == 0) {
        disk->handles[disk->handle_count++] = (struct fv_handle){0};
        disk->unused = disk->handle_count;
    }
    uint32_t slot = disk->unused - 1;
    struct fv_handle *handle = &disk->handles[slot];
    disk->unused = handle->next_unused;
    handle->inode = inode;
    if (++handle->uses % FV_USES_MAX == 0) handle->uses++;
    inode->handles++;
    return (fv_file)(handle->uses % FV_USES_MAX << FV_SLOT_BITS | slot);
}

static void close_handle(struct fv_disk *disk, struct fv_handle *handle) {
    struct fv_inode *inode = handle->inode;
    handle->inode = NULL;
    handle->next_unused = disk->unused;
    disk->unused = 1 + (uint32_t)(handle - disk->handles);
    inode->handles--;
    fv_inode_drop(disk, inode);
}

static fv_file open_file(struct fv_disk *disk, const char *name, uint32_t flags) {
    int32_t error = fv_names_check(name);
    if (error != 0) return error;
    struct fv_inode *inode = fv_names_find(disk, name);
    bool creates = (flags & FV_OPEN_CREATE) != 0;
    if (inode == NULL && !creates) return -ENOENT;
    if (inode != NULL && creates && (flags & FV_OPEN_EXCLUSIVE) != 0) return -EEXIST;
    if (!has_handle_left(disk)) return -EMFILE;
    if (inode == NULL) inode = fv_names_create(disk, name, &error);
    if (inode == NULL) return error;
    if ((flags & FV_OPEN_TRUNCATE) != 0) fv_contents_truncate(disk, inode, 0);
    return handle_made(disk, inode);
}

fv_file fv_file_open(const char *name, uint32_t flags) {
    if (flags > (FV_OPEN_CREATE | FV_OPEN_EXCLUSIVE | FV_OPEN_TRUNCATE))
        fv_bug("misuse of the kit: fv_file_open() with flags %u", flags);
    bool ends;
    struct fv_disk *disk = fv_disk_begin_change("fv_file_open", &ends);
    fv_file file = open_file(disk, name, flags);
    if (ends) fv_node_crash(disk->node);
    return file;
}

void fv_file_close(fv_file file) {
    struct fv_disk *disk = fv_disk_begin("fv_file_close");
    close_handle(disk, handle_of(disk, file, "fv_file_close"));
}

/* ---- reads ----------------------------------------------------------------------------------- */

/* A bit of what is read, where that is durable. */
static void rot(struct fv_disk *disk, struct fv_inode *inode, uint64_t at, size_t size) {
    uint64_t bit = fv_below(8 * (uint64_t)size), byte = at + bit / 8;
    struct fv_page *page = fv_page_at(inode, byte >> disk->page_shift);
    if (page == NULL || page->changed >= inode->durable_until) return;
    page->bytes[byte & (disk->page_bytes - 1)] ^= (unsigned char)(1 << bit % 8);
    note_fault(disk, "a bit rots", inode->name, true);
}

int64_t fv_file_read(fv_file file, void *to, size_t size, uint64_t at) {
    struct fv_disk *disk = fv_disk_begin("fv_file_read");
    struct fv_inode *inode = inode_of(disk, file, "fv_file_read");
    if (fv_fault_strikes(FV_FAULT_READ_ERROR)) {
        note_fault(disk, "an error in a read", inode->name, false);
        return -EIO;
    }
    if (at >= inode->size) return 0;
    if (size > inode->size - at) size = (size_t)(inode->size - at);
    if (size > 0 && fv_fault_strikes(FV_FAULT_BIT_ROT)) rot(disk, inode, at, size);
    fv_contents_read(disk, inode, to, size, at);
    return (int64_t)size;
}

int64_t fv_file_size(fv_file file) {
    struct fv_disk *disk = fv_disk_begin("fv_file_size");
    return (int64_t)inode_of(disk, file, "fv_file_size")->size;
}

/* ---- writes ---------------------------------------------------------------------------------- */

/* 0: a file may grow to that size. */
static int32_t check_room(const struct fv_disk *disk, const struct fv_inode *inode, uint64_t size) {
    if (size > FV_FILE_BYTES_MAX) return -EFBIG;
    uint64_t capacity = fv_faults.model.disk.capacity_bytes;
    if (capacity == 0 || size <= inode->size) return 0;
    uint64_t used = size - inode->size;
    for (const struct fv_inode *other = disk->inodes; other != NULL; other = other->next)
        if (other->is_named || other->handles > 0) used += other->size;
    return used > capacity ? -ENOSPC : 0;
}

/* Where one page of a write is written in place of its own: FV_FILE_BYTES_MAX is nowhere, as the
 * file has no other page. */
static uint64_t drawn_astray(const struct fv_disk *disk, const struct fv_inode *inode,
                             uint64_t at) {
    uint64_t own = at >> disk->page_shift;
    uint64_t count = (inode->size + disk->page_bytes - 1) >> disk->page_shift;
    uint64_t others = own < count ? count - 1 : count;
    if (others == 0) return FV_FILE_BYTES_MAX;
    uint64_t page = fv_below(others);
    if (page >= own) page++;
    return (page << disk->page_shift) + (at & (disk->page_bytes - 1));
}

/* The file has its new size all the same, and is not longer than that. */
static bool write_astray(struct fv_disk *disk, struct fv_inode *inode, const void *from,
                         uint32_t length, uint64_t at) {
    uint64_t to = drawn_astray(disk, inode, at);
    if (to == FV_FILE_BYTES_MAX) return false;
    uint64_t fits = to < inode->size ? inode->size - to : 0;
    if (fits > length) fits = length;
    if (fits > 0) fv_contents_write(disk, inode, from, (uint32_t)fits, to, false);
    if (inode->size < at + length) inode->size = at + length;
    note_fault(disk, "a page lands on another one", inode->name, true);
    return true;
}

struct outcome {
    uint64_t done;   /* pages that are written, of all */
    uint64_t astray; /* one of them, UINT64_MAX: none */
    bool is_lost;
};

static struct outcome drawn_outcome(struct fv_disk *disk, const struct fv_inode *inode,
                                    uint64_t pages) {
    struct outcome outcome = {pages, UINT64_MAX, false};
    if (fv_fault_strikes(FV_FAULT_WRITE_ERROR)) {
        note_fault(disk, "an error in a write", inode->name, false);
        outcome.done = fv_below(pages);
        return outcome;
    }
    outcome.is_lost = fv_fault_strikes(FV_FAULT_LOST_WRITE);
    if (outcome.is_lost)
        note_fault(disk, "a lost write", inode->name, true);
    else if (fv_fault_strikes(FV_FAULT_MISDIRECTED))
        outcome.astray = fv_below(pages);
    return outcome;
}

static int64_t write_file(struct fv_disk *disk, struct fv_inode *inode, const unsigned char *from,
                          size_t size, uint64_t at) {
    if (size == 0) return 0;
    if (size > FV_FILE_BYTES_MAX || at > FV_FILE_BYTES_MAX) return -EFBIG;
    int32_t error = check_room(disk, inode, at + size);
    if (error != 0) return error;
    uint64_t pages = ((at + size - 1) >> disk->page_shift) - (at >> disk->page_shift) + 1;
    struct outcome outcome = drawn_outcome(disk, inode, pages);
    size_t left = size;
    for (uint64_t i = 0; i < outcome.done; i++) {
        uint64_t room = disk->page_bytes - (at & (disk->page_bytes - 1));
        uint32_t length = (uint32_t)(room < left ? room : left);
        if (i != outcome.astray || !write_astray(disk, inode, from, length, at))
            fv_contents_write(disk, inode, from, length, at, outcome.is_lost);
        from += length;
        at += length;
        left -= length;
    }
    return outcome.done < pages ? -EIO : (int64_t)size;
}

int64_t fv_file_write(fv_file file, const void *from, size_t size, uint64_t at) {
    bool ends;
    struct fv_disk *disk = fv_disk_begin_change("fv_file_write", &ends);
    struct fv_inode *inode = inode_of(disk, file, "fv_file_write");
    int64_t written = write_file(disk, inode, from, size, at);
    if (ends) fv_node_crash(disk->node);
    return written;
}

int64_t fv_file_append(fv_file file, const void *from, size_t size) {
    bool ends;
    struct fv_disk *disk = fv_disk_begin_change("fv_file_append", &ends);
    struct fv_inode *inode = inode_of(disk, file, "fv_file_append");
    int64_t written = write_file(disk, inode, from, size, inode->size);
    if (ends) fv_node_crash(disk->node);
    return written;
}

static int32_t truncate_file(struct fv_disk *disk, struct fv_inode *inode, uint64_t size) {
    int32_t error = check_room(disk, inode, size);
    if (error != 0) return error;
    if (fv_fault_strikes(FV_FAULT_WRITE_ERROR)) {
        note_fault(disk, "an error in a truncation", inode->name, false);
        return -EIO;
    }
    fv_contents_truncate(disk, inode, size);
    return 0;
}

int32_t fv_file_truncate(fv_file file, uint64_t size) {
    bool ends;
    struct fv_disk *disk = fv_disk_begin_change("fv_file_truncate", &ends);
    int32_t error = truncate_file(disk, inode_of(disk, file, "fv_file_truncate"), size);
    if (ends) fv_node_crash(disk->node);
    return error;
}

/* ---- syncs ----------------------------------------------------------------------------------- */

int32_t fv_disk_flush(struct fv_disk *disk, const char *what) {
    const struct fv_disk_model *model = &fv_faults.model.disk;
    uint64_t takes_ns = model->sync_ns;
    if (fv_fault_strikes(FV_FAULT_SLOW_SYNC)) {
        takes_ns = fv_drawn_ns(model->sync_ns, model->slow_sync_max_ns);
        note_fault(disk, "a slow sync", what, false);
    }
    if (takes_ns > 0) fv_sleep(takes_ns);
    if (fv_fault_strikes(FV_FAULT_WRITE_ERROR)) {
        note_fault(disk, "an error in a sync", what, false);
        return -EIO;
    }
    if (fv_fault_strikes(FV_FAULT_LYING_SYNC)) {
        note_fault(disk, "a lying sync", what, true);
        return 0;
    }
    return 1;
}

int32_t fv_file_sync(fv_file file) {
    bool ends;
    struct fv_disk *disk = fv_disk_begin_change("fv_file_sync", &ends);
    struct fv_inode *inode = inode_of(disk, file, "fv_file_sync");
    uint64_t until = disk->moment, size = inode->size;
    inode->handles++;
    int32_t done = fv_disk_flush(disk, inode->name);
    if (done > 0) {
        bool is_newest = until >= inode->durable_until;
        fv_contents_settle(disk, inode, until);
        if (is_newest) inode->durable_size = size;
    }
    inode->handles--;
    fv_inode_drop(disk, inode);
    if (ends) fv_node_crash(disk->node);
    return done < 0 ? done : 0;
}

/* ---- a node goes down ------------------------------------------------------------------------ */

static void drop_unused_files(struct fv_disk *disk) {
    struct fv_inode *next;
    for (struct fv_inode *inode = disk->inodes; inode != NULL; inode = next) {
        next = inode->next;
        inode->handles = 0;
        fv_inode_drop(disk, inode);
    }
}

void fv_disk_node_down(fv_node node, bool by_power) {
    struct fv_disk *disk = disks[node];
    if (disk == NULL) return;
    for (uint32_t slot = 0; slot < disk->handle_count; slot++)
        if (disk->handles[slot].inode != NULL) close_handle(disk, &disk->handles[slot]);
    drop_unused_files(disk);
    if (by_power) fv_disk_lose(disk);
}
