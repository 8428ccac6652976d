/* A page is *cold*: protected, so that writing to it costs a fault and shows in the next scan; or
 * *hot*: not protected, and copied back every time without a look. A fault costs about ten copies,
 * so a page that is written in one of ten timelines is better off hot. Whether it still is shows
 * when its lease ends and it is protected again; each lease is twice as long as the one before. */
#include "pages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "../common/check.h"
#include "blocks.h"
#include "moment.h"
#include "raw.h"
#include "tracker.h"

enum {
    FV_TRACKED_PAGES_MAX = 1 << 25, /* 128 GiB, most of it a heap's room to grow */
    FV_WRITTEN_MAX = 1 << 22,       /* pages ever written by a runner */
    FV_HOT_WITHIN = 10,             /* timelines between two writes */
    FV_LEASE_MIN = 64,
    FV_LEASE_DOUBLINGS = 6,
    FV_HAUNTS = 8, /* stretches of memory where cold pages were written last */
    FV_HAUNT_BYTES = 1 << 21,
    FV_FETCH_MAX = 64,
    FV_ARM_LISTED_MAX = 1024,
    FV_COMPARED_BYTES_MAX = 4 << 20,
};

enum heat { FV_COLD, FV_HOT };

/* A page that was written at some time. */
struct page {
    uint64_t at;
    uint32_t start;      /* its content at the start, */
    uint32_t want;       /* and at the moment that memory is to be put back to */
    uint32_t written_at; /* the going that saw it written last */
    uint32_t cools_at;
    uint32_t listed_at; /* the going whose list it is in */
    uint32_t kept_at;   /* the going to a moment that has it */
    uint8_t heat;
    uint8_t streak;
    uint16_t reserved;
};

/* Where cold pages were written of late. */
struct haunt {
    const struct fv_tracked *range;
    uint64_t stretch;
};

static struct pages {
    uint32_t going; /* the number of this one; compared with what pages carry */
    uint32_t written_count, list_count, hot_count;
    uint32_t fetch_count, found;
    int32_t parent;
    uint32_t reserved;
    uint64_t faults;
    struct fv_moment *now;
    struct fv_moment *taken; /* while it is being put together, */
    bool is_whole;           /* as long as there is room for it */
    struct fv_pages_cost cost;
    struct haunt haunts[FV_HAUNTS];
    struct iovec fetch_from[FV_FETCH_MAX], fetch_to[FV_FETCH_MAX];
    uint32_t fetch_page[FV_FETCH_MAX];
    uint32_t list[FV_WRITTEN_MAX]; /* pages to be put back in this going */
    uint32_t hot[FV_WRITTEN_MAX];
    struct page of[FV_WRITTEN_MAX + 1];    /* from 1 */
    uint32_t number[FV_TRACKED_PAGES_MAX]; /* of a tracked page among the written; 0: none */
} *const pages = (struct pages *)(FV_STORE_AT + FV_STORE_PAGES);

const struct fv_pages_cost *fv_pages_cost(void) { return &pages->cost; }
uint64_t fv_pages_bytes(void) { return fv_blocks_bytes(); }
uint32_t fv_pages_count(const struct fv_moment *m) { return m != NULL ? m->count : 0; }

static void *memory(const struct page *p) { return (void *)(uintptr_t)p->at; }

/* ---- what the start was like ----------------------------------------------------------------- */

/* The parent is frozen at the start: what it has is what this process had. */
static bool read_parent(struct iovec *to, struct iovec *from, uint32_t n) {
    return fv_raw(SYS_process_vm_readv, pages->parent, (long)to, n, (long)from, n, 0) ==
           (long)n * FV_PAGE_BYTES;
}

static void flush_fetches(void) {
    if (pages->fetch_count == 0) return;
    FV_CHECK(read_parent(pages->fetch_to, pages->fetch_from, pages->fetch_count));
    for (uint32_t i = 0; i < pages->fetch_count; i++) {
        struct page *p = &pages->of[pages->fetch_page[i]];
        if (!fv_block_is_blank(fv_block_bytes(p->start))) continue;
        fv_block_drop(p->start);
        p->start = p->want = FV_BLOCK_ZERO;
    }
    pages->cost.fetches += pages->fetch_count;
    pages->fetch_count = 0;
}

