/* What the files that make up disks (disk.c, directory.c, contents.c, loss.c) share.
 *
 * Memory holds what calls see. Beside it a disk keeps how to undo whatever is not durable yet: each
 * file the changes of its content, the directory those of names. A sync forgets how to undo, and a
 * power loss undoes; so a write costs what it writes, and a sync copies nothing. */
#ifndef FV_SIM_DISK_INSIDE_H
#define FV_SIM_DISK_INSIDE_H

#include "world.h"

enum {
    FV_LEAF_PAGES = 64,
    FV_PAGE_BYTES_LEAST = 64,
    FV_PAGE_BYTES_GREATEST = 1 << 20,
    FV_PAGE_BYTES_USUAL = 4096,
};
#define FV_FILE_BYTES_MAX (UINT64_C(1) << 36) /* -EFBIG beyond */
/* What undoing may take on one disk. Beyond it the older half becomes durable, as the page cache
 * of a machine is written back. */
#define FV_UNDO_BYTES_MAX (UINT64_C(1) << 26)

enum fv_fate {
    FV_FATE_DRAWN,
    FV_FATE_KEPT,
    FV_FATE_LOST,
    FV_FATE_EDGE, /* lost, the first of all that are: it may be kept in part */
};

/* A write within one page, or a truncation, which shrinks or grows. */
struct fv_change {
    struct fv_change *next; /* a later one of the same file */
    uint64_t when;          /* by the disk's `moment` */
    uint64_t cost;          /* in bytes of undoing */
    uint64_t size;          /* of the file afterwards */
    uint64_t page;          /* of a truncation: the first that it cuts; UINT64_MAX: none */
    struct fv_page *cut;    /* whole pages that a truncation took */
    uint32_t at, length;    /* within the page */
    uint32_t old_length;    /* behind it there were zeros */
    uint8_t fate;           /* enum fv_fate, in a power loss */
    bool is_truncation;
    bool is_lost;        /* a lost write: never durable by itself */
    bool makes_page;     /* there was a hole */
    bool was_undone;     /* in a power loss */
    unsigned char old[]; /* from `at` on */
};

/* What lies behind the end of the file is zero. */
struct fv_page {
    uint64_t number;
    uint64_t changed;        /* when, last */
    uint64_t settled, torn;  /* the number of the power loss that kept it, or tore it */
    struct fv_page *next;    /* of those that a truncation took */
    struct fv_change *stale; /* lost writes behind a sync, the last first */
    unsigned char bytes[];
};

struct fv_leaf {
    struct fv_page *pages[FV_LEAF_PAGES]; /* NULL: a hole */
};

struct fv_inode {
    struct fv_inode *next, *previous;
    uint64_t size, durable_size;
    uint64_t durable_until; /* changes before that moment are durable */
    struct fv_leaf **leaves;
    uint64_t leaf_room;
    struct fv_change *first, *last; /* those that are not durable */
    uint32_t change_count, truncation_count;
    uint32_t stale_count; /* changes in `stale` of its pages */
    uint32_t handles;     /* and syncs that are under way */
    uint32_t claims;      /* of name changes that can be undone */
    bool is_named;
    char name[FV_FILE_NAME_BYTES_MAX + 1]; /* its last, for the log */
};

struct fv_entry {
    struct fv_inode *inode;
    char name[];
};

enum fv_naming_kind { FV_NAMING_GIVEN, FV_NAMING_MOVED, FV_NAMING_TAKEN };
struct fv_naming {
    struct fv_naming *next; /* a later one */
    uint64_t when;
    enum fv_naming_kind kind;
    struct fv_inode *inode; /* that lost its name, or NULL; claimed */
    char name[FV_FILE_NAME_BYTES_MAX + 1], to[FV_FILE_NAME_BYTES_MAX + 1];
};

struct fv_handle {
    struct fv_inode *inode; /* NULL: not open */
    uint32_t uses;          /* so far, as part of the handle's number */
    uint32_t next_unused;   /* 1 + slot */
};

struct fv_disk {
    fv_node node;
    uint32_t page_bytes, page_shift;
    bool has_lied;
    uint64_t moment; /* moves with every change */
    uint64_t undo_bytes;
    uint64_t losses;           /* of power */
    struct fv_inode *inodes;   /* the newest first */
    struct fv_entry **entries; /* in byte order of their names */
    uint32_t entry_count, entry_room;
    struct fv_naming *first_naming, *last_naming; /* those that are not durable */
    uint32_t naming_count;
    struct fv_handle *handles;
    uint32_t handle_count, handle_room, unused; /* 1 + slot */
};

/* ---- disk.c ---------------------------------------------------------------------------------- */

/* Begins a call: it may be the node's last. The caller's disk. */
struct fv_disk *fv_disk_begin(const char *call);
/* The same for a call that changes something. `*ends`: the node crashes behind the change. */
struct fv_disk *fv_disk_begin_change(const char *call, bool *ends);
/* Blocks for as long as a sync takes. 1: it is to be done; 0: acknowledged all the same; else an
 * error. */
int32_t fv_disk_flush(struct fv_disk *disk, const char *what);
void *fv_disk_room(size_t bytes); /* zeroed */

/* ---- directory.c ----------------------------------------------------------------------------- */

/* NULL: there is none. */
struct fv_inode *fv_names_find(const struct fv_disk *disk, const char *name);
/* A new file, or an error in `*error`. */
struct fv_inode *fv_names_create(struct fv_disk *disk, const char *name, int32_t *error);
/* 0, or what is wrong with it. */
int32_t fv_names_check(const char *name);
/* Frees what has no name and no use any more. */
void fv_inode_drop(struct fv_disk *disk, struct fv_inode *inode);
/* A power loss: a drawn number of the name changes that are not durable is kept. */
void fv_names_lose(struct fv_disk *disk);

/* ---- contents.c ------------------------------------------------------------------------------ */

struct fv_page *fv_page_at(const struct fv_inode *inode, uint64_t number); /* NULL: a hole */
struct fv_page *fv_page_made(struct fv_disk *disk, struct fv_inode *inode, uint64_t number);
void fv_page_free_stale(struct fv_inode *inode, struct fv_page *page);
void fv_contents_read(const struct fv_disk *disk, const struct fv_inode *inode, void *to,
                      size_t size, uint64_t at);
/* Within one page. */
void fv_contents_write(struct fv_disk *disk, struct fv_inode *inode, const void *from,
                       uint32_t length, uint64_t at, bool is_lost);
void fv_contents_truncate(struct fv_disk *disk, struct fv_inode *inode, uint64_t size);
/* Changes before that moment are durable from now on. */
void fv_contents_settle(struct fv_disk *disk, struct fv_inode *inode, uint64_t until);
/* The last one that has not been undone. */
void fv_contents_undo(struct fv_inode *inode, struct fv_change *change);
void fv_contents_free(struct fv_disk *disk, struct fv_inode *inode);
/* Frees it, with what it cut. */
void fv_change_free(struct fv_disk *disk, struct fv_inode *inode, struct fv_change *change);

/* ---- loss.c ---------------------------------------------------------------------------------- */

/* Decides of all that is not durable. */
void fv_disk_lose(struct fv_disk *disk);

#endif
