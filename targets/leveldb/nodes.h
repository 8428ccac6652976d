/* A machine with one process and a disk, until the kit has nodes of its own: what is made of it
 * here is called as it will be there. */
#ifndef NODES_H
#define NODES_H

#include <fuzzverse/sim.h>

typedef uint32_t fv_node;

/* Rates are parts of a million. Half of the roots have none of a kind, the others one that is
 * halved up to some times. */
struct fv_disk_model {
    uint32_t page_bytes;
    uint32_t power_loss;  /* an operation: the process ends in it */
    uint32_t torn_pages;  /* 0: a page is kept as a whole or not */
    uint32_t lying_syncs; /* a sync: acknowledged and dropped */
    uint64_t sync_ns;     /* what a sync takes */
    bool is_ordered;      /* a power loss takes the end of what was not synced, not any of it */
};

/* Before the first node is made. */
void fv_disk_open(const fv_disk_model &model);
/* Nothing goes wrong until the matching end. Nests. */
void fv_quiet_begin();
void fv_quiet_end();

/* `boot` runs in a task of the node at every start. Made stopped. */
fv_node fv_node_new(const char *name, void (*boot)(void *with), void *with);
void fv_node_start(fv_node node);
/* Power loss. By the node itself: does not return. */
void fv_node_crash(fv_node node);
/* The process ends: what was written stays. By the node itself: does not return. */
void fv_node_kill(fv_node node);
bool fv_node_is_up(fv_node node);
fv_node fv_node_self(); /* of the running task */

enum { FV_OPEN_EXISTING = 0, FV_OPEN_CREATE = 1, FV_OPEN_TRUNCATE = 4 };

/* Positive, until it is closed or the node goes down; errors are negative errno values. Any
 * call may be the node's last: it does not return then. */
typedef int32_t fv_file;

fv_file fv_file_open(const char *name, uint32_t flags);
void fv_file_close(fv_file file);
int64_t fv_file_read(fv_file file, void *to, size_t size, uint64_t at); /* short at the end */
int64_t fv_file_append(fv_file file, const void *from, size_t size);
int64_t fv_file_size(fv_file file);
int32_t fv_file_sync(fv_file file);

int32_t fv_disk_rename(const char *from, const char *to); /* replaces `to` */
int32_t fv_disk_unlink(const char *name);
int32_t fv_disk_sync_names(); /* as fsync of the directory */
bool fv_disk_has(const char *name);
const char *fv_disk_name(uint32_t n); /* in byte order, NULL past the last */
/* Whether a sync was dropped. */
bool fv_disk_has_lied();

#endif
