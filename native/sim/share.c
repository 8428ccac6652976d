#include <stdlib.h>
#include <string.h>

#include "inside.h"

struct range {
    uintptr_t low, high;
};

enum { FV_GUESSES = 256, FV_GUESS_BYTES = 256 };

/* Ranges do not overlap and are sorted. */
static struct {
    uintptr_t low, span; /* of all of them together: what is outside costs one comparison */
    struct range *ranges;
    uint32_t count, room;
    uint32_t guesses[FV_GUESSES]; /* by address: the range that an access there was in */
    bool is_all;                  /* all memory but the running task's stack is shared */
    uint64_t accesses;
    struct fv_site *stale_mark;
} own;

/* ---- what is shared -------------------------------------------------------------------------- */

static void measure(void) {
    memset(own.guesses, 0, sizeof own.guesses);
    own.low = own.is_all || own.count == 0 ? 0 : own.ranges[0].low;
    own.span = own.is_all       ? UINTPTR_MAX
               : own.count == 0 ? 0
                                : own.ranges[own.count - 1].high - own.low;
}

static void insert(struct range range) {
    if (range.low >= range.high) return;
    if (own.count == own.room) {
        own.room = own.room == 0 ? 16 : 2 * own.room;
        own.ranges = realloc(own.ranges, own.room * sizeof *own.ranges);
        if (own.ranges == NULL) fv_bug("the simulation kit finds no memory for shared ranges");
    }
    uint32_t at = own.count++;
    for (; at > 0 && own.ranges[at - 1].low > range.low; at--) own.ranges[at] = own.ranges[at - 1];
    own.ranges[at] = range;
}

void fv_unshare(const void *from, size_t bytes) {
    uintptr_t low = (uintptr_t)from, high = low + bytes;
    struct range rests[2] = {{0, 0}, {0, 0}};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < own.count; i++) {
        struct range range = own.ranges[i];
        if (range.high <= low || range.low >= high) {
            own.ranges[kept++] = range;
            continue;
        }
        if (range.low < low) rests[0] = (struct range){range.low, low};
        if (range.high > high) rests[1] = (struct range){high, range.high};
    }
    own.count = kept;
    insert(rests[0]);
    insert(rests[1]);
    measure();
}

void fv_share(const void *at, size_t bytes) {
    fv_unshare(at, bytes);
    insert((struct range){(uintptr_t)at, (uintptr_t)at + bytes});
    measure();
}

void fv_share_all(void) {
    own.is_all = true;
    measure();
}

static bool is_on_own_stack(const struct fv_tasklet *self, uintptr_t at) {
    if (self->stack != NULL) return at - (uintptr_t)self->stack < self->stack_bytes;
    return at - (uintptr_t)__builtin_frame_address(0) < FV_BODY_STACK_BYTES;
}

static bool is_within(const struct range *range, uintptr_t low, size_t bytes) {
    return low < range->high && low + bytes > range->low;
}

static bool is_shared(const struct fv_tasklet *self, uintptr_t at, size_t bytes) {
    if (own.is_all) return !is_on_own_stack(self, at);
    if (own.count == 0) return false;
    uint32_t *guess = &own.guesses[at / FV_GUESS_BYTES % FV_GUESSES];
    if (FV_LIKELY(is_within(&own.ranges[*guess], at, bytes))) return true;
    uint32_t from = 0, to = own.count;
    while (from < to) {
        uint32_t middle = (from + to) / 2;
        if (own.ranges[middle].high <= at)
            from = middle + 1;
        else
            to = middle;
    }
    if (from == own.count || !is_within(&own.ranges[from], at, bytes)) return false;
    *guess = from;
    return true;
}

/* ---- copies that others hold ----------------------------------------------------------------- */

/* Coarse, so that the search has some hundred states to return to, whatever the code. */
enum { FV_STALE_TASKS = 8, FV_STALE_COPIES = 3 };

static int64_t at_most(uint32_t n, uint32_t most) { return n < most ? n : most; }

static __attribute__((noinline)) void mark_stale(struct fv_tasklet *reader, uint32_t writer) {
    if (own.stale_mark == NULL)
        own.stale_mark = fv_mark_dynamic(
            FV_KIND_SOMETIMES_EACH, FV_COMPARE_NONE,
            "a suspended task holds a copy of shared data that has been overwritten since",
            "fuzzverse/sim/share.h", 1);
    reader->stale_count++;
    const struct fv_pair keys[] = {{"reader", at_most(reader->id, FV_STALE_TASKS - 1)},
                                   {"writer", at_most(writer, FV_STALE_TASKS - 1)},
                                   {"copies", at_most(reader->stale_count, FV_STALE_COPIES)}};
    fv_mark_each(own.stale_mark, keys, 3, NULL, 0);
}