static void fetch(uint32_t number) {
    struct page *p = &pages->of[number];
    uint32_t block = fv_block_new();
    FV_CHECK(block != FV_BLOCK_NONE);
    p->start = p->want = block;
    uint32_t i = pages->fetch_count++;
    pages->fetch_page[i] = number;
    pages->fetch_from[i] = (struct iovec){memory(p), FV_PAGE_BYTES};
    pages->fetch_to[i] = (struct iovec){fv_block_bytes(block), FV_PAGE_BYTES};
    if (pages->fetch_count == FV_FETCH_MAX) flush_fetches();
}

static uint32_t *number_of(uint64_t at, const struct fv_tracked *t) {
    uint64_t index = t->first + (at - t->start) / FV_PAGE_BYTES;
    FV_CHECK(index < FV_TRACKED_PAGES_MAX);
    return &pages->number[index];
}

static uint32_t add_page(uint64_t at, uint32_t *number) {
    FV_CHECK(pages->written_count < FV_WRITTEN_MAX);
    *number = ++pages->written_count;
    pages->of[*number] = (struct page){.at = at};
    return *number;
}

/* ---- what was written ------------------------------------------------------------------------ */

/* The newest first; the oldest falls out. */
static void haunt(const struct fv_tracked *range, uint64_t at) {
    struct haunt here = {range, at / FV_HAUNT_BYTES * FV_HAUNT_BYTES}, moved = here;
    for (uint32_t i = 0; i < FV_HAUNTS; i++) {
        struct haunt before = pages->haunts[i];
        pages->haunts[i] = moved;
        if (before.range == here.range && before.stretch == here.stretch) return;
        moved = before;
    }
}

static void list(struct page *p) {
    if (p->listed_at == pages->going) return;
    p->listed_at = pages->going;
    pages->list[pages->list_count++] = (uint32_t)(p - pages->of);
}

static void warm(struct page *p) {
    p->heat = FV_HOT;
    p->cools_at = pages->going + ((uint32_t)FV_LEASE_MIN << p->streak);
    if (p->streak < FV_LEASE_DOUBLINGS) p->streak++;
    pages->hot[pages->hot_count++] = (uint32_t)(p - pages->of);
}

/* A cold page that had to be written: by a timeline, or to go to another moment. */
static void heat_up(struct page *p) {
    uint32_t since = pages->going - p->written_at;
    bool is_frequent = p->written_at != 0 && since <= FV_HOT_WITHIN;
    if (!is_frequent && since > FV_LEASE_MIN) p->streak = 0;
    p->written_at = pages->going;
    if (is_frequent) warm(p);
}

static void see_written(uint64_t from, uint64_t to) {
    const struct fv_tracked *t = fv_tracker_find(from);
    FV_CHECK(t != NULL && to <= t->end);
    for (uint64_t at = from; at < to; at += FV_PAGE_BYTES) {
        uint32_t *number = number_of(at, t);
        if (*number == 0) fetch(add_page(at, number));
        struct page *p = &pages->of[*number];
        if (p->heat == FV_HOT || p->listed_at == pages->going) continue;
        list(p);
        haunt(t, at);
        pages->found++;
    }
}

/* Each page that was written since it was protected took a fault at least: when as many are found
 * as there were faults, there are no others. False: there were none. */
static bool find_written(void) {
    uint64_t most = fv_tracker_faults() - pages->faults;
    pages->found = 0;
    if (most == 0) return false;
    pages->cost.faults += most;
    for (uint32_t i = 0; i < FV_HAUNTS && pages->found < most; i++) {
        const struct haunt *h = &pages->haunts[i];
        if (h->range == NULL) break;
        uint64_t start = h->stretch, end = h->stretch + FV_HAUNT_BYTES;
        if (start < h->range->armed_start) start = h->range->armed_start;
        if (end > h->range->armed_end) end = h->range->armed_end;
        pages->cost.scans++;
        if (start < end) fv_tracker_scan(start, end, see_written);
    }
    if (pages->found < most) {
        pages->cost.scans++;
        fv_tracker_scan_all(see_written);
    }
    flush_fetches();
    return true;
}

/* ---- going to a moment ----------------------------------------------------------------------- */

