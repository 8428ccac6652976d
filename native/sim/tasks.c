#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "switch.h"

enum {
    FV_GUARD_WORDS = 512,
    FV_GUARD_WORDS_AT_SWITCH = 8,
    FV_ROOM_BYTES = 12 << 10,
    FV_BELOW_BYTES = FV_ROOM_BYTES + 8 * FV_GUARD_WORDS,
    FV_STACK_BYTES_MIN = 1 << 14,
    FV_COLOURS = 16,
    FV_COLOUR_BYTES = 256,
    FV_FRAMES_AT_SWITCH = 8,
};
#define FV_GUARD_WORD UINT64_C(0x5afe57ac4ba5e000)

/* Present in sanitizer builds alone. */
__attribute__((weak)) void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom,
                                                          size_t bytes);
__attribute__((weak)) void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom,
                                                           size_t *bytes);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void *at, size_t bytes);

struct fv_tasks fv_tasks;

static struct {
    struct fv_owner *owners[FV_NODES_MAX + 1]; /* by node; the last is FV_WORLD's */
    struct fv_tasklet *ended;                  /* freed once its stack is left */
    const struct fv_tasklet *came_from;
} own;

static void *room_for(size_t bytes) {
    void *room = calloc(1, bytes);
    if (room == NULL) fv_bug("the simulation kit finds no memory for %zu bytes", bytes);
    return room;
}

/* ---- stacks ---------------------------------------------------------------------------------- */

/* Below the stack lie guard words, and below them room to overflow into, or other memory would be
 * spoiled before that is seen. The room costs addresses alone. */
static uint64_t *guard_of(const struct fv_tasklet *task) {
    return (uint64_t *)(void *)(task->stack + FV_ROOM_BYTES);
}

/* Tops at different offsets in their pages: else all tasks meet in the same lines of the cache. */
static size_t colour_of(const struct fv_tasklet *task) {
    return task->id % FV_COLOURS * FV_COLOUR_BYTES;
}

static void give_stack(struct fv_tasklet *task, size_t usable_bytes) {
    size_t bytes = FV_BELOW_BYTES + usable_bytes + FV_COLOURS * FV_COLOUR_BYTES;
    task->stack = malloc(bytes);
    if (task->stack == NULL) fv_bug("the simulation kit finds no memory for a stack");
    task->stack_bytes = bytes;
    if (__asan_unpoison_memory_region != NULL) __asan_unpoison_memory_region(task->stack, bytes);
    uint64_t *guard = guard_of(task);
    for (int i = 0; i < FV_GUARD_WORDS; i++) guard[i] = FV_GUARD_WORD;
}

static void *top_of(const struct fv_tasklet *task) {
    return task->stack + task->stack_bytes - colour_of(task);
}

/* The last words at every switch, all of them at the end: who has large frames may skip some. */
static void check_stack(const struct fv_tasklet *task, int words) {
    if (task->stack == NULL) return; /* the body's has a guard page */
    const uint64_t *guard = guard_of(task) + FV_GUARD_WORDS - words;
    uint64_t difference = 0;
    for (int i = 0; i < words; i++) difference |= guard[i] ^ FV_GUARD_WORD;
    if (FV_LIKELY(difference == 0)) return;
    fv_log("task %u (%s) needs a larger stack: see fv_task_stack_bytes()", task->id,
           fv_task_name(task->id));
    fv_bug("a task has overflown its stack: %s", fv_task_name(task->id));
}

/* ---- owners ---------------------------------------------------------------------------------- */

struct fv_owner *fv_tasks_owner_of(uint32_t node) {
    if (node != FV_WORLD && node >= FV_NODES_MAX) fv_bug("misuse of the kit: no such node");
    struct fv_owner **at = &own.owners[node == FV_WORLD ? FV_NODES_MAX : node];
    if (*at == NULL) {
        *at = room_for(sizeof **at);
        (*at)->node = node;
    }
    return *at;
}

uint32_t fv_tasks_owner(void) { return fv_tasks_current()->owner->node; }

/* ---- who can run ----------------------------------------------------------------------------- */