/* Words of eight bytes are told apart, no less. */
static uint64_t bit_of(uintptr_t word) {
    return UINT64_C(1) << ((uint64_t)word * UINT64_C(0x9e3779b97f4a7c15) >> 58);
}

static void note_read(struct fv_tasklet *self, uintptr_t at) {
    if (self->read_count == FV_READS_KEPT)
        self->read_bits = self->read_count = self->stale_count = 0;
    self->reads[self->read_count++] = at >> 3;
    self->read_bits |= bit_of(at >> 3);
}

static void check_reads(struct fv_tasklet *reader, uint32_t writer, uintptr_t low, uintptr_t high) {
    for (uint32_t i = 0; i < reader->read_count; i++) {
        if (reader->reads[i] < low || reader->reads[i] > high) continue;
        reader->reads[i] = 0; /* told once */
        mark_stale(reader, writer);
    }
}

/* Of tasks that could go on, not of those that block: what these have read may well be old. */
static void note_write(const struct fv_tasklet *self, uintptr_t at, size_t bytes) {
    uintptr_t low = at >> 3, high = (at + bytes - 1) >> 3;
    uint64_t bits = low == high ? bit_of(low) : UINT64_MAX;
    for (uint32_t i = 0; i < fv_tasks.ready_count; i++)
        if (fv_tasks.ready[i] != self && (fv_tasks.ready[i]->read_bits & bits) != 0)
            check_reads(fv_tasks.ready[i], self->id, low, high);
    for (uint32_t i = 0; i < fv_schedule_held_count(); i++)
        if ((fv_schedule_held(i)->read_bits & bits) != 0)
            check_reads(fv_schedule_held(i), self->id, low, high);
}

/* ---- accesses -------------------------------------------------------------------------------- */

static inline bool may_preempt(const struct fv_tasklet *self) {
    return self != NULL && self->owner->live > 1 && self->atomic == 0;
}

void fv_preempt(void) {
    struct fv_tasklet *self = fv_tasks.current;
    if (may_preempt(self)) fv_tasks_switch(fv_schedule_at_point());
}

static void preempt_before(struct fv_tasklet *self, uintptr_t at) {
    self->touching = at;
    fv_tasks_switch(fv_schedule_at_point());
    self->touching = 0;
}

static __attribute__((noinline)) void shared_read(uintptr_t at, size_t bytes) {
    struct fv_tasklet *self = fv_tasks.current;
    if (self == NULL || !is_shared(self, at, bytes)) return;
    own.accesses++;
    if (!may_preempt(self)) return;
    preempt_before(self, at);
    note_read(self, at);
}

static __attribute__((noinline)) void shared_write(uintptr_t at, size_t bytes) {
    struct fv_tasklet *self = fv_tasks.current;
    if (self == NULL || !is_shared(self, at, bytes)) return;
    own.accesses++;
    if (!may_preempt(self)) return;
    preempt_before(self, at);
    note_write(self, at, bytes);
}

void fv_touch_read(const void *at, size_t bytes) {
    if ((uintptr_t)at + bytes > own.low && bytes > 0) shared_read((uintptr_t)at, bytes);
}

void fv_touch_write(const void *at, size_t bytes) {
    if ((uintptr_t)at + bytes > own.low && bytes > 0) shared_write((uintptr_t)at, bytes);
}

const void *fv_task_touching(fv_task task) {
    const struct fv_tasklet *found = fv_tasks_alive(task);
    return found == NULL || found == fv_tasks.current ? NULL : (const void *)found->touching;
}

uint64_t fv_shared_accesses(void) { return own.accesses; }
void fv_atomic_begin(void) { fv_tasks_current()->atomic++; }

void fv_atomic_end(void) {
    struct fv_tasklet *self = fv_tasks_current();
    if (self->atomic == 0) fv_bug("misuse of the kit: fv_atomic_end() without its beginning");
    self->atomic--;
}

/* ---- what instrumented code calls ------------------------------------------------------------ */

/* https://clang.llvm.org/docs/SanitizerCoverage.html#tracing-data-flow */
#define FV_ACCESSES(bytes)                                                                         \
    void __sanitizer_cov_load##bytes(const void *at);                                              \
    void __sanitizer_cov_load##bytes(const void *at) {                                             \
        if (FV_UNLIKELY((uintptr_t)at - own.low < own.span)) shared_read((uintptr_t)at, bytes);    \
    }                                                                                              \
    void __sanitizer_cov_store##bytes(const void *at);                                             \
    void __sanitizer_cov_store##bytes(const void *at) {                                            \
        if (FV_UNLIKELY((uintptr_t)at - own.low < own.span)) shared_write((uintptr_t)at, bytes);   \
    }
FV_ACCESSES(1)
FV_ACCESSES(2)
FV_ACCESSES(4)
FV_ACCESSES(8)
FV_ACCESSES(16)
