/* The disk of a node: a directory of files, which outlives the node. Calls work on the current
 * node's disk; errors are negative errno values (-EIO, -ENOSPC, -ENOENT, ...). Any call may be
 * the node's last: it does not return then, and what it was to do has been done or not.
 *
 * A file's content is durable once it is synced. Of what was written later, a power loss keeps of
 * each page one of the contents that it had since, and a truncation together with the file's
 * earlier ones; where it loses a truncation, it loses what was written later to the pages that
 * were cut. The file is as long as what was kept makes it, with zeros where lower pages were lost.
 * With `is_ordered` of the model it keeps a prefix of all that was written to the disk, page by
 * page. Names are durable at once, or with `loses_names` by fv_disk_sync_names(): of later
 * changes a power loss keeps a prefix. */
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

/* Positive, until fv_file_close or until the node goes down. It is of the file, whatever becomes of
 * the name: a file that was deleted or replaced goes on until its last handle is closed. */
typedef int32_t fv_file;

/* At most FV_FILES_MAX names (-ENOSPC) and FV_OPEN_FILES_MAX handles (-EMFILE). FV_OPEN_TRUNCATE
 * is a truncation of the file, not another file. */
fv_file fv_file_open(const char *name, uint32_t flags);
void fv_file_close(fv_file file);
int64_t fv_file_read(fv_file file, void *to, size_t size, uint64_t at); /* short at the end */
/* All, or an error. With -ENOSPC and -EFBIG nothing is written, with -EIO maybe some pages. */
int64_t fv_file_write(fv_file file, const void *from, size_t size, uint64_t at);
int64_t fv_file_append(fv_file file, const void *from, size_t size);
int32_t fv_file_truncate(fv_file file, uint64_t size);
int64_t fv_file_size(fv_file file);
/* Blocks for the model's `sync_ns`. What the file was when it began is durable then; what others
 * write meanwhile is not. With -EIO it all stays as it was, and a later sync may succeed. */
int32_t fv_file_sync(fv_file file);

int32_t fv_disk_rename(const char *from, const char *to); /* replaces `to` */
int32_t fv_disk_unlink(const char *name);
int32_t fv_disk_sync_names(void); /* as fsync of the directory */
bool fv_disk_has(const char *name);
/* The n-th file's name in byte order, NULL past the last. Valid until that file gets another name
 * or none. */
const char *fv_disk_name(uint32_t n);

/* Whether content whose sync was acknowledged may be lost, by a fault of the model that
 * amounts to it (lying syncs, lost or misdirected writes, bit rot): what a target's invariants may
 * ask before they blame the software. Of any node's disk. Lost writes can be read until the node
 * loses its power; the next write of the page brings them with it. */
bool fv_disk_has_lied(fv_node node);

#ifdef __cplusplus
}
#endif

#endif
