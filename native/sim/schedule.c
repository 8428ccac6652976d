#include "inside.h"

enum {
    FV_HELD_MAX = 16,
    FV_STALL_STEPS_MAX = 3,
    FV_POINTS_IN_A_ROW_MAX = 10000, /* then the running task is taken to spin */
    FV_YIELDS_TO_RELEASE = 16,      /* for each task that can run */
    FV_YIELDS_TO_PASS = 64,
    FV_POINTS_OF_WORK = 16, /* in a row: who spins passes fewer between two yields */
};
/* How much time may pass while a task is held. Threads are held up for longer than that at
 * times, but then timeouts strike that no test means. */
#define FV_HELD_NS_MAX FV_MS(10)
#define FV_PASS_NS_MIN FV_US(1)
#define FV_PRIORITY_LOWERED (UINT32_C(1) << 30) /* drawn ones lie above */

/* What a root has is drawn at the first choice. */
static struct {
    enum fv_schedule asked, policy;
    bool is_open;
    bool has_steps;    /* tasks tell where their operations end */
    uint32_t one_in;   /* points at which something happens */
    uint32_t points;   /* a turn, or a step of a stall, in points */
    uint32_t lowered;  /* the next priority below all others */
    uint32_t in_a_row; /* points that the running task has passed */
    uint32_t yields;   /* since anything else happened */
    uint64_t pass_ns;  /* how much time passes when all have yielded for long */
    uint32_t held_count;
    struct fv_tasklet *held[FV_HELD_MAX];
} own = {.asked = FV_SCHEDULE_DRAWN, .pass_ns = FV_PASS_NS_MIN};

/* ---- what a root has ------------------------------------------------------------------------- */

/* From 2^low to 2^high, log-uniformly, in quarters. */
static uint32_t draw_log(uint32_t low, uint32_t high) {
    uint32_t at = (uint32_t)fv_below(4 * (high - low));
    return ((4 + at % 4) << (low + at / 4)) / 4;
}

/* Stalls find most, so half of the roots have them. */
static enum fv_schedule draw_policy(void) {
    static const enum fv_schedule policies[] = {
        FV_SCHEDULE_STALLS,      FV_SCHEDULE_STALLS,      FV_SCHEDULE_STALLS,
        FV_SCHEDULE_STALLS,      FV_SCHEDULE_RANDOM_WALK, FV_SCHEDULE_RANDOM_WALK,
        FV_SCHEDULE_ROUND_ROBIN, FV_SCHEDULE_PRIORITIES,
    };
    return policies[fv_below(sizeof policies / sizeof *policies)];
}

static void draw_priority(struct fv_tasklet *task) {
    task->priority = FV_PRIORITY_LOWERED + 1 + (uint32_t)fv_below(UINT32_C(1) << 30);
}

static void open_schedule(void) {
    own.is_open = true;
    own.policy = own.asked == FV_SCHEDULE_DRAWN ? draw_policy() : own.asked;
    own.lowered = FV_PRIORITY_LOWERED;
    switch (own.policy) {
    case FV_SCHEDULE_RANDOM_WALK: own.one_in = draw_log(1, 7); break;
    case FV_SCHEDULE_ROUND_ROBIN: own.points = draw_log(0, 7); break;
    case FV_SCHEDULE_PRIORITIES:
        own.one_in = draw_log(4, 12);
        for (uint32_t id = 0; id < fv_tasks.id_count; id++)
            if (fv_tasks.entries[id].alive != NULL) draw_priority(fv_tasks.entries[id].alive);
        break;
    default: own.one_in = draw_log(1, 10); own.points = draw_log(0, 9);
    }
}

void fv_schedule_use(enum fv_schedule schedule) {
    own.asked = schedule;
    own.is_open = false;
}

void fv_schedule_spawned(struct fv_tasklet *task) {
    fv_schedule_progressed();
    if (own.is_open && own.policy == FV_SCHEDULE_PRIORITIES) draw_priority(task);
}

/* ---- stalls ---------------------------------------------------------------------------------- */

static void hold(struct fv_tasklet *task) {
    uint32_t steps = 1 + (uint32_t)fv_below(FV_STALL_STEPS_MAX);
    task->held_at = fv_now();
    task->held_for = own.has_steps ? steps : steps * own.points;
    own.held[own.held_count++] = task;
    own.yields = 0;
    fv_tasks_unready(task, FV_TASK_STALLED);
}

static struct fv_tasklet *release_at(uint32_t at) {
    struct fv_tasklet *task = own.held[at];
    own.held[at] = own.held[--own.held_count];
    fv_tasks_make_ready(task);
    return task;
}

static struct fv_tasklet *release_any(void) {
    return release_at(own.held_count > 1 ? (uint32_t)fv_below(own.held_count) : 0);
}

void fv_schedule_forget(struct fv_tasklet *task) {
    if (task->state != FV_TASK_STALLED) return;
    uint32_t at = 0;
    while (own.held[at] != task) at++;
    own.held[at] = own.held[--own.held_count];
    task->state = FV_TASK_BLOCKED;
}

/* One step of `self`: who has been held for long enough goes on at once, or NULL. */
static struct fv_tasklet *count_step(const struct fv_tasklet *self) {
    for (uint32_t at = 0; at < own.held_count; at++) {
        struct fv_tasklet *task = own.held[at];
        if (task->owner == self->owner && --task->held_for == 0) return release_at(at);
    }
    return NULL;
}

/* ---- who is next ----------------------------------------------------------------------------- */

