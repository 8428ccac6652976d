#include "connection.h"

#include <stdlib.h>
#include <string.h>

enum { FV_ASKED_MAX = 128 /* connections at a port that nobody has accepted yet */ };

/* What a node has in hand: memory of its own, which outlives the connection. */
struct fv_stream {
    struct fv_end *end; /* NULL: closed */
    fv_node self, peer;
};

struct listener {
    struct fv_end *first, *last; /* those that ask */
    uint32_t count;
    struct fv_waiters waiters;
};

/* By node and port; of one life of a node. */
static struct listener **listeners[FV_NODES_MAX];

static void check_port(uint32_t port, const char *call) {
    if (port >= FV_PORTS_MAX) fv_bug("misuse of the kit: %s() at port %u", call, port);
}

static void *room_for(size_t count, size_t bytes) {
    void *room = calloc(count, bytes);
    if (room == NULL) fv_bug("the simulation kit finds no memory for listeners");
    return room;
}

/* ---- listening ------------------------------------------------------------------------------- */

/* NULL: nobody listens there. */
static struct listener *listener_at(fv_node node, uint32_t port) {
    return listeners[node] == NULL ? NULL : listeners[node][port];
}

void fv_listen(uint32_t port) {
    fv_node self = fv_node_of_caller("fv_listen");
    check_port(port, "fv_listen");
    if (listener_at(self, port) != NULL) return;
    if (listeners[self] == NULL)
        listeners[self] = room_for(FV_PORTS_MAX, sizeof(struct listener *));
    listeners[self][port] = room_for(1, sizeof(struct listener));
}

void fv_listeners_node_down(fv_node node) {
    for (uint32_t port = 0; listeners[node] != NULL && port < FV_PORTS_MAX; port++)
        free(listeners[node][port]);
    free(listeners[node]);
    listeners[node] = NULL;
}

enum fv_offer fv_listeners_offer(struct fv_end *server) {
    struct listener *listener = listener_at(server->node, server->port);
    if (listener == NULL) return FV_OFFER_NOBODY_LISTENS;
    if (listener->count == FV_ASKED_MAX) return FV_OFFER_TOO_MANY;
    if (listener->count++ == 0)
        listener->first = server;
    else
        listener->last->next_asked = server;
    listener->last = server;
    fv_wake_one(&listener->waiters);
    return FV_OFFER_TAKEN;
}

static struct fv_stream *stream_of(struct fv_end *end) {
    struct fv_stream *stream = fv_node_alloc(sizeof *stream);
    *stream = (struct fv_stream){end, end->node, fv_end_peer(end)->node};
    return stream;
}

struct fv_stream *fv_accept(uint32_t port, uint64_t timeout_ns) {
    fv_node self = fv_node_of_caller("fv_accept");
    check_port(port, "fv_accept");
    struct listener *listener = listener_at(self, port);
    if (listener == NULL)
        fv_bug("misuse of the kit: fv_accept() at port %u without fv_listen()", port);
    fv_preempt();
    uint64_t deadline = fv_clock_deadline(timeout_ns);
    while (listener->count == 0) {
        uint64_t left = fv_clock_left(deadline);
        if (left == 0) return NULL;
        fv_wait(&listener->waiters, FV_WAIT_STREAM, listener, FV_NO_TASK, left);
    }
    struct fv_end *end = listener->first;
    listener->first = end->next_asked;
    listener->count--;
    return stream_of(end);
}

/* ---- connecting ------------------------------------------------------------------------------ */

struct fv_stream *fv_connect(fv_node to, uint32_t port, uint64_t timeout_ns) {
    fv_node self = fv_node_of_caller("fv_connect");
    fv_node_check(to, "fv_connect");
    check_port(port, "fv_connect");
    fv_preempt();
    uint64_t deadline = fv_clock_deadline(timeout_ns), left;
    struct fv_end *end = fv_connection_new(self, to, port);
    fv_end_send(fv_end_peer(end), FV_PIECE_OPENING, NULL, 0);
    while (end->state == FV_END_OPENING && (left = fv_clock_left(deadline)) > 0)
        fv_wait(&end->writers, FV_WAIT_STREAM, end, FV_NO_TASK, left);
    if (end->state == FV_END_OPEN) return stream_of(end);
    if (end->state == FV_END_OPENING) {
        fv_log("no answer from " FV_NODE_WORDS ", port %u", FV_NODE_ARGUMENTS(to), port);
        fv_end_send(fv_end_peer(end), FV_PIECE_RESET, NULL, 0);
    }
    fv_end_leave(end);
    return NULL;
}

/* ---- reading and writing --------------------------------------------------------------------- */

static void check_stream(const struct fv_stream *stream, const char *call) {
    if (stream->self != fv_node_of_caller(call))
        fv_bug("misuse of the kit: %s() on a stream of another node", call);
    if (stream->end == NULL) fv_bug("misuse of the kit: %s() on a closed stream", call);
}

