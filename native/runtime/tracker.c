#include "tracker.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "../common/check.h"
#include "blocks.h"
#include "raw.h"
#include "runtime.h"

/* Younger than the headers of the distributions that targets are built on. */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#define FV_UFFD_WP_UNPOPULATED (UINT64_C(1) << 13)
#define FV_UFFD_WP_ASYNC (UINT64_C(1) << 15)
#define FV_PAGE_IS_WRITTEN (UINT64_C(1) << 1)
#define FV_PAGE_IS_PRESENT (UINT64_C(1) << 3)
#define FV_PAGE_IS_SWAPPED (UINT64_C(1) << 4)
#define FV_PAGE_EXISTS (FV_PAGE_IS_PRESENT | FV_PAGE_IS_SWAPPED)
#define FV_SCAN_WP_MATCHING (UINT64_C(1) << 0)
#define FV_SCAN_CHECK_WPASYNC (UINT64_C(1) << 1)

struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_size, pages_max;
    uint64_t inverted, all_of, any_of, wanted;
};
#define FV_SCAN_IOCTL _IOWR('f', 16, struct scan)

struct region {
    uint64_t start, end, categories;
};

enum {
    FV_REGIONS_MAX = 512, /* of one scan; more are scanned for again */
    FV_MAPS_BYTES = 1 << 18,
};

/* In the store: empty when a runner begins. */
static struct tracker {
    uint32_t count;
    int32_t uffd, pagemap;
    uint32_t reserved;
    uint64_t pages, armed;
    struct fv_tracked of[FV_TRACKED_MAX];
    struct region regions[FV_REGIONS_MAX];
    char maps[FV_MAPS_BYTES];
} *const tracker = (struct tracker *)(FV_STORE_AT + FV_STORE_RUNNER);

extern char __start_fv_kept[] __attribute__((visibility("hidden")));
extern char __stop_fv_kept[] __attribute__((visibility("hidden")));

uint32_t fv_tracker_count(void) { return tracker->count; }
const struct fv_tracked *fv_tracker_range(uint32_t i) { return &tracker->of[i]; }
uint64_t fv_tracker_pages(void) { return tracker->pages; }
uint64_t fv_tracker_armed_pages(void) { return tracker->armed / FV_PAGE_BYTES; }

const struct fv_tracked *fv_tracker_find(uint64_t address) {
    for (uint32_t i = 0; i < tracker->count; i++)
        if (address >= tracker->of[i].start && address < tracker->of[i].end) return &tracker->of[i];
    return NULL;
}

/* ---- what there is to track ------------------------------------------------------------------ */

static const char *add(uint64_t start, uint64_t end) {
    if (start >= end) return NULL;
    struct fv_tracked *last = tracker->count > 0 ? &tracker->of[tracker->count - 1] : NULL;
    if (last != NULL && last->end == start) {
        last->end = end;
        return NULL;
    }
    if (tracker->count == FV_TRACKED_MAX) return "the target has too many mappings";
    tracker->of[tracker->count++] = (struct fv_tracked){.start = start, .end = end};
    return NULL;
}

/* Without what the runtime keeps for itself. */
static const char *add_but_kept(uint64_t start, uint64_t end) {
    uint64_t kept = (uint64_t)(uintptr_t)__start_fv_kept;
    uint64_t kept_end = (uint64_t)(uintptr_t)__stop_fv_kept;
    if (kept >= end || kept_end <= start) return add(start, end);
    const char *why = add(start, kept);
    return why != NULL ? why : add(kept_end, end);
}

static bool is_session(uint64_t start) {
    uint64_t session = (uint64_t)(uintptr_t)fv_rt.header;
    return start >= session && start < session + fv_rt.header->total_size;
}

static bool is_store(uint64_t start) {
    return start >= FV_STORE_AT && start < FV_STORE_AT + FV_STORE_END;
}

static bool parse_hex(const char **at, char end, uint64_t *to) {
    *to = 0;
    for (; **at != end; ++*at) {
        char c = **at;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                                                : 16;
        if (digit == 16) return false;
        *to = *to << 4 | digit;
    }
    ++*at;
    return true;
}

/* `line` is terminated. */
static const char *add_mapping(const char *line) {
    uint64_t start = 0, end = 0;
    if (!parse_hex(&line, '-', &start) || !parse_hex(&line, ' ', &end))
        return "the kernel's list of mappings cannot be read";
    bool is_writable = line[1] == 'w', is_shared = line[3] == 's';
    if (!is_writable || is_store(start) || is_session(start)) return NULL;
    if (is_shared) return "the target shares memory, which no rewinding can undo (MAP_SHARED)";
    if (strstr(line, "[stack]") != NULL) return NULL;
    return add_but_kept(start, end);
}