/* Sorted, so that the same answer of a draw means the same task whatever happened before. */
void fv_tasks_make_ready(struct fv_tasklet *task) {
    uint32_t at = fv_tasks.ready_count++;
    struct fv_tasklet **ready = fv_tasks.ready;
    for (; at > 0 && ready[at - 1]->id > task->id; at--) ready[at] = ready[at - 1];
    ready[at] = task;
    task->state = FV_TASK_READY;
    task->owner->ready++;
}

void fv_tasks_unready(struct fv_tasklet *task, enum fv_task_state state) {
    struct fv_tasklet **ready = fv_tasks.ready;
    uint32_t at = 0;
    while (ready[at] != task) at++;
    for (fv_tasks.ready_count--; at < fv_tasks.ready_count; at++) ready[at] = ready[at + 1];
    task->state = (uint8_t)state;
    task->owner->ready--;
}

/* ---- switching ------------------------------------------------------------------------------- */

static void free_task(struct fv_tasklet *task) {
    if (fv_tasks.leave != NULL) fv_tasks.leave(task);
    free(task->stack);
    free(task);
}

/* On the stack of the task that goes on. */
static void arrive(void) {
    struct fv_tasklet *self = fv_tasks.current;
    if (__sanitizer_finish_switch_fiber != NULL) {
        const void *bottom = NULL;
        size_t bytes = 0;
        __sanitizer_finish_switch_fiber(self->fake_stack, &bottom, &bytes);
        struct fv_tasklet *body = fv_tasks.entries[0].alive;
        if (own.came_from == body && body->known_bottom == NULL) {
            body->known_bottom = bottom;
            body->known_bytes = bytes;
        }
    }
    if (own.ended != NULL) {
        free_task(own.ended);
        own.ended = NULL;
    }
    errno = self->error;
}

static void switch_fiber(void **fake_stack, const struct fv_tasklet *next) {
    if (next->stack != NULL)
        __sanitizer_start_switch_fiber(fake_stack, next->stack, next->stack_bytes);
    else
        __sanitizer_start_switch_fiber(fake_stack, next->known_bottom, next->known_bytes);
}

/* What a replay shows of the interleaving: who runs now, and at what place it goes on later whom it
 * took over from. */
static void log_switch(const struct fv_tasklet *from, const struct fv_tasklet *to) {
    if (from == own.ended) {
        fv_log("task %u (%s) runs, %u (%s) has ended", to->id, fv_task_name(to->id), from->id,
               fv_task_name(from->id));
        return;
    }
    static const char *const states[] = {"stops", "waits", "is held"};
    fv_log("task %u (%s) runs, %u (%s) %s", to->id, fv_task_name(to->id), from->id,
           fv_task_name(from->id), states[from->state]);
    fv_stuck_log_stack(from, FV_FRAMES_AT_SWITCH);
}

void fv_tasks_switch(struct fv_tasklet *next) {
    struct fv_tasklet *self = fv_tasks.current;
    if (next == self) return;
    check_stack(self, FV_GUARD_WORDS_AT_SWITCH);
    if (FV_UNLIKELY(fv_log_is_on())) log_switch(self, next);
    self->error = errno;
    if (fv_tasks.swap != NULL) fv_tasks.swap(self, next);
    fv_tasks.current = next;
    own.came_from = self;
    if (__sanitizer_start_switch_fiber != NULL)
        switch_fiber(self == own.ended ? NULL : &self->fake_stack, next);
    fv_switch_to(&self->left, next->left);
    arrive();
}

/* Its stack is freed by whoever runs next. */
_Noreturn static void leave_for_good(struct fv_tasklet *task) {
    own.ended = task;
    fv_tasks_switch(fv_schedule_next());
    __builtin_trap();
}

/* ---- the end of tasks ------------------------------------------------------------------------ */

static void unlink_waiter(struct fv_tasklet *task) {
    struct fv_waiters *on = task->on;
    if (on == NULL) return;
    if (task->before != 0)
        fv_tasks.entries[task->before - 1].alive->behind = task->behind;
    else
        on->first = task->behind;
    if (task->behind != 0)
        fv_tasks.entries[task->behind - 1].alive->before = task->before;
    else
        on->last = task->before;
    task->on = NULL;
}