static struct fv_tasklet *any_ready(void) {
    uint32_t count = fv_tasks.ready_count;
    return fv_tasks.ready[count > 1 ? fv_below(count) : 0];
}

/* Somebody else, where there is one. */
static struct fv_tasklet *any_other(const struct fv_tasklet *self) {
    uint32_t count = fv_tasks.ready_count;
    if (count < 2) return fv_tasks.ready[0];
    uint32_t at = count > 2 ? (uint32_t)fv_below(count - 1) : 0;
    while (fv_tasks.ready[at] == self) at = count - 1;
    return fv_tasks.ready[at];
}

static struct fv_tasklet *most_urgent(void) {
    struct fv_tasklet *best = fv_tasks.ready[0];
    for (uint32_t i = 1; i < fv_tasks.ready_count; i++)
        if (fv_tasks.ready[i]->priority > best->priority) best = fv_tasks.ready[i];
    return best;
}

static struct fv_tasklet *in_turn(const struct fv_tasklet *self) {
    for (uint32_t i = 0; i < fv_tasks.ready_count; i++)
        if (fv_tasks.ready[i]->id > self->id) return fv_tasks.ready[i];
    return fv_tasks.ready[0];
}

/* Nobody else can run: whoever is held may be held while a little time passes, as any thread
 * may. */
static bool stays_held(void) {
    if (!fv_clock_has_timer()) return false;
    for (uint32_t at = 0; at < own.held_count; at++)
        if (fv_clock_next() - own.held[at]->held_at > FV_HELD_NS_MAX) return false;
    return fv_chance(1, 2);
}

/* Until somebody can run. */
static void await_somebody(void) {
    while (fv_tasks.ready_count == 0) {
        if (own.held_count > 0 && !stays_held())
            release_any();
        else if (fv_clock_has_timer())
            fv_clock_advance(fv_clock_next());
        else
            fv_stuck_report();
    }
}

struct fv_tasklet *fv_schedule_next(void) {
    await_somebody();
    own.in_a_row = 0;
    if (fv_tasks.ready_count == 1) return fv_tasks.ready[0];
    if (!own.is_open) open_schedule();
    if (own.policy == FV_SCHEDULE_PRIORITIES) return most_urgent();
    if (own.policy == FV_SCHEDULE_ROUND_ROBIN) return in_turn(fv_tasks.current);
    return any_ready();
}

/* Who only yields, waits for somebody: for one that is held, or for time to pass, more and more of
 * it.
 * */
void fv_schedule_yielded(struct fv_tasklet *task) {
    task->priority = own.lowered--;
    uint32_t yields = ++own.yields / fv_tasks.ready_count;
    if (own.held_count > 0 && yields > FV_YIELDS_TO_RELEASE) {
        own.yields = 0;
        release_any();
    } else if (yields > FV_YIELDS_TO_PASS && fv_clock_has_timer()) {
        own.yields = 0;
        uint64_t left = fv_clock_next() - fv_now();
        fv_clock_advance(fv_now() + (left < own.pass_ns ? left : own.pass_ns));
        own.pass_ns *= 2;
    }
}

void fv_schedule_progressed(void) {
    own.yields = 0;
    own.pass_ns = FV_PASS_NS_MIN;
}

uint32_t fv_schedule_held_count(void) { return own.held_count; }
struct fv_tasklet *fv_schedule_held(uint32_t n) { return own.held[n]; }

/* ---- points ---------------------------------------------------------------------------------- */

static struct fv_tasklet *stall_at_point(struct fv_tasklet *self) {
    struct fv_tasklet *freed = own.has_steps ? NULL : count_step(self);
    if (freed != NULL) return freed;
    bool is_alone = fv_tasks.ready_count == 1 && !fv_clock_has_timer();
    if (is_alone || own.held_count == FV_HELD_MAX || !fv_chance(1, own.one_in)) return self;
    hold(self);
    return fv_schedule_next();
}

static struct fv_tasklet *lower_at_point(struct fv_tasklet *self) {
    if (fv_chance(1, own.one_in)) self->priority = own.lowered--;
    return most_urgent();
}

/* It has passed many points and nothing else happened: it spins. */
static struct fv_tasklet *leave_spinner(struct fv_tasklet *self) {
    own.in_a_row = 0;
    self->priority = own.lowered--;
    if (own.held_count > 0) return release_any();
    return any_other(self);
}

struct fv_tasklet *fv_schedule_at_point(void) {
    struct fv_tasklet *self = fv_tasks.current;
    bool is_alone = fv_tasks.ready_count == 1;
    if (is_alone && own.is_open && own.policy != FV_SCHEDULE_STALLS) return self;
    if (!own.is_open) open_schedule();
    if (++own.in_a_row == FV_POINTS_OF_WORK) fv_schedule_progressed();
    if (FV_UNLIKELY(own.in_a_row > FV_POINTS_IN_A_ROW_MAX)) return leave_spinner(self);
    switch (own.policy) {
    case FV_SCHEDULE_STALLS: return stall_at_point(self);
    case FV_SCHEDULE_PRIORITIES: return lower_at_point(self);
    case FV_SCHEDULE_ROUND_ROBIN: return own.in_a_row < own.points ? self : in_turn(self);
    default: return fv_chance(1, own.one_in) ? any_other(self) : self;
    }
}

void fv_task_step(void) {
    struct fv_tasklet *self = fv_tasks_current();
    own.has_steps = true;
    struct fv_tasklet *freed = own.held_count > 0 ? count_step(self) : NULL;
    if (freed != NULL)
        fv_tasks_switch(freed);
    else
        fv_preempt();
}
