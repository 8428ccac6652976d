#include "inside.h"
#include "switch.h"

enum { FV_FRAMES_MAX = 32, FV_STACKS_MAX = 8, FV_STACK_FRAMES_MAX = 7 };

/* The stacks of those who wait, a 0 between them: what tells bugs of this kind apart. */
static struct {
    uintptr_t places[FV_STACKS_MAX * (FV_STACK_FRAMES_MAX + 1)];
    uint32_t count, stacks;
} blocked;

/* ---- stacks ---------------------------------------------------------------------------------- */

static bool is_within(const struct fv_tasklet *task, const uintptr_t *frame,
                      const uintptr_t *above) {
    uintptr_t at = (uintptr_t)frame;
    if (at % sizeof *frame != 0 || frame <= above) return false;
    if (task->stack != NULL)
        return at >= (uintptr_t)task->stack && at < (uintptr_t)task->stack + task->stack_bytes - 16;
    return at - (uintptr_t)above < FV_BODY_STACK_BYTES;
}

/* A place to return to is the one behind the call. Returns how many there are, at most `max`. */
static uint32_t walk(const struct fv_tasklet *task, uintptr_t *places, uint32_t max) {
    uint32_t n = 0;
    uintptr_t place = 0;
    const uintptr_t *frame = __builtin_frame_address(0), *above = frame;
    if (task != fv_tasks.current) {
        above = task->left;
        frame = fv_switch_frame(task->left, &place);
        places[n++] = place - 1;
    }
    while (n < max && (frame == above || is_within(task, frame, above)) && frame[1] != 0) {
        places[n++] = frame[1] - 1;
        above = frame;
        frame = (const uintptr_t *)frame[0];
    }
    return n;
}

void fv_stuck_log_stack(const struct fv_tasklet *task, uint32_t frames_max) {
    uintptr_t places[FV_FRAMES_MAX];
    uint32_t n = walk(task, places, frames_max < FV_FRAMES_MAX ? frames_max : FV_FRAMES_MAX);
    for (uint32_t i = 0; i < n; i++) fv_log("    at %#llx", (unsigned long long)places[i]);
}

static void note_stack(const struct fv_tasklet *task) {
    if (blocked.stacks == FV_STACKS_MAX) return;
    if (blocked.stacks++ > 0) blocked.places[blocked.count++] = 0;
    blocked.count += walk(task, blocked.places + blocked.count, FV_STACK_FRAMES_MAX);
}

_Noreturn static void end(const char *message) {
    fv_bug_at(blocked.places, blocked.count, message);
}

/* ---- verdicts -------------------------------------------------------------------------------- */

const char *fv_stuck_kind(enum fv_wait_kind kind) {
    static const char *const names[] = {"a mutex",   "a condition",  "a semaphore",
                                        "a channel", "a task's end", "a message",
                                        "a stream",  "the disk",     "something"};
    return names[kind];
}

static void log_task(const struct fv_tasklet *task) {
    const char *kind = fv_stuck_kind(task->wait_kind);
    if (task->has_it != FV_NO_TASK)
        fv_log("task %u (%s) waits for %s, task %u (%s) has it", task->id, fv_task_name(task->id),
               kind, task->has_it, fv_task_name(task->has_it));
    else
        fv_log("task %u (%s) waits for %s", task->id, fv_task_name(task->id), kind);
    fv_stuck_log_stack(task, FV_FRAMES_MAX);
}

/* Whom a task waits for without a limit, or NULL. */
static const struct fv_tasklet *waited_for(const struct fv_tasklet *task) {
    return task->has_it == FV_NO_TASK ? NULL : fv_tasks_alive(task->has_it);
}

void fv_stuck_check_cycle(const struct fv_tasklet *task) {
    const struct fv_tasklet *at = waited_for(task);
    bool has_join = task->wait_kind == FV_WAIT_JOIN;
    for (uint32_t i = 0; at != NULL && at != task && i < FV_TASKS_MAX; i++) {
        has_join |= at->wait_kind == FV_WAIT_JOIN;
        at = at->state == FV_TASK_BLOCKED ? waited_for(at) : NULL;
    }
    if (at != task) return;
    do {
        log_task(at);
        note_stack(at);
    } while ((at = waited_for(at)) != task);
    if (waited_for(task) == task) end("a deadlock: a task waits for itself");
    if (has_join) end("a deadlock: tasks wait for each other's mutexes and ends");
    end("a deadlock: tasks wait for each other's mutexes");
}

/* By what a verdict is given, first those that the others come of. */
static const struct {
    enum fv_wait_kind kind;
    const char *message;
} verdicts[] = {
    {FV_WAIT_MUTEX, "a deadlock: a mutex is waited for that nobody unlocks any more"},
    {FV_WAIT_CONDITION, "a lost wake-up: a condition is waited for that nobody signals any more"},
    {FV_WAIT_SEMAPHORE, "a lost wake-up: a semaphore is waited for that nobody gives any more"},
    {FV_WAIT_CHANNEL, "a lost wake-up: a channel is waited for that nobody uses any more"},
    {FV_WAIT_MESSAGE, "a lost wake-up: a message is waited for that nobody sends any more"},
    {FV_WAIT_STREAM, "a lost wake-up: a stream is waited for that nobody uses any more"},
    {FV_WAIT_DISK, "a lost wake-up: the disk is waited for, and nothing is under way"},
    {FV_WAIT_OTHER, "a lost wake-up: something is waited for that nobody wakes for any more"},
    {FV_WAIT_JOIN, "a lost wake-up: an end is waited for that does not come"},
};

/* The next task that waits, and must not for ever, after `id`; NULL: there is none. */
static const struct fv_tasklet *next_stuck(uint32_t *id) {
    while (*id < fv_tasks.id_count) {
        const struct fv_tasklet *task = fv_tasks.entries[(*id)++].alive;
        if (task != NULL && !task->is_server) return task;
    }
    return NULL;
}

_Noreturn static void give_verdict(enum fv_wait_kind kind, const char *message) {
    const struct fv_tasklet *task;
    uint32_t id = 0;
    while ((task = next_stuck(&id)) != NULL)
        if (task->wait_kind == kind) note_stack(task);
    end(message);
}

_Noreturn void fv_stuck_report(void) {
    const struct fv_tasklet *task;
    uint32_t kinds = 0, id = 0;
    while ((task = next_stuck(&id)) != NULL) {
        kinds |= 1u << task->wait_kind;
        log_task(task);
    }
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        if (kinds & 1u << verdicts[i].kind) give_verdict(verdicts[i].kind, verdicts[i].message);
    end("a deadlock: no task can run");
}
