#include <stdlib.h>

#include "inside.h"

enum { FV_MILLION = 1000000, FV_LOOKS_MAX = 64, FV_LOOK_NS_MIN = 1000, FV_LOOK_NS_MAX = 500000 };

/* A slot is known outside by its number and how often it was used. */
struct slot {
    struct fv_owner *owner;  /* NULL: it is free */
    struct fv_tasklet *task; /* to be woken, or NULL: an event is posted, or `then` is called */
    void (*then)(void *with);
    void *with;
    uint32_t at; /* in the heap; the next free slot, while it is one */
    uint32_t uses;
    bool is_call;
};

struct entry {
    uint64_t when, number; /* timers of the same moment: in the order of their starts */
    uint32_t slot;
};

static struct {
    uint64_t now, started;
    struct entry *heap; /* the first to fire is at 0 */
    struct slot *slots;
    uint32_t count, room;
    uint32_t slot_count, free; /* 1 + slot */
} timers;

static struct {
    uint32_t count; /* since time moved by other means */
    uint64_t step_ns;
} looks;

/* ---- the heap -------------------------------------------------------------------------------- */

static bool is_before(const struct entry *a, const struct entry *b) {
    return a->when != b->when ? a->when < b->when : a->number < b->number;
}

static void put(uint32_t at, struct entry entry) {
    timers.heap[at] = entry;
    timers.slots[entry.slot].at = at;
}