static const char *read_maps(void) {
    int fd =
        (int)fv_raw(SYS_openat, AT_FDCWD, (long)"/proc/self/maps", O_RDONLY | O_CLOEXEC, 0, 0, 0);
    size_t size = 0;
    long n = 0;
    if (fd < 0) return "/proc/self/maps cannot be read";
    while (size < FV_MAPS_BYTES - 1 && (n = fv_raw3(SYS_read, fd, (long)(tracker->maps + size),
                                                    (long)(FV_MAPS_BYTES - 1 - size))) > 0)
        size += (size_t)n;
    fv_raw3(SYS_close, fd, 0, 0);
    tracker->maps[size] = '\0';
    return size < FV_MAPS_BYTES - 1 ? NULL : "the target has too many mappings";
}

static const char *list_mappings(void) {
    const char *why = read_maps();
    for (char *line = tracker->maps; why == NULL && *line != '\0';) {
        char *end = strchr(line, '\n');
        if (end == NULL) break;
        *end = '\0';
        why = add_mapping(line);
        line = end + 1;
    }
    for (uint32_t i = 0; i < tracker->count; i++) {
        tracker->of[i].first = tracker->pages;
        tracker->pages += (tracker->of[i].end - tracker->of[i].start) / FV_PAGE_BYTES;
    }
    return why;
}

/* ---- the kernel's side ----------------------------------------------------------------------- */

static const char *open_uffd(void) {
    struct uffdio_api api = {.api = UFFD_API,
                             .features = FV_UFFD_WP_ASYNC | FV_UFFD_WP_UNPOPULATED};
    tracker->uffd =
        (int32_t)fv_raw3(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY, 0, 0);
    if (tracker->uffd < 0) return "userfaultfd is not allowed here (seccomp, or no such kernel)";
    if (fv_raw3(SYS_ioctl, tracker->uffd, (long)UFFDIO_API, (long)&api) != 0)
        return "the kernel has no asynchronous write protection (Linux 6.7 has)";
    tracker->pagemap = (int32_t)fv_raw(SYS_openat, AT_FDCWD, (long)"/proc/self/pagemap",
                                       O_RDONLY | O_CLOEXEC, 0, 0, 0);
    return tracker->pagemap >= 0 ? NULL : "/proc/self/pagemap cannot be read";
}

static long scan(struct scan *s, uint64_t start, uint64_t end) {
    s->size = sizeof *s;
    s->start = start;
    s->end = end;
    s->vec = (uint64_t)(uintptr_t)tracker->regions;
    s->vec_size = FV_REGIONS_MAX;
    return fv_raw3(SYS_ioctl, tracker->pagemap, (long)FV_SCAN_IOCTL, (long)s);
}

static const char *enroll(const struct fv_tracked *t) {
    struct uffdio_register r = {.range = {t->start, t->end - t->start},
                                .mode = UFFDIO_REGISTER_MODE_WP};
    if (fv_raw3(SYS_ioctl, tracker->uffd, (long)UFFDIO_REGISTER, (long)&r) != 0)
        return "a mapping of the target cannot be tracked";
    struct scan probe = {.flags = FV_SCAN_CHECK_WPASYNC, .all_of = FV_PAGE_IS_WRITTEN};
    probe.wanted = FV_PAGE_IS_WRITTEN;
    if (scan(&probe, t->start, t->start + FV_PAGE_BYTES) < 0)
        return "the kernel has no PAGEMAP_SCAN (Linux 6.7 has)";
    return NULL;
}

/* From the first page that exists to the last. */
static void find_extent(struct fv_tracked *t) {
    struct scan s = {.any_of = FV_PAGE_EXISTS, .wanted = FV_PAGE_EXISTS};
    t->armed_start = t->armed_end = 0;
    for (uint64_t at = t->start; at < t->end; at = s.walk_end) {
        long n = scan(&s, at, t->end);
        if (n < 0 || s.walk_end <= at) break;
        if (n == 0) continue;
        if (t->armed_end == 0) t->armed_start = tracker->regions[0].start;
        t->armed_end = tracker->regions[n - 1].end;
    }
    if (t->armed_end == 0) t->armed_start = t->armed_end = t->start;
}

