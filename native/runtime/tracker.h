/* Which pages of a process were written: userfaultfd write protection that resolves itself
 * (WP_ASYNC) and the PAGEMAP_SCAN ioctl, over every private writable mapping but those of the
 * runtime and the kernel's own stack. Linux 6.7; no root, no module.
 * https://docs.kernel.org/admin-guide/mm/pagemap.html */
#ifndef FV_RUNTIME_TRACKER_H
#define FV_RUNTIME_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FV_TRACKED_MAX = 256 };

/* A stretch of tracked memory. Inside the armed part every page is protected, unless it was
 * written since; outside of it no page existed when the tracking began, so that any is news. */
struct fv_tracked {
    uint64_t start, end;
    uint64_t armed_start, armed_end;
    uint64_t first; /* the number of its first page, over all ranges */
};

/* Starts tracking this process. False: `why` says in words why it cannot. */
bool fv_tracker_open(char *why, size_t size);
uint32_t fv_tracker_count(void);
const struct fv_tracked *fv_tracker_range(uint32_t i);
/* Pages over all ranges. */
uint64_t fv_tracker_pages(void);
uint64_t fv_tracker_armed_pages(void);
/* The range that an address lies in, or NULL. */
const struct fv_tracked *fv_tracker_find(uint64_t address);

/* Page faults of this thread so far. As many pages at most have been written since the last look
 * at it. */
uint64_t fv_tracker_faults(void);
/* Calls `each` with every stretch of armed memory between the two addresses that is not protected:
 * written since it was armed. */
void fv_tracker_scan(uint64_t start, uint64_t end, void (*each)(uint64_t from, uint64_t to));
/* The same for all that is armed, and for what has come into being outside, which is armed then. */
void fv_tracker_scan_all(void (*each)(uint64_t from, uint64_t to));
/* Protects all that is armed in one go: for when much was written. */
void fv_tracker_arm_all(void);
/* Protects pages again. */
void fv_tracker_arm(uint64_t from, uint64_t to);

#endif
