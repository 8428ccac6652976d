#include <stdlib.h>

#include "inside.h"

struct event {
    void (*then)(void *with);
    void *with;
};

/* A ring. */
struct fv_events {
    struct event *ring;
    uint32_t first, count, room; /* a power of two */
    struct fv_tasklet *server;   /* NULL: none yet */
};

static struct fv_events *events_of(struct fv_owner *owner) {
    if (owner->events == NULL) owner->events = calloc(1, sizeof *owner->events);
    if (owner->events == NULL) fv_bug("the simulation kit finds no memory for events");
    return owner->events;
}

static void grow(struct fv_events *events) {
    uint32_t room = events->room == 0 ? 8 : 2 * events->room;
    struct event *ring = malloc(room * sizeof *ring);
    if (ring == NULL) fv_bug("the simulation kit finds no memory for events");
    for (uint32_t i = 0; i < events->count; i++)
        ring[i] = events->ring[(events->first + i) & (events->room - 1)];
    free(events->ring);
    events->ring = ring;
    events->first = 0;
    events->room = room;
}

/* Idle, it counts as no live task: nobody waits for it, and it races with nobody. */
static void rest(struct fv_tasklet *self) {
    self->is_idle = true;
    self->owner->live--;
    fv_wait(NULL, FV_WAIT_OTHER, NULL, FV_NO_TASK, FV_FOREVER);
}

static void serve(void *with) {
    struct fv_events *events = with;
    struct fv_tasklet *self = fv_tasks_current();
    self->is_server = true;
    for (;;) {
        while (events->count == 0) rest(self);
        struct event next = events->ring[events->first];
        events->first = (events->first + 1) & (events->room - 1);
        events->count--;
        next.then(next.with);
    }
}

void fv_events_post(uint32_t node, void (*then)(void *with), void *with) {
    struct fv_events *events = events_of(fv_tasks_owner_of(node));
    if (events->count == events->room) grow(events);
    events->ring[(events->first + events->count++) & (events->room - 1)] =
        (struct event){then, with};
    struct fv_tasklet *server = events->server;
    if (server == NULL) {
        events->server = fv_tasks_alive(fv_tasks_spawn(node, "events", serve, events));
    } else if (server->is_idle) {
        server->is_idle = false;
        server->owner->live++;
        fv_tasks_wake(server, true);
    }
}

/* The ring stays: the server's task may be the one that runs. */
void fv_events_drop(uint32_t node) {
    struct fv_events *events = fv_tasks_owner_of(node)->events;
    if (events == NULL) return;
    events->count = 0;
    events->server = NULL;
}
