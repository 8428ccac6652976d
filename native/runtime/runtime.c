#include "runtime.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "edges.h"
#include "sites.h"

struct fv_runtime fv_rt = {.log_fd = -1};

void fv_runtime_enter(struct fv_slot *slot) {
    fv_rt.slot = slot;
    fv_rt.tallies = fv_layout_tallies(fv_rt.header, slot);
    fv_rt.features = fv_layout_features(fv_rt.header, slot);
}

void fv_runtime_alone(void) {
    struct fv_header plan = {
        .mode = FV_MODE_SOLO,
        .worker_count = 1,
        .tree_count = 1,
        .edge_count = fv_edges_count(),
        .site_count = fv_sites_count(),
        .dynamic_max = 256,
        .policy = {.batch_size = 1},
    };
    fv_layout_plan(&plan);
    struct fv_header *h = mmap(NULL, plan.total_size, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    FV_CHECK(h != MAP_FAILED);
    *h = plan;
    fv_rt.header = h;
}

static const char *why_unfit(const struct fv_header *h) {
    if (h->edge_count != fv_edges_count()) return "the target has other edges than it described";
    if (h->site_count != fv_sites_count()) return "the target has other marks than it described";
    return NULL;
}

bool fv_runtime_attach(int fd, const char **why) {
    struct stat st;
    *why = "its memory is no file of a session";
    if (fstat(fd, &st) != 0 || st.st_size <= 0) return false;
    uint64_t size = (uint64_t)st.st_size;
    struct fv_header *h = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (h == MAP_FAILED || !fv_layout_valid(h, size)) return false;
    if (mprotect(h, FV_LAYOUT_PAGE_BYTES, PROT_READ) != 0) return false;
    fv_rt.header = h;
    *why = why_unfit(h);
    return true;
}

uint64_t fv_runtime_now_ns(void) {
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void fv_runtime_wait(uint32_t *word, uint32_t seen, uint32_t timeout_ms) {
    struct timespec t = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000};
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAIT, seen, &t, NULL, 0);
    errno = saved;
}

void fv_runtime_wake(uint32_t *word) {
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    errno = saved;
}

void fv_runtime_ring(void) {
    uint32_t *doorbell = &fv_layout_live(fv_rt.header)->doorbell;
    __atomic_fetch_add(doorbell, 1, __ATOMIC_RELEASE);
    fv_runtime_wake(doorbell);
}
