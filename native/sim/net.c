#include "world.h"

#include <stdlib.h>
#include <string.h>

enum {
    FV_QUEUED_MAX = 4096, /* messages at one port; further ones are lost */
    FV_LATE_TIMES_MAX = 10,
};

struct message {
    struct message *next;
    fv_node from, to;
    uint32_t port;
    size_t size;
    unsigned char bytes[];
};

struct port {
    void (*handler)(void *with, fv_node from, const void *bytes, size_t size);
    void *with;
    struct message *first, *last; /* that have arrived */
    uint32_t count;
    struct fv_waiters receivers;
};

/* Of one life of a node. */
struct inbox {
    struct port *ports[FV_PORTS_MAX]; /* those that somebody listens at */
    struct message *handled;          /* by the handler that runs */
};

static struct inbox *inboxes[FV_NODES_MAX];

static void check_port(uint32_t port, const char *call) {
    if (port >= FV_PORTS_MAX) fv_bug("misuse of the kit: %s() at port %u", call, port);
}

static void *room_for(size_t bytes) {
    void *room = calloc(1, bytes);
    if (room == NULL) fv_bug("the simulation kit finds no memory for the network");
    return room;
}

static struct inbox *inbox_of(fv_node node) {
    if (inboxes[node] == NULL) inboxes[node] = room_for(sizeof(struct inbox));
    return inboxes[node];
}

static struct port *port_made(fv_node node, uint32_t port) {
    struct inbox *inbox = inbox_of(node);
    if (inbox->ports[port] == NULL) inbox->ports[port] = room_for(sizeof(struct port));
    return inbox->ports[port];
}

/* NULL: nobody listens there. */
static struct port *port_of(fv_node node, uint32_t port) {
    return inboxes[node] == NULL ? NULL : inboxes[node]->ports[port];
}

/* ---- at a port ------------------------------------------------------------------------------- */

static void push(struct port *port, struct message *message) {
    if (port->first == NULL)
        port->first = message;
    else
        port->last->next = message;
    port->last = message;
    port->count++;
}

static struct message *pop(struct port *port) {
    struct message *message = port->first;
    port->first = message->next;
    port->count--;
    return message;
}

static void handle(void *with) {
    struct port *port = with;
    struct message *message = pop(port);
    struct inbox *inbox = inboxes[message->to];
    inbox->handled = message;
    port->handler(port->with, message->from, message->bytes, message->size);
    inbox->handled = NULL;
    free(message);
}

static void deliver(struct message *message) {
    fv_node to = message->to;
    struct port *port = fv_node_is_up(to) ? port_of(to, message->port) : NULL;
    if (port == NULL || port->count == FV_QUEUED_MAX) {
        fv_log("nobody takes a message from " FV_NODE_WORDS " to " FV_NODE_WORDS ", port %u",
               FV_NODE_ARGUMENTS(message->from), FV_NODE_ARGUMENTS(to), message->port);
        free(message);
        return;
    }
    push(port, message);
    if (port->handler != NULL)
        fv_events_post(to, handle, port);
    else
        fv_wake_one(&port->receivers);
}

static void arrive(void *with) { deliver(with); }

void fv_net_node_down(fv_node node) {
    struct inbox *inbox = inboxes[node];
    if (inbox == NULL) return;
    for (uint32_t i = 0; i < FV_PORTS_MAX; i++) {
        struct port *port = inbox->ports[i];
        while (port != NULL && port->count > 0) free(pop(port));
        free(port);
    }
    free(inbox->handled);
    free(inbox);
    inboxes[node] = NULL;
}

/* ---- on the way ------------------------------------------------------------------------------ */

uint64_t fv_net_drawn_latency(void) {
    const struct fv_net_model *model = &fv_faults.model.net;
    uint64_t latency_ns = fv_drawn_ns(model->latency_min_ns, model->latency_max_ns);
    if (fv_fault_strikes(FV_FAULT_REORDERING)) latency_ns *= 2 + fv_below(FV_LATE_TIMES_MAX - 1);
    return latency_ns;
}

static struct message *message_made(fv_node to, uint32_t port, const void *bytes, size_t size) {
    struct message *message = malloc(sizeof *message + size);
    if (message == NULL) fv_bug("the simulation kit finds no memory for a message");
    *message = (struct message){NULL, fv_tasks_owner(), to, port, size};
    if (size > 0) memcpy(message->bytes, bytes, size);
    return message;
}

static void lose(fv_node to, uint32_t port, const char *how) {
    fv_log("a message from " FV_NODE_WORDS " to " FV_NODE_WORDS ", port %u, %s",
           FV_NODE_ARGUMENTS(fv_tasks_owner()), FV_NODE_ARGUMENTS(to), port, how);
}

void fv_send(fv_node to, uint32_t port, const void *bytes, size_t size) {
    fv_node from = fv_node_of_caller("fv_send");
    fv_node_check(to, "fv_send");
    check_port(port, "fv_send");
    if (size > FV_MESSAGE_BYTES_MAX) fv_bug("misuse of the kit: a message of %zu bytes", size);
    fv_preempt();
    if (from == to) {
        deliver(message_made(to, port, bytes, size));
        return;
    }
    if (fv_net_is_cut(from, to)) {
        lose(to, port, "finds the link cut");
        return;
    }
    if (fv_fault_strikes(FV_FAULT_LOSS)) {
        lose(to, port, "is lost");
        return;
    }
    if (fv_fault_strikes(FV_FAULT_DUPLICATION)) {
        lose(to, port, "is doubled");
        fv_clock_call(fv_net_drawn_latency(), arrive, message_made(to, port, bytes, size));
    }
    fv_clock_call(fv_net_drawn_latency(), arrive, message_made(to, port, bytes, size));
}

/* ---- who listens ----------------------------------------------------------------------------- */

void fv_on_message(uint32_t port,
                   void (*handler)(void *with, fv_node from, const void *bytes, size_t size),
                   void *with) {
    fv_node self = fv_node_of_caller("fv_on_message");
    check_port(port, "fv_on_message");
    struct port *own = port_made(self, port);
    bool was_received = own->handler == NULL;
    own->handler = handler;
    own->with = with;
    for (uint32_t i = 0; was_received && i < own->count; i++) fv_events_post(self, handle, own);
}

int64_t fv_receive(uint32_t port, fv_node *from, void *to, size_t room, uint64_t timeout_ns) {
    fv_node self = fv_node_of_caller("fv_receive");
    check_port(port, "fv_receive");
    fv_preempt();
    struct port *own = port_made(self, port);
    if (own->handler != NULL)
        fv_bug("misuse of the kit: fv_receive() at port %u, which has a handler", port);
    uint64_t deadline = fv_clock_deadline(timeout_ns);
    while (own->count == 0) {
        uint64_t left = fv_clock_left(deadline);
        if (left == 0) return -1;
        fv_wait(&own->receivers, FV_WAIT_MESSAGE, own, FV_NO_TASK, left);
    }
    struct message *message = pop(own);
    size_t size = message->size < room ? message->size : room;
    if (size > 0) memcpy(to, message->bytes, size);
    if (from != NULL) *from = message->from;
    free(message);
    return (int64_t)size;
}