static void want(uint32_t number, uint32_t block) {
    struct page *p = &pages->of[number];
    if (p->want == block) return;
    p->want = block;
    if (p->heat == FV_COLD) list(p);
}

static void mark_kept(uint32_t number, uint32_t block) {
    (void)block;
    pages->of[number].kept_at = pages->going;
}

static void want_start(uint32_t number, uint32_t block) {
    struct page *p = &pages->of[number];
    (void)block;
    if (p->kept_at != pages->going) want(number, p->start);
}

static void retarget(struct fv_moment *to) {
    struct fv_moment *from = pages->now;
    if (from == to) return;
    fv_moment_each(to, mark_kept);
    fv_moment_each(from, want_start);
    fv_moment_each(to, want);
    pages->now = to;
    if (from != NULL && from->is_dropped) fv_moment_free(from);
}

static void put_back(struct page *p) {
    fv_block_load(memory(p), p->want);
    pages->cost.copies++;
}

/* A call for each costs more than one look at everything; hot ones are cold again then. */
static void arm_everything(void) {
    fv_tracker_arm_all();
    pages->cost.arms++;
    for (uint32_t i = 0; i < pages->hot_count; i++) {
        struct page *p = &pages->of[pages->hot[i]];
        p->heat = FV_COLD;
        p->written_at = pages->going;
    }
    pages->hot_count = 0;
}

/* Stretches of neighbours are protected in one call. */
static void arm_listed(uint32_t n) {
    uint64_t from = 0, to = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct page *p = &pages->of[pages->list[i]];
        if (p->heat == FV_HOT) continue;
        if (p->at != to) {
            if (to > from) fv_tracker_arm(from, to);
            pages->cost.arms += to > from;
            from = p->at;
        }
        to = p->at + FV_PAGE_BYTES;
    }
    if (to > from) fv_tracker_arm(from, to);
    pages->cost.arms += to > from;
}

/* Those whose lease ends now are put back like all others, and protected. */
static void cool_down(void) {
    uint32_t left = 0;
    for (uint32_t i = 0; i < pages->hot_count; i++) {
        struct page *p = &pages->of[pages->hot[i]];
        put_back(p);
        if (p->cools_at > pages->going) {
            pages->hot[left++] = pages->hot[i];
            continue;
        }
        p->heat = FV_COLD;
        p->written_at = pages->going;
        fv_tracker_arm(p->at, p->at + FV_PAGE_BYTES);
        pages->cost.arms++;
    }
    pages->hot_count = left;
}

void fv_pages_go(struct fv_moment *to) {
    uint32_t hot_before = pages->hot_count;
    pages->going++;
    pages->list_count = 0;
    pages->cost.goings++;
    bool has_faulted = find_written();
    retarget(to);
    for (uint32_t i = 0; i < pages->list_count; i++) {
        struct page *p = &pages->of[pages->list[i]];
        put_back(p);
        heat_up(p);
    }
    bool is_quiet = pages->list_count == 0;
    if (pages->list_count > FV_ARM_LISTED_MAX) {
        for (uint32_t i = 0; i < pages->hot_count; i++) put_back(&pages->of[pages->hot[i]]);
        arm_everything();
    } else {
        arm_listed(pages->list_count);
        cool_down();
    }
    if (has_faulted || !is_quiet || pages->hot_count != hot_before)
        pages->faults = fv_tracker_faults();
}

/* ---- remembering ----------------------------------------------------------------------------- */

void fv_pages_drop(struct fv_moment *m) {
    if (m == NULL) return;
    if (m == pages->now)
        m->is_dropped = 1; /* until memory is taken elsewhere */
    else
        fv_moment_free(m);
}

/* What was written since, as it is now; pages that are as they were at the start are left out. */
static bool take_page(struct fv_moment *m, struct page *p) {
    if (fv_block_equals(p->start, memory(p))) {
        p->want = p->start;
        return true;
    }
    uint32_t block = p->want;
    if (fv_block_equals(block, memory(p)))
        fv_block_hold(block);
    else
        block = fv_block_save(memory(p));
    if (block == FV_BLOCK_NONE) return false;
    p->want = block;
    return fv_moment_add(m, (uint32_t)(p - pages->of), block);
}

