/* The disk of a node: a directory of files whose unsynced pages a power loss may lose. Calls
 * work on the current node's disk; errors are negative errno values (-EIO, -ENOSPC, -ENOENT,
 * ...). Any call may be the node's last: it does not return then. */
#ifndef FUZZVERSE_SIM_DISK_H
#define FUZZVERSE_SIM_DISK_H

#include "node.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FV_FILE_NAME_BYTES_MAX = 64, FV_FILES_MAX = 4096, FV_OPEN_FILES_MAX = 4096 };

enum fv_open {
    FV_OPEN_EXISTING = 0,
    FV_OPEN_CREATE = 1,    /* where there is none */
    FV_OPEN_EXCLUSIVE = 2, /* with FV_OPEN_CREATE: -EEXIST where there is one */
    FV_OPEN_TRUNCATE = 4,
};

/* Positive, until fv_file_close or until the node goes down. */
typedef int32_t fv_file;

fv_file fv_file_open(const char *name, uint32_t flags);
void fv_file_close(fv_file file);
int64_t fv_file_read(fv_file file, void *to, size_t size, uint64_t at); /* short at the end */
int64_t fv_file_write(fv_file file, const void *from, size_t size,
                      uint64_t at); /* all, or an error */
int64_t fv_file_append(fv_file file, const void *from, size_t size);
int32_t fv_file_truncate(fv_file file, uint64_t size);
int64_t fv_file_size(fv_file file);
int32_t fv_file_sync(fv_file file);

int32_t fv_disk_rename(const char *from, const char *to); /* replaces `to` */
int32_t fv_disk_unlink(const char *name);
int32_t fv_disk_sync_names(void); /* as fsync of the directory */
bool fv_disk_has(const char *name);
/* The n-th file's name in byte order, NULL past the last. */
const char *fv_disk_name(uint32_t n);

/* Whether content whose sync was acknowledged may be lost, by a fault of the model that
 * amounts to it (lying syncs, lost or misdirected writes, bit rot, torn pages of synced data):
 * what a target's invariants may ask before they blame the software. Of any node's disk. */
bool fv_disk_has_lied(fv_node node);

#ifdef __cplusplus
}
#endif

#endif