static void end_task(struct fv_tasklet *task) {
    fv_schedule_forget(task);
    unlink_waiter(task);
    fv_timer_stop(task->timeout);
    if (task->state == FV_TASK_READY) fv_tasks_unready(task, FV_TASK_BLOCKED);
    if (!task->is_idle) task->owner->live--;
    fv_tasks.entries[task->id].alive = NULL;
    fv_tasks.alive_count--;
}

/* After unlinking, in a loop over all: a joiner may be among those that end. */
static void wake_joiners(struct fv_tasklet *task) { fv_wake_all(&task->joiners); }

_Noreturn void fv_tasks_end_self(void) {
    struct fv_tasklet *self = fv_tasks.current;
    check_stack(self, FV_GUARD_WORDS);
    wake_joiners(self);
    end_task(self);
    leave_for_good(self);
}

void fv_tasks_end_others(uint32_t node) {
    const struct fv_tasklet *self = fv_tasks_current();
    const struct fv_owner *owner = fv_tasks_owner_of(node);
    fv_events_drop(node);
    for (uint32_t id = 1; id < fv_tasks.id_count; id++) {
        struct fv_tasklet *task = fv_tasks.entries[id].alive;
        if (task == NULL || task->owner != owner || task == self) continue;
        end_task(task);
        wake_joiners(task);
        free_task(task);
    }
}

/* ---- the beginning --------------------------------------------------------------------------- */

static void task_main(void) {
    arrive();
    struct fv_tasklet *self = fv_tasks.current;
    self->body(self->with);
    fv_tasks_end_self();
}

static void grow_ids(void) {
    if (fv_tasks.id_count < fv_tasks.id_room) return;
    fv_tasks.id_room = fv_tasks.id_room == 0 ? 16 : 2 * fv_tasks.id_room;
    fv_tasks.entries = realloc(fv_tasks.entries, fv_tasks.id_room * sizeof *fv_tasks.entries);
    fv_tasks.ready = realloc(fv_tasks.ready, fv_tasks.id_room * sizeof(struct fv_tasklet *));
    if (fv_tasks.entries == NULL || fv_tasks.ready == NULL)
        fv_bug("the simulation kit finds no memory for tasks");
}

static struct fv_tasklet *new_task(struct fv_owner *owner, const char *name) {
    grow_ids();
    struct fv_tasklet *task = room_for(sizeof *task);
    task->id = fv_tasks.id_count++;
    task->owner = owner;
    task->has_it = FV_NO_TASK;
    fv_tasks.entries[task->id] = (struct fv_task_entry){name, task};
    fv_tasks.alive_count++;
    owner->live++;
    fv_tasks_make_ready(task);
    return task;
}

void fv_tasks_open(void) {
    if (fv_tasks.current != NULL) return;
    fv_tasks.current = new_task(fv_tasks_owner_of(FV_WORLD), "the body");
    fv_clock_open();
}

fv_task fv_tasks_spawn(uint32_t node, const char *name, void (*body)(void *), void *with) {
    fv_tasks_open();
    if (fv_tasks.alive_count == FV_TASKS_MAX)
        fv_bug("misuse of the kit: more than %d tasks are alive", FV_TASKS_MAX);
    struct fv_tasklet *task = new_task(fv_tasks_owner_of(node), name);
    give_stack(task, fv_tasks_stack_bytes());
    task->body = body;
    task->with = with;
    task->left = fv_switch_begin(top_of(task), task_main);
    fv_schedule_spawned(task);
    return task->id;
}

fv_task fv_spawn(const char *name, void (*body)(void *), void *with) {
    return fv_tasks_spawn(fv_tasks_owner(), name, body, with);
}

void fv_task_stack_bytes(size_t bytes) {
    fv_tasks.stack_bytes = bytes < FV_STACK_BYTES_MIN ? FV_STACK_BYTES_MIN : bytes & ~(size_t)15;
}

size_t fv_tasks_stack_bytes(void) {
    return fv_tasks.stack_bytes == 0 ? FV_TASK_STACK_BYTES : fv_tasks.stack_bytes;
}

/* ---- questions ------------------------------------------------------------------------------- */

