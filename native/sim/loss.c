/* What a power loss keeps. A page's changes are undone from the last one on, until one is kept:
 * what stays is one of the contents that it had since its last sync, as if the page had been
 * written back then. A truncation is kept or lost with its file's earlier ones, in order; where it
 * is lost, so is what was written later to the pages that it cut. */
#include "disk_inside.h"

#include <stdlib.h>
#include <string.h>

enum { FV_PARTS = 8 }; /* of a page, of chances */

/* A page as it was before changes of it were undone, of which a part is kept. */
struct tear {
    struct tear *next;
    uint64_t page;
    uint32_t length; /* up to the end of the file then */
    unsigned char bytes[];
};

struct loss {
    struct fv_disk *disk;
    uint32_t kept_parts;   /* of a write that nothing else decides of: how likely it is kept */
    uint64_t kept_until;   /* with is_ordered */
    uint64_t settled_from; /* the following are of one file: later truncations that are kept cut
                              from here on */
    struct tear *tears;
};

/* ---- what happens to whom -------------------------------------------------------------------- */

static int earlier(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* When the first write was that is lost, of a prefix of drawn length that is kept. */
static uint64_t drawn_prefix(const struct fv_disk *disk, uint32_t count) {
    uint64_t *moments = fv_disk_room(count * sizeof *moments);
    uint32_t filled = 0;
    for (const struct fv_inode *inode = disk->inodes; inode != NULL; inode = inode->next)
        for (const struct fv_change *change = inode->first; change != NULL; change = change->next)
            moments[filled++] = change->when;
    qsort(moments, count, sizeof *moments, earlier);
    uint64_t kept = fv_below((uint64_t)count + 1);
    uint64_t until = kept == count ? UINT64_MAX : moments[kept];
    free(moments);
    return until;
}

static void decide_in_order(const struct loss *loss, struct fv_inode *inode) {
    for (struct fv_change *change = inode->first; change != NULL; change = change->next) {
        if (change->when < loss->kept_until)
            change->fate = FV_FATE_KEPT;
        else
            change->fate = change->when == loss->kept_until ? FV_FATE_EDGE : FV_FATE_LOST;
    }
}

static void decide_freely(struct fv_inode *inode) {
    uint64_t kept = inode->truncation_count == 0 ? 0 : fv_below(inode->truncation_count + 1);
    uint64_t lost_from = UINT64_MAX;
    for (struct fv_change *change = inode->first; change != NULL; change = change->next) {
        if (!change->is_truncation) {
            change->fate = change->page < lost_from ? FV_FATE_DRAWN : FV_FATE_LOST;
        } else if (kept > 0) {
            change->fate = FV_FATE_KEPT;
            kept--;
        } else {
            change->fate = FV_FATE_LOST;
            if (change->page < lost_from) lost_from = change->page;
        }
    }
}

/* ---- torn pages ------------------------------------------------------------------------------ */

static void forget_tears(struct loss *loss) {
    while (loss->tears != NULL) {
        struct tear *torn = loss->tears;
        loss->tears = torn->next;
        free(torn);
    }
}

static void tear(struct loss *loss, const struct fv_change *change, struct fv_page *page) {
    if (change->fate == FV_FATE_LOST || change->is_lost || page->torn == loss->disk->losses ||
        !fv_fault_strikes(FV_FAULT_TORN_PAGE))
        return;
    uint32_t page_bytes = loss->disk->page_bytes;
    uint64_t length = change->size - (change->page << loss->disk->page_shift);
    if (fv_faults.model.disk.is_ordered) forget_tears(loss); /* of what came later */
    struct tear *made = fv_disk_room(sizeof *made + page_bytes);
    made->next = loss->tears;
    made->page = change->page;
    made->length = length < page_bytes ? (uint32_t)length : page_bytes;
    memcpy(made->bytes, page->bytes, page_bytes);
    page->torn = loss->disk->losses;
    loss->tears = made;
}

/* Of the page that was undone, its beginning is written again, or its end. */
static void keep_part(const struct loss *loss, struct fv_inode *inode, const struct tear *torn) {
    const struct fv_disk *disk = loss->disk;
    uint32_t cut = (1 + (uint32_t)fv_below(FV_PARTS - 1)) * (disk->page_bytes / FV_PARTS);
    bool is_end = !fv_faults.model.disk.is_ordered && fv_chance(1, 4);
    uint32_t from = is_end ? cut : 0, to = is_end ? torn->length : cut;
    if (to > torn->length) to = torn->length;
    if (from >= to) return;
    fv_log("the disk of " FV_NODE_WORDS " tears page %llu of %s: bytes %u to %u are new",
           FV_NODE_ARGUMENTS(disk->node), (unsigned long long)torn->page, inode->name, from, to);
    struct fv_page *page = fv_page_made(loss->disk, inode, torn->page);
    memcpy(page->bytes + from, torn->bytes + from, to - from);
    uint64_t end = (torn->page << disk->page_shift) + to;
    if (inode->size < end) inode->size = end;
}

static void keep_parts(struct loss *loss, struct fv_inode *inode) {
    while (loss->tears != NULL) {
        struct tear *torn = loss->tears;
        loss->tears = torn->next;
        keep_part(loss, inode, torn);
        free(torn);
    }
}

/* ---- one file -------------------------------------------------------------------------------- */

static bool is_kept(const struct loss *loss, const struct fv_change *change) {
    if (change->is_lost) return false;
    if (change->fate == FV_FATE_DRAWN) return fv_chance(loss->kept_parts, FV_PARTS);
    return change->fate == FV_FATE_KEPT;
}

static void pass_truncation(struct loss *loss, struct fv_inode *inode, struct fv_change *change) {
    if (change->fate != FV_FATE_KEPT) {
        fv_contents_undo(inode, change);
        change->was_undone = true;
    } else if (change->page < loss->settled_from) {
        loss->settled_from = change->page;
    }
}

static void pass_write(struct loss *loss, struct fv_inode *inode, struct fv_change *change) {
    if (change->page >= loss->settled_from) return;
    struct fv_page *page = fv_page_at(inode, change->page);
    if (page->settled == loss->disk->losses) return;
    if (is_kept(loss, change)) {
        page->settled = loss->disk->losses;
        return;
    }
    tear(loss, change, page);
    fv_contents_undo(inode, change);
    change->was_undone = true;
}

static void pass_back(struct loss *loss, struct fv_inode *inode) {
    uint32_t count = inode->change_count;
    struct fv_change **changes = fv_disk_room(count * sizeof *changes);
    struct fv_change *change = inode->first;
    for (uint32_t i = 0; i < count; i++, change = change->next) changes[i] = change;
    for (uint32_t i = count; i-- > 0;) {
        if (changes[i]->is_truncation)
            pass_truncation(loss, inode, changes[i]);
        else
            pass_write(loss, inode, changes[i]);
    }
    free(changes);
}

/* What was kept made the file as long as this. Frees the changes. */
static uint32_t forget_changes(const struct loss *loss, struct fv_inode *inode) {
    uint32_t kept = 0;
    inode->size = inode->durable_size;
    while (inode->first != NULL) {
        struct fv_change *change = inode->first;
        inode->first = change->next;
        kept += !change->was_undone;
        uint64_t end = change->size;
        if (!change->is_truncation)
            end = (change->page << loss->disk->page_shift) + change->at + change->length;
        if (!change->was_undone && (change->is_truncation || inode->size < end)) inode->size = end;
        fv_change_free(loss->disk, inode, change);
    }
    inode->change_count = inode->truncation_count = 0;
    return kept;
}

/* Undoes lost writes of a page that no later write made whole. */
static void lose_stale(const struct loss *loss, struct fv_inode *inode, struct fv_page *page) {
    if (page->settled == loss->disk->losses) {
        fv_page_free_stale(inode, page);
        return;
    }
    bool is_there = true;
    while (is_there && page->stale != NULL) {
        struct fv_change *stale = page->stale;
        page->stale = stale->next;
        inode->stale_count--;
        is_there = !stale->makes_page;
        fv_contents_undo(inode, stale); /* frees the page that it made */
        free(stale);
    }
}

static void lose_all_stale(const struct loss *loss, struct fv_inode *inode) {
    for (uint64_t leaf = 0; inode->stale_count > 0 && leaf < inode->leaf_room; leaf++) {
        struct fv_leaf *pages = inode->leaves[leaf];
        for (uint32_t i = 0; pages != NULL && i < FV_LEAF_PAGES; i++)
            if (pages->pages[i] != NULL && pages->pages[i]->stale != NULL)
                lose_stale(loss, inode, pages->pages[i]);
    }
}

/* Where a truncation is kept and what a lost write had changed comes back. */
static void clear_tail(const struct fv_disk *disk, const struct fv_inode *inode) {
    struct fv_page *page = fv_page_at(inode, inode->size >> disk->page_shift);
    uint32_t within = (uint32_t)(inode->size & (disk->page_bytes - 1));
    if (page != NULL) memset(page->bytes + within, 0, disk->page_bytes - within);
}

static void lose_contents(struct loss *loss, struct fv_inode *inode) {
    uint32_t count = inode->change_count;
    loss->settled_from = UINT64_MAX;
    if (fv_faults.model.disk.is_ordered)
        decide_in_order(loss, inode);
    else
        decide_freely(inode);
    pass_back(loss, inode);
    uint32_t kept = forget_changes(loss, inode);
    lose_all_stale(loss, inode);
    keep_parts(loss, inode);
    clear_tail(loss->disk, inode);
    inode->durable_size = inode->size;
    inode->durable_until = loss->disk->moment;
    fv_log("the disk of " FV_NODE_WORDS " keeps %u of %u unsynced changes of %s, %llu bytes",
           FV_NODE_ARGUMENTS(loss->disk->node), kept, count, inode->name,
           (unsigned long long)inode->size);
}

/* ---- all of them ----------------------------------------------------------------------------- */

void fv_disk_lose(struct fv_disk *disk) {
    fv_names_lose(disk);
    uint32_t count = 0;
    for (const struct fv_inode *inode = disk->inodes; inode != NULL; inode = inode->next)
        count += inode->change_count;
    struct loss loss = {.disk = disk};
    disk->losses++;
    if (count > 0 && fv_faults.model.disk.is_ordered)
        loss.kept_until = drawn_prefix(disk, count);
    else if (count > 0)
        loss.kept_parts = (uint32_t)fv_below(FV_PARTS + 1);
    for (struct fv_inode *inode = disk->inodes; inode != NULL; inode = inode->next)
        if (inode->first != NULL || inode->stale_count > 0) lose_contents(&loss, inode);
}