static void sift_up(uint32_t at, struct entry entry) {
    while (at > 0 && is_before(&entry, &timers.heap[(at - 1) / 2])) {
        put(at, timers.heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(at, entry);
}

static void sift_down(uint32_t at, struct entry entry) {
    for (uint32_t child; (child = 2 * at + 1) < timers.count; at = child) {
        if (child + 1 < timers.count && is_before(&timers.heap[child + 1], &timers.heap[child]))
            child++;
        if (!is_before(&timers.heap[child], &entry)) break;
        put(at, timers.heap[child]);
    }
    put(at, entry);
}

static void remove_at(uint32_t at) {
    struct entry last = timers.heap[--timers.count];
    if (at == timers.count) return;
    if (at > 0 && is_before(&last, &timers.heap[(at - 1) / 2]))
        sift_up(at, last);
    else
        sift_down(at, last);
}

/* ---- slots ----------------------------------------------------------------------------------- */

static void grow(void) {
    timers.room = timers.room == 0 ? 16 : 2 * timers.room;
    timers.heap = realloc(timers.heap, timers.room * sizeof *timers.heap);
    timers.slots = realloc(timers.slots, timers.room * sizeof *timers.slots);
    if (timers.heap == NULL || timers.slots == NULL)
        fv_bug("the simulation kit finds no memory for timers");
}

static uint32_t take_slot(void) {
    if (timers.free != 0) {
        uint32_t slot = timers.free - 1;
        timers.free = timers.slots[slot].at;
        return slot;
    }
    if (timers.slot_count == timers.room) grow();
    timers.slots[timers.slot_count].uses = 0;
    return timers.slot_count++;
}

static void free_slot(uint32_t slot) {
    timers.slots[slot].uses++;
    timers.slots[slot].owner = NULL;
    timers.slots[slot].at = timers.free;
    timers.free = slot + 1;
}

static struct fv_timer start(struct fv_owner *owner, struct fv_tasklet *task, uint64_t delay_ns,
                             void (*then)(void *with), void *with) {
    uint64_t when;
    if (__builtin_add_overflow(timers.now, delay_ns, &when)) when = UINT64_MAX - 1;
    uint32_t slot = take_slot(), uses = timers.slots[slot].uses;
    timers.slots[slot] = (struct slot){owner, task, then, with, 0, uses, false};
    sift_up(timers.count++, (struct entry){when, timers.started++, slot});
    return (struct fv_timer){(uint64_t)uses << 32 | (slot + 1)};
}

/* ---- clocks ---------------------------------------------------------------------------------- */

static int64_t drift_of(uint64_t ns, int32_t ppm) {
    return (int64_t)((__int128)ns * ppm / FV_MILLION);
}

static uint64_t shown_by(const struct fv_owner *owner) {
    uint64_t passed = timers.now - owner->true_base;
    int64_t shown = (int64_t)(owner->local_base + passed) + drift_of(passed, owner->drift_ppm);
    return shown < 0 ? 0 : (uint64_t)shown;
}

/* What an owner takes for `ns`, in true time. */
static uint64_t true_delay(const struct fv_owner *owner, uint64_t ns) {
    if (owner->drift_ppm == 0) return ns;
    return (uint64_t)((unsigned __int128)ns * FV_MILLION /
                      (unsigned __int128)(FV_MILLION + owner->drift_ppm));
}

uint64_t fv_now(void) { return timers.now; }
uint64_t fv_local_now(void) { return shown_by(fv_tasks_current()->owner); }

void fv_clock_set(uint32_t node, int64_t skew_ns, int32_t drift_ppm) {
    if (drift_ppm <= -FV_MILLION) fv_bug("misuse of the kit: a clock that stands still");
    struct fv_owner *owner = fv_tasks_owner_of(node);
    owner->drift_ppm = drift_ppm;
    owner->true_base = timers.now;
    owner->local_base = timers.now + (uint64_t)skew_ns;
}

uint64_t fv_clock_deadline(uint64_t timeout_ns) {
    uint64_t at;
    if (timeout_ns == FV_FOREVER) return FV_FOREVER;
    return __builtin_add_overflow(fv_local_now(), timeout_ns, &at) ? FV_FOREVER : at;
}

uint64_t fv_clock_left(uint64_t deadline) {
    if (deadline == FV_FOREVER) return FV_FOREVER;
    uint64_t now = fv_local_now();
    return now < deadline ? deadline - now : 0;
}

/* ---- timers ---------------------------------------------------------------------------------- */

struct fv_timer fv_timer_start(uint64_t delay_ns, void (*then)(void *with), void *with) {
    struct fv_owner *owner = fv_tasks_current()->owner;
    return start(owner, NULL, true_delay(owner, delay_ns), then, with);
}

struct fv_timer fv_clock_post(uint32_t node, uint64_t true_delay_ns, void (*then)(void *with),
                              void *with) {
    fv_tasks_open();
    return start(fv_tasks_owner_of(node), NULL, true_delay_ns, then, with);
}

void fv_clock_call(uint64_t true_delay_ns, void (*then)(void *with), void *with) {
    fv_tasks_open();
    struct fv_timer made = start(fv_tasks_owner_of(FV_WORLD), NULL, true_delay_ns, then, with);
    timers.slots[(uint32_t)made.id - 1].is_call = true;
}

struct fv_timer fv_clock_wake(struct fv_tasklet *task, uint64_t delay_ns) {
    return start(task->owner, task, true_delay(task->owner, delay_ns), NULL, NULL);
}

bool fv_timer_stop(struct fv_timer timer) {
    uint32_t slot = (uint32_t)timer.id - 1;
    if (timer.id == 0 || slot >= timers.slot_count) return false;
    if (timers.slots[slot].uses != timer.id >> 32) return false;
    remove_at(timers.slots[slot].at);
    free_slot(slot);
    return true;
}

void fv_clock_drop(uint32_t node) {
    const struct fv_owner *owner = fv_tasks_owner_of(node);
    for (uint32_t slot = 0; slot < timers.slot_count; slot++) {
        if (timers.slots[slot].owner != owner) continue;
        remove_at(timers.slots[slot].at);
        free_slot(slot);
    }
}

bool fv_clock_has_timer(void) { return timers.count > 0; }

static void fire(uint32_t slot) {
    struct slot fired = timers.slots[slot];
    free_slot(slot);
    if (fired.task != NULL)
        fv_tasks_wake(fired.task, false);
    else if (fired.is_call)
        fired.then(fired.with);
    else
        fv_events_post(fired.owner->node, fired.then, fired.with);
}

uint64_t fv_clock_next(void) { return timers.heap[0].when; }

void fv_clock_advance(uint64_t to) {
    timers.now = to;
    looks.count = 0;
    while (timers.count > 0 && timers.heap[0].when <= to) {
        uint32_t slot = timers.heap[0].slot;
        remove_at(0);
        fire(slot);
    }
}

/* ---- what libc's clocks answer --------------------------------------------------------------- */

/* Who waits in a loop that looks at the clock must see it move. */
static uint64_t look(void) {
    fv_preempt();
    if (++looks.count > FV_LOOKS_MAX) {
        if (looks.step_ns < FV_LOOK_NS_MAX) looks.step_ns = looks.step_ns * 2 + FV_LOOK_NS_MIN;
        fv_sleep(looks.step_ns);
        looks.count = FV_LOOKS_MAX;
    } else {
        looks.step_ns = 0;
    }
    return fv_local_now();
}

void fv_clock_open(void) { fv_clock_from(look, fv_sleep); }
