#include "disk_inside.h"

#include <stdlib.h>
#include <string.h>

/* ---- pages ----------------------------------------------------------------------------------- */

struct fv_page *fv_page_at(const struct fv_inode *inode, uint64_t number) {
    uint64_t leaf = number / FV_LEAF_PAGES;
    if (leaf >= inode->leaf_room || inode->leaves[leaf] == NULL) return NULL;
    return inode->leaves[leaf]->pages[number % FV_LEAF_PAGES];
}

/* Makes the leaf where there is none. */
static struct fv_page **place_of(struct fv_inode *inode, uint64_t number) {
    uint64_t leaf = number / FV_LEAF_PAGES;
    if (leaf >= inode->leaf_room) {
        uint64_t room = inode->leaf_room == 0 ? 1 : 2 * inode->leaf_room;
        if (room <= leaf) room = leaf + 1;
        struct fv_leaf **leaves = fv_disk_room(room * sizeof *leaves);
        if (inode->leaf_room > 0) memcpy(leaves, inode->leaves, inode->leaf_room * sizeof *leaves);
        free(inode->leaves);
        inode->leaves = leaves;
        inode->leaf_room = room;
    }
    if (inode->leaves[leaf] == NULL) inode->leaves[leaf] = fv_disk_room(sizeof(struct fv_leaf));
    return &inode->leaves[leaf]->pages[number % FV_LEAF_PAGES];
}

struct fv_page *fv_page_made(struct fv_disk *disk, struct fv_inode *inode, uint64_t number) {
    struct fv_page **place = place_of(inode, number);
    if (*place == NULL) {
        *place = fv_disk_room(sizeof **place + disk->page_bytes);
        (*place)->number = number;
    }
    return *place;
}

void fv_page_free_stale(struct fv_inode *inode, struct fv_page *page) {
    while (page->stale != NULL) {
        struct fv_change *stale = page->stale;
        page->stale = stale->next;
        inode->stale_count--;
        free(stale);
    }
}

static void free_page(struct fv_inode *inode, struct fv_page *page) {
    fv_page_free_stale(inode, page);
    free(page);
}

/* Takes the pages from `first` on out of the file, and chains them. */
static struct fv_page *cut_pages(struct fv_inode *inode, uint64_t first, uint64_t *count) {
    struct fv_page *cut = NULL;
    *count = 0;
    for (uint64_t leaf = first / FV_LEAF_PAGES; leaf < inode->leaf_room; leaf++) {
        struct fv_leaf *pages = inode->leaves[leaf];
        if (pages == NULL) continue;
        uint64_t from = leaf == first / FV_LEAF_PAGES ? first % FV_LEAF_PAGES : 0;
        for (uint64_t i = from; i < FV_LEAF_PAGES; i++) {
            struct fv_page *page = pages->pages[i];
            if (page == NULL) continue;
            page->next = cut;
            cut = page;
            pages->pages[i] = NULL;
            ++*count;
        }
    }
    return cut;
}

static void free_pages(struct fv_inode *inode, struct fv_page *pages) {
    while (pages != NULL) {
        struct fv_page *page = pages;
        pages = page->next;
        free_page(inode, page);
    }
}

/* ---- what is not durable --------------------------------------------------------------------- */

void fv_change_free(struct fv_disk *disk, struct fv_inode *inode, struct fv_change *change) {
    disk->undo_bytes -= change->cost;
    free_pages(inode, change->cut);
    free(change);
}

static struct fv_change *change_made(uint32_t old_length) {
    struct fv_change *change = malloc(sizeof *change + old_length);
    if (change == NULL) fv_bug("the simulation kit finds no memory for a disk");
    *change = (struct fv_change){.cost = sizeof *change + old_length, .old_length = old_length};
    return change;
}

/* Changes older than half of what may be undone become durable, on all of the disk: what is kept is
 * a prefix still. */
static void write_back(struct fv_disk *disk) {
    fv_log("the disk of " FV_NODE_WORDS " writes back what was never synced",
           FV_NODE_ARGUMENTS(disk->node));
    uint64_t until = disk->moment - FV_UNDO_BYTES_MAX / 2;
    for (struct fv_inode *inode = disk->inodes; inode != NULL; inode = inode->next)
        fv_contents_settle(disk, inode, until);
}

static void push(struct fv_disk *disk, struct fv_inode *inode, struct fv_change *change) {
    change->when = disk->moment;
    disk->moment += change->cost;
    disk->undo_bytes += change->cost;
    if (inode->first == NULL)
        inode->first = change;
    else
        inode->last->next = change;
    inode->last = change;
    inode->change_count++;
    inode->truncation_count += change->is_truncation;
    if (disk->undo_bytes > FV_UNDO_BYTES_MAX) write_back(disk);
}

/* A page whose last write was lost stays so until another write of it is durable: that one writes
 * it whole. Behind a truncation that can still be undone the page may be another one. */
static void settle_write(struct fv_disk *disk, struct fv_inode *inode, struct fv_change *change) {
    bool is_stale = change->is_lost && inode->truncation_count == 0;
    if (is_stale || inode->stale_count > 0) {
        struct fv_page *page = fv_page_at(inode, change->page);
        if (is_stale) {
            disk->undo_bytes -= change->cost;
            change->next = page->stale;
            page->stale = change;
            inode->stale_count++;
            return;
        }
        if (page != NULL) fv_page_free_stale(inode, page);
    }
    fv_change_free(disk, inode, change);
}