void fv_tracker_arm(uint64_t from, uint64_t to) {
    struct uffdio_writeprotect w = {.range = {from, to - from},
                                    .mode = UFFDIO_WRITEPROTECT_MODE_WP};
    FV_CHECK(fv_raw3(SYS_ioctl, tracker->uffd, (long)UFFDIO_WRITEPROTECT, (long)&w) == 0);
}

void fv_tracker_arm_all(void) {
    for (uint32_t i = 0; i < tracker->count; i++) {
        const struct fv_tracked *t = &tracker->of[i];
        struct scan s = {.size = sizeof s,
                         .flags = FV_SCAN_WP_MATCHING | FV_SCAN_CHECK_WPASYNC,
                         .start = t->armed_start,
                         .end = t->armed_end,
                         .all_of = FV_PAGE_IS_WRITTEN};
        if (s.start < s.end)
            FV_CHECK(fv_raw3(SYS_ioctl, tracker->pagemap, (long)FV_SCAN_IOCTL, (long)&s) >= 0);
    }
}

static void arm_extent(struct fv_tracked *t) {
    find_extent(t);
    if (t->armed_end > t->armed_start) fv_tracker_arm(t->armed_start, t->armed_end);
    tracker->armed += t->armed_end - t->armed_start;
}

bool fv_tracker_open(char *why, size_t size) {
    const char *words = NULL;
    if (!fv_store_map(FV_STORE_RUNNER, sizeof *tracker)) words = "no address space for rewinding";
    if (words == NULL) words = list_mappings();
    if (words == NULL) words = open_uffd();
    for (uint32_t i = 0; i < tracker->count && words == NULL; i++) words = enroll(&tracker->of[i]);
    for (uint32_t i = 0; i < tracker->count && words == NULL; i++) arm_extent(&tracker->of[i]);
    if (words != NULL) snprintf(why, size, "%s", words);
    return words == NULL;
}

/* ---- looking --------------------------------------------------------------------------------- */

/* Of this thread: a simulation has no other. */
uint64_t fv_tracker_faults(void) {
    struct rusage usage;
    FV_CHECK(fv_raw3(SYS_getrusage, RUSAGE_THREAD, (long)&usage, 0) == 0);
    return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

static void tell(long n, void (*each)(uint64_t from, uint64_t to)) {
    for (long i = 0; i < n; i++) each(tracker->regions[i].start, tracker->regions[i].end);
}

void fv_tracker_scan(uint64_t start, uint64_t end, void (*each)(uint64_t from, uint64_t to)) {
    for (uint64_t at = start; at < end;) {
        struct scan s = {.all_of = FV_PAGE_IS_WRITTEN, .wanted = FV_PAGE_IS_WRITTEN};
        long n = scan(&s, at, end);
        FV_CHECK(n >= 0 && s.walk_end > at);
        tell(n, each);
        at = s.walk_end;
    }
}

/* Page tables that do not exist are passed over quickly. */
static void scan_outside(uint64_t start, uint64_t end, uint64_t *first, uint64_t *last,
                         void (*each)(uint64_t from, uint64_t to)) {
    *first = *last = 0;
    for (uint64_t at = start; at < end;) {
        struct scan s = {.any_of = FV_PAGE_EXISTS, .wanted = FV_PAGE_EXISTS};
        long n = scan(&s, at, end);
        FV_CHECK(n >= 0 && s.walk_end > at);
        if (n > 0 && *last == 0) *first = tracker->regions[0].start;
        if (n > 0) *last = tracker->regions[n - 1].end;
        tell(n, each);
        at = s.walk_end;
    }
}

static void widen(struct fv_tracked *t, uint64_t from, uint64_t to) {
    tracker->armed += to - from;
    fv_tracker_arm(from, to);
    if (from < t->armed_start) t->armed_start = from;
    if (to > t->armed_end) t->armed_end = to;
}

void fv_tracker_scan_all(void (*each)(uint64_t from, uint64_t to)) {
    uint64_t first = 0, last = 0;
    for (uint32_t i = 0; i < tracker->count; i++) {
        struct fv_tracked *t = &tracker->of[i];
        fv_tracker_scan(t->armed_start, t->armed_end, each);
        scan_outside(t->start, t->armed_start, &first, &last, each);
        if (last > 0) widen(t, first, t->armed_start);
        scan_outside(t->armed_end, t->end, &first, &last, each);
        if (last > 0) widen(t, t->armed_end, last);
    }
}