struct fv_tasklet *fv_tasks_alive(fv_task task) {
    return task < fv_tasks.id_count ? fv_tasks.entries[task].alive : NULL;
}

fv_task fv_self(void) { return fv_tasks_current()->id; }

const char *fv_task_name(fv_task task) {
    return task < fv_tasks.id_count ? fv_tasks.entries[task].name : "no task";
}

bool fv_task_has_ended(fv_task task) { return fv_tasks_alive(task) == NULL; }
void fv_task_is_server(void) { fv_tasks_current()->is_server = true; }

/* ---- waiting --------------------------------------------------------------------------------- */

static void link_waiter(struct fv_tasklet *task, struct fv_waiters *on) {
    task->on = on;
    task->before = on->last;
    task->behind = 0;
    if (on->last != 0)
        fv_tasks.entries[on->last - 1].alive->behind = task->id + 1;
    else
        on->first = task->id + 1;
    on->last = task->id + 1;
}

bool fv_wait(struct fv_waiters *on, enum fv_wait_kind kind, const void *what, fv_task has_it,
             uint64_t timeout_ns) {
    struct fv_tasklet *self = fv_tasks_current();
    if (timeout_ns == 0) return false;
    self->wait_kind = (uint8_t)kind;
    self->what = what;
    self->has_it = timeout_ns == FV_FOREVER ? has_it : FV_NO_TASK;
    if (self->has_it != FV_NO_TASK) fv_stuck_check_cycle(self);
    if (on != NULL) link_waiter(self, on);
    if (timeout_ns != FV_FOREVER) self->timeout = fv_clock_wake(self, timeout_ns);
    self->was_woken = false;
    fv_tasks_unready(self, FV_TASK_BLOCKED);
    fv_tasks_switch(fv_schedule_next());
    self->has_it = FV_NO_TASK;
    return self->was_woken;
}

void fv_tasks_wake(struct fv_tasklet *task, bool was_woken) {
    unlink_waiter(task);
    if (was_woken) fv_timer_stop(task->timeout);
    task->timeout.id = 0;
    task->was_woken = was_woken;
    fv_schedule_progressed();
    fv_tasks_make_ready(task);
}

void fv_tasks_owned_by(const struct fv_waiters *on, fv_task has_it) {
    struct fv_tasklet *task;
    for (uint32_t at = on->first; at != 0; at = task->behind) {
        task = fv_tasks.entries[at - 1].alive;
        if (task->timeout.id == 0) task->has_it = has_it;
    }
}

static struct fv_tasklet *drawn_waiter(const struct fv_waiters *on) {
    uint32_t count = 0;
    for (uint32_t at = on->first; at != 0; at = fv_tasks.entries[at - 1].alive->behind) count++;
    uint64_t skip = count > 1 ? fv_below(count) : 0;
    uint32_t at = on->first;
    while (skip-- > 0) at = fv_tasks.entries[at - 1].alive->behind;
    return fv_tasks.entries[at - 1].alive;
}

bool fv_wake_one(struct fv_waiters *on) {
    if (on->first == 0) return false;
    fv_tasks_wake(drawn_waiter(on), true);
    return true;
}

uint32_t fv_wake_all(struct fv_waiters *on) {
    uint32_t count = 0;
    for (; on->first != 0; count++) fv_tasks_wake(fv_tasks.entries[on->first - 1].alive, true);
    return count;
}

void fv_sleep(uint64_t ns) {
    if (ns == 0)
        fv_yield();
    else
        fv_wait(NULL, FV_WAIT_OTHER, NULL, FV_NO_TASK, ns);
}

bool fv_tasks_join(fv_task task, uint64_t timeout_ns) {
    fv_preempt();
    struct fv_tasklet *other = fv_tasks_alive(task);
    return other == NULL || fv_wait(&other->joiners, FV_WAIT_JOIN, NULL, task, timeout_ns);
}

void fv_join(fv_task task) { fv_tasks_join(task, FV_FOREVER); }

void fv_yield(void) {
    struct fv_tasklet *self = fv_tasks_current();
    fv_schedule_yielded(self);
    fv_tasks_switch(fv_schedule_next());
}
