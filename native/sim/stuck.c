#include "inside.h"
#include "switch.h"

enum { FV_FRAMES_MAX = 32 };

/* ---- stacks in the log ----------------------------------------------------------------------- */

static bool is_within(const struct fv_tasklet *task, const uintptr_t *frame,
                      const uintptr_t *above) {
    uintptr_t at = (uintptr_t)frame;
    if (at % sizeof *frame != 0 || frame <= above) return false;
    if (task->stack != NULL)
        return at >= (uintptr_t)task->stack && at < (uintptr_t)task->stack + task->stack_bytes - 16;
    return at - (uintptr_t)above < FV_BODY_STACK_BYTES;
}

/* A place to return to is the one behind the call. */
static void log_place(uintptr_t place) { fv_log("    at %#llx", (unsigned long long)place - 1); }

void fv_stuck_log_stack(const struct fv_tasklet *task, uint32_t frames_max) {
    uintptr_t place = 0;
    const uintptr_t *frame = __builtin_frame_address(0), *above = frame;
    if (task != fv_tasks.current) {
        above = task->left;
        frame = fv_switch_frame(task->left, &place);
        log_place(place);
    }
    for (uint32_t i = 0; i < frames_max && (frame == above || is_within(task, frame, above)); i++) {
        if (frame[1] == 0) return;
        log_place(frame[1]);
        above = frame;
        frame = (const uintptr_t *)frame[0];
    }
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
    do log_task(at);
    while ((at = waited_for(at)) != task);
    if (waited_for(task) == task) fv_bug("a deadlock: a task waits for itself");
    if (has_join) fv_bug("a deadlock: tasks wait for each other's mutexes and ends");
    fv_bug("a deadlock: tasks wait for each other's mutexes");
}

/* Joining comes of something else that is stuck, so it is named last. */
_Noreturn static void name_bug(uint32_t kinds) {
    if (kinds & 1u << FV_WAIT_MUTEX)
        fv_bug("a deadlock: a mutex is waited for that nobody unlocks any more");
    if (kinds & 1u << FV_WAIT_CONDITION)
        fv_bug("a lost wake-up: a condition is waited for that nobody signals any more");
    if (kinds & 1u << FV_WAIT_SEMAPHORE)
        fv_bug("a lost wake-up: a semaphore is waited for that nobody gives any more");
    if (kinds & 1u << FV_WAIT_CHANNEL)
        fv_bug("a lost wake-up: a channel is waited for that nobody uses any more");
    if (kinds & 1u << FV_WAIT_MESSAGE)
        fv_bug("a lost wake-up: a message is waited for that nobody sends any more");
    if (kinds & 1u << FV_WAIT_STREAM)
        fv_bug("a lost wake-up: a stream is waited for that nobody uses any more");
    if (kinds & 1u << FV_WAIT_DISK)
        fv_bug("a lost wake-up: the disk is waited for, and nothing is under way");
    if (kinds & 1u << FV_WAIT_OTHER)
        fv_bug("a lost wake-up: something is waited for that nobody wakes for any more");
    fv_bug("a lost wake-up: an end is waited for that does not come");
}

_Noreturn void fv_stuck_report(void) {
    uint32_t kinds = 0;
    for (uint32_t id = 0; id < fv_tasks.id_count; id++) {
        const struct fv_tasklet *task = fv_tasks.entries[id].alive;
        if (task == NULL || task->is_server) continue;
        kinds |= 1u << task->wait_kind;
        log_task(task);
    }
    name_bug(kinds);
}
