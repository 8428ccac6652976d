/* Connections: what lies under streams. A connection has two ends, and what is on its way to an end
 * arrives there in order. Neither node need be up while something of it is still under way. */
#ifndef FV_SIM_CONNECTION_H
#define FV_SIM_CONNECTION_H

#include "world.h"

enum {
    FV_WINDOW_BYTES = 1 << 16, /* under way and unread, in one direction */
    FV_SEGMENT_BYTES_MAX = 1 << 14,
};

enum fv_piece_kind {
    FV_PIECE_OPENING, /* a client asks for the connection */
    FV_PIECE_OPENED,  /* and has it */
    FV_PIECE_BYTES,
    FV_PIECE_CLOSING, /* no more bytes come */
    FV_PIECE_RESET,
};

/* One segment. Belongs to the queue that it is in. */
struct fv_piece {
    struct fv_piece *next;
    uint64_t due;
    uint32_t kind; /* enum fv_piece_kind */
    uint32_t size, read;
    unsigned char bytes[];
};

struct fv_pieces {
    struct fv_piece *first, *last;
};

enum fv_end_state {
    FV_END_NEW,     /* a server that has not heard of it */
    FV_END_OPENING, /* a client that was not answered yet */
    FV_END_OPEN,
    FV_END_RESET,
    FV_END_GONE, /* closed, or its process has ended */
};

struct fv_end {
    struct fv_end *next;       /* of the same node */
    struct fv_end *next_asked; /* at the same port, before it is accepted */
    fv_node node;
    uint32_t port;
    uint32_t power_losses; /* of its machine, when it was made */
    enum fv_end_state state;
    bool is_client;
    bool is_held;     /* by its node: it is in the node's list */
    bool is_finished; /* all that the peer ever wrote has arrived */
    bool is_ticking;  /* a timer will look at what is under way */
    struct fv_pieces under_way, arrived;
    uint32_t bytes;                /* in both */
    uint64_t retry_ns, give_up_at; /* 0: the first piece was not held back */
    struct fv_waiters readers, writers;
};

/* The client's end. Nothing is sent yet. */
struct fv_end *fv_connection_new(fv_node from, fv_node to, uint32_t port);
struct fv_end *fv_end_peer(struct fv_end *end);
/* To that end, from its peer. */
void fv_end_send(struct fv_end *to, enum fv_piece_kind kind, const void *bytes, size_t size);
/* Of what is under way to it a drawn number of pieces still arrives. */
void fv_end_cut_short(struct fv_end *to);
/* It learns that the connection is no more, if that is news. */
void fv_end_reset(struct fv_end *end);
/* Its node has no more to do with it. It may be freed at once. */
void fv_end_leave(struct fv_end *end);
void fv_pieces_drop_first(struct fv_pieces *pieces);

/* ---- stream.c -------------------------------------------------------------------------------- */

enum fv_offer { FV_OFFER_TAKEN, FV_OFFER_NOBODY_LISTENS, FV_OFFER_TOO_MANY };

/* A connection asks at its port. */
enum fv_offer fv_listeners_offer(struct fv_end *server);
void fv_listeners_node_down(fv_node node);

#endif