void fv_contents_settle(struct fv_disk *disk, struct fv_inode *inode, uint64_t until) {
    while (inode->first != NULL && inode->first->when < until) {
        struct fv_change *change = inode->first;
        inode->first = change->next;
        inode->change_count--;
        if (change->is_truncation) {
            inode->durable_size = change->size;
            inode->truncation_count--;
            fv_change_free(disk, inode, change);
            continue;
        }
        uint64_t end = (change->page << disk->page_shift) + change->at + change->length;
        if (inode->durable_size < end) inode->durable_size = end;
        settle_write(disk, inode, change);
    }
    if (inode->durable_until < until) inode->durable_until = until;
}

/* ---- changes --------------------------------------------------------------------------------- */

void fv_contents_write(struct fv_disk *disk, struct fv_inode *inode, const void *from,
                       uint32_t length, uint64_t at, bool is_lost) {
    uint64_t number = at >> disk->page_shift;
    uint32_t within = (uint32_t)(at & (disk->page_bytes - 1));
    struct fv_page *page = fv_page_at(inode, number);
    bool makes_page = page == NULL;
    if (makes_page) page = fv_page_made(disk, inode, number);
    uint64_t old_length = makes_page || inode->size <= at ? 0 : inode->size - at;
    if (old_length > length) old_length = length;
    struct fv_change *change = change_made((uint32_t)old_length);
    if (old_length > 0) memcpy(change->old, page->bytes + within, old_length);
    memcpy(page->bytes + within, from, length);
    if (inode->size < at + length) inode->size = at + length;
    change->size = inode->size;
    change->page = number;
    change->at = within;
    change->length = length;
    change->is_lost = is_lost;
    change->makes_page = makes_page;
    page->changed = disk->moment;
    push(disk, inode, change);
}

void fv_contents_truncate(struct fv_disk *disk, struct fv_inode *inode, uint64_t size) {
    if (size == inode->size) return;
    bool shrinks = size < inode->size;
    uint64_t number = size >> disk->page_shift;
    uint32_t within = (uint32_t)(size & (disk->page_bytes - 1));
    struct fv_page *page = shrinks && within > 0 ? fv_page_at(inode, number) : NULL;
    uint64_t old_length = page == NULL ? 0 : disk->page_bytes - within;
    struct fv_change *change = change_made((uint32_t)old_length);
    change->is_truncation = true;
    change->size = size;
    change->at = within;
    change->page = shrinks ? number : UINT64_MAX;
    if (page != NULL) {
        memcpy(change->old, page->bytes + within, old_length);
        memset(page->bytes + within, 0, old_length);
        page->changed = disk->moment;
    }
    if (shrinks) {
        uint64_t count;
        change->cut = cut_pages(inode, number + (within > 0), &count);
        change->cost += count * disk->page_bytes;
    }
    inode->size = size;
    push(disk, inode, change);
}

/* ---- back ------------------------------------------------------------------------------------ */

static void undo_truncation(struct fv_inode *inode, struct fv_change *change) {
    if (change->old_length > 0)
        memcpy(fv_page_at(inode, change->page)->bytes + change->at, change->old,
               change->old_length);
    while (change->cut != NULL) {
        struct fv_page *page = change->cut;
        change->cut = page->next;
        *place_of(inode, page->number) = page;
    }
}

void fv_contents_undo(struct fv_inode *inode, struct fv_change *change) {
    if (change->is_truncation) {
        undo_truncation(inode, change);
        return;
    }
    struct fv_page **place = place_of(inode, change->page);
    if (change->makes_page) {
        free_page(inode, *place);
        *place = NULL;
        return;
    }
    unsigned char *bytes = (*place)->bytes + change->at;
    memcpy(bytes, change->old, change->old_length);
    memset(bytes + change->old_length, 0, change->length - change->old_length);
}

/* ---- the rest -------------------------------------------------------------------------------- */

void fv_contents_read(const struct fv_disk *disk, const struct fv_inode *inode, void *to,
                      size_t size, uint64_t at) {
    unsigned char *out = to;
    while (size > 0) {
        uint64_t within = at & (disk->page_bytes - 1);
        size_t length = disk->page_bytes - within < size ? disk->page_bytes - within : size;
        const struct fv_page *page = fv_page_at(inode, at >> disk->page_shift);
        if (page == NULL)
            memset(out, 0, length);
        else
            memcpy(out, page->bytes + within, length);
        out += length;
        at += length;
        size -= length;
    }
}

void fv_contents_free(struct fv_disk *disk, struct fv_inode *inode) {
    while (inode->first != NULL) {
        struct fv_change *change = inode->first;
        inode->first = change->next;
        fv_change_free(disk, inode, change);
    }
    uint64_t count;
    free_pages(inode, cut_pages(inode, 0, &count));
    for (uint64_t leaf = 0; leaf < inode->leaf_room; leaf++) free(inode->leaves[leaf]);
    free(inode->leaves);
}
