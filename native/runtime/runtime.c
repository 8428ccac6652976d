#include "runtime.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compare.h"
#include "edges.h"
#include "sites.h"

struct fv_runtime fv_rt FV_KEPT = {.log_fd = -1};

void fv_runtime_enter(struct fv_slot *slot) {
    fv_rt.slot = slot;
    fv_rt.entered++;
    fv_rt.tallies = fv_layout_tallies(fv_rt.header, slot);
    fv_rt.features = fv_layout_features(fv_rt.header, slot);
    fv_compare_enter(slot);
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
    uint8_t *known = fv_layout_at(h, h->known_at);
    if (mprotect(known, h->workers_at - h->known_at, PROT_READ) != 0) return false;
    fv_rt.header = h;
    *why = why_unfit(h);
    return true;
}

void fv_runtime_ring(void) {
    uint32_t *doorbell = &fv_layout_live(fv_rt.header)->doorbell;
    __atomic_fetch_add(doorbell, 1, __ATOMIC_RELEASE);
    fv_wait_wake(doorbell);
}