static bool take_written(struct fv_moment *m) {
    bool is_whole = true;
    for (uint32_t i = 0; i < pages->list_count; i++) {
        struct page *p = &pages->of[pages->list[i]];
        is_whole &= take_page(m, p);
        heat_up(p);
    }
    for (uint32_t i = 0; i < pages->hot_count; i++) {
        struct page *p = &pages->of[pages->hot[i]];
        if (p->listed_at == pages->going || fv_block_equals(p->want, memory(p))) continue;
        p->listed_at = pages->going; /* what was known of it no longer counts */
        is_whole &= take_page(m, p);
    }
    return is_whole;
}

/* What was known before, of pages that have not been written since. */
static void take_known(uint32_t number, uint32_t block) {
    if (pages->of[number].listed_at == pages->going || !pages->is_whole) return;
    fv_block_hold(block);
    pages->is_whole = fv_moment_add(pages->taken, number, block);
}

struct fv_moment *fv_pages_take(void) {
    struct fv_moment *m = fv_moment_new(), *before = pages->now;
    if (m == NULL) return NULL;
    pages->going++;
    pages->list_count = 0;
    find_written();
    pages->taken = m;
    pages->is_whole = take_written(m);
    fv_moment_each(before, take_known);
    arm_listed(pages->list_count);
    pages->faults = fv_tracker_faults();
    pages->now = m;
    if (before != NULL && before->is_dropped) fv_moment_free(before);
    if (pages->is_whole) return m;
    m->is_dropped = 1; /* memory is at no moment: who called gives this runner up */
    return NULL;
}

/* ---- the start ------------------------------------------------------------------------------- */

/* What a runner's own beginnings wrote is part of its start: the thread's number, for one. All else
 * is as the parent has it, which is looked at where it is not much. */
static void keep_own(const struct fv_tracked *t, uint64_t start, uint64_t end) {
    for (uint64_t at = start; at < end; at += FV_PAGE_BYTES) {
        uint32_t *number = number_of(at, t);
        if (*number == 0) fetch(add_page(at, number));
    }
    flush_fetches();
    for (uint64_t at = start; at < end; at += FV_PAGE_BYTES) {
        struct page *p = &pages->of[*number_of(at, t)];
        if (fv_block_equals(p->start, memory(p))) continue;
        fv_block_drop(p->start);
        p->start = p->want = fv_block_save(memory(p));
        FV_CHECK(p->start != FV_BLOCK_NONE);
    }
}

static void keep_all_own(void) {
    uint64_t thread = (uint64_t)(uintptr_t)__builtin_thread_pointer() / FV_PAGE_BYTES;
    for (uint32_t i = 0; i < fv_tracker_count(); i++) {
        const struct fv_tracked *t = fv_tracker_range(i);
        if (t->armed_end - t->armed_start <= FV_COMPARED_BYTES_MAX)
            keep_own(t, t->armed_start, t->armed_end);
    }
    for (uint64_t at = thread * FV_PAGE_BYTES; at <= (thread + 1) * FV_PAGE_BYTES;
         at += FV_PAGE_BYTES) {
        const struct fv_tracked *t = fv_tracker_find(at);
        if (t != NULL) keep_own(t, at, at + FV_PAGE_BYTES);
    }
}

static const char *why_not(int32_t parent) {
    uint64_t word = 0;
    struct iovec to = {&word, sizeof word};
    struct iovec from = {(void *)(uintptr_t)fv_tracker_range(0)->start, sizeof word};
    if (fv_tracker_pages() > FV_TRACKED_PAGES_MAX)
        return "the target has more memory than can be tracked";
    if (fv_raw(SYS_process_vm_readv, parent, (long)&to, 1, (long)&from, 1, 0) != sizeof word)
        return "a runner may not read its parent's memory (seccomp, or Yama)";
    return NULL;
}

bool fv_pages_open(int32_t parent, char *why, size_t size) {
    const char *words = NULL;
    if (!fv_store_map(FV_STORE_PAGES, sizeof *pages) || !fv_blocks_open() || !fv_moment_open())
        words = "no address space for rewinding";
    if (words == NULL && !fv_tracker_open(why, size)) return false;
    if (words == NULL) words = why_not(parent);
    if (words != NULL) {
        snprintf(why, size, "%s", words);
        return false;
    }
    pages->parent = parent;
    pages->going = 1;
    keep_all_own();
    return true;
}