fv_node fv_stream_peer(const struct fv_stream *stream) { return stream->peer; }

static size_t unread_bytes(const struct fv_end *end, size_t bytes_max) {
    size_t bytes = 0;
    for (const struct fv_piece *at = end->arrived.first; at != NULL; at = at->next) {
        bytes += at->size - at->read;
        if (bytes >= bytes_max) return bytes_max;
    }
    return bytes;
}

static void take(struct fv_end *end, unsigned char *to, size_t size) {
    end->bytes -= (uint32_t)size;
    while (size > 0) {
        struct fv_piece *piece = end->arrived.first;
        uint32_t left = piece->size - piece->read;
        uint32_t taken = size < left ? (uint32_t)size : left;
        memcpy(to, piece->bytes + piece->read, taken);
        piece->read += taken;
        to += taken;
        size -= taken;
        if (taken == left) fv_pieces_drop_first(&end->arrived);
    }
    fv_wake_all(&fv_end_peer(end)->writers); /* who learns of it at once, as of all that is read */
}

static int64_t read_some(struct fv_end *end, void *to, size_t room) {
    size_t bytes = unread_bytes(end, room);
    if (bytes > 1) bytes = 1 + fv_below(bytes);
    take(end, to, bytes);
    return (int64_t)bytes;
}

int64_t fv_stream_read(struct fv_stream *stream, void *to, size_t room, uint64_t timeout_ns) {
    check_stream(stream, "fv_stream_read");
    if (room == 0) fv_bug("misuse of the kit: fv_stream_read() without room");
    fv_preempt();
    uint64_t deadline = fv_clock_deadline(timeout_ns);
    while (stream->end != NULL) { /* another task may close it meanwhile */
        struct fv_end *end = stream->end;
        if (end->arrived.first != NULL) return read_some(end, to, room);
        if (end->is_finished) return 0;
        if (end->state != FV_END_OPEN) return -1;
        uint64_t left = fv_clock_left(deadline);
        if (left == 0) return -2;
        fv_wait(&end->readers, FV_WAIT_STREAM, stream, FV_NO_TASK, left);
    }
    return -1;
}

static bool is_open(const struct fv_stream *stream) {
    return stream->end != NULL && stream->end->state == FV_END_OPEN;
}

/* 0: it is open no more. */
static size_t await_room(struct fv_stream *stream) {
    while (is_open(stream)) {
        uint32_t bytes = fv_end_peer(stream->end)->bytes;
        if (bytes < FV_WINDOW_BYTES) return FV_WINDOW_BYTES - bytes;
        fv_wait(&stream->end->writers, FV_WAIT_STREAM, stream, FV_NO_TASK, FV_FOREVER);
    }
    return 0;
}

static void break_at_write(struct fv_stream *stream, const void *bytes, size_t size) {
    struct fv_end *peer = fv_end_peer(stream->end);
    fv_log("the stream from " FV_NODE_WORDS " to " FV_NODE_WORDS ", port %u, breaks",
           FV_NODE_ARGUMENTS(stream->self), FV_NODE_ARGUMENTS(stream->peer), peer->port);
    size_t sent = fv_below(size + 1);
    if (sent > 0) fv_end_send(peer, FV_PIECE_BYTES, bytes, sent);
    fv_end_cut_short(peer);
    fv_end_send(peer, FV_PIECE_RESET, NULL, 0);
    fv_end_reset(stream->end);
}

bool fv_stream_write(struct fv_stream *stream, const void *bytes, size_t size) {
    check_stream(stream, "fv_stream_write");
    fv_preempt();
    const unsigned char *from = bytes;
    bool breaks = size > 0 && is_open(stream) && stream->self != stream->peer &&
                  fv_fault_strikes(FV_FAULT_RESET);
    while (size > 0) {
        size_t part = await_room(stream);
        if (part == 0) return false;
        if (part > FV_SEGMENT_BYTES_MAX) part = FV_SEGMENT_BYTES_MAX;
        if (part > size) part = size;
        if (breaks) {
            break_at_write(stream, from, part);
            return false;
        }
        fv_end_send(fv_end_peer(stream->end), FV_PIECE_BYTES, from, part);
        from += part;
        size -= part;
    }
    return is_open(stream);
}

void fv_stream_close(struct fv_stream *stream) {
    check_stream(stream, "fv_stream_close");
    fv_preempt();
    struct fv_end *end = stream->end;
    if (end == NULL) fv_bug("misuse of the kit: fv_stream_close() on a closed stream");
    stream->end = NULL;
    if (end->state == FV_END_OPEN) fv_end_send(fv_end_peer(end), FV_PIECE_CLOSING, NULL, 0);
    fv_end_leave(end);
}
