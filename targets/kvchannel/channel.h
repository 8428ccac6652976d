/* A reliable channel over messages that may be lost, doubled and late: records arrive once and in
 * order, or the connection ends. Modelled on TCP, with few numbers and a small window, so that they
 * wrap and fill up all the time. */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <fuzzverse/sim.h>

#include "record.h"

enum {
    SEQUENCES = 8, /* numbers on the wire: three bits */
#ifdef WINDOW_TOO_LARGE
    /* The mistake: what was sent last may be the whole window, and be asked for again; numbers
     * that the receiver does not expect are then too few. */
    WINDOW = SEQUENCES / 2 + 1,
#else
    WINDOW = SEQUENCES / 2, /* records under way */
#endif
    INBOX = 6,        /* records that the application has not taken yet */
    WAITING_MAX = 64, /* records that the application has given and that were not sent yet */
    PORT = 1,
};

enum packet_kind {
    PACKET_OPEN,
    PACKET_ACCEPT,
    PACKET_DATA,
    PACKET_ACK,
    PACKET_PROBE,
    PACKET_RESET
};

struct packet {
    uint8_t kind; /* enum packet_kind */
    uint8_t sequence;
    uint8_t expected;  /* all before it has arrived */
    uint8_t selected;  /* a bit for each record behind that one which has arrived as well */
    uint8_t room;      /* how many records from `expected` on may be sent */
    uint32_t from, to; /* the two ends of the connection by their ids; 0: not known yet */
    uint32_t stamp;    /* of one end's packets: the greater, the later */
    struct record record;
};

enum channel_state { CHANNEL_CLOSED, CHANNEL_OPENING, CHANNEL_OPEN };

struct sent {
    struct record record;
    bool is_selected; /* the newest acknowledgement says that it has arrived */
};

struct sending {
    uint32_t unacknowledged, next; /* places in the connection; what is between is under way */
    uint32_t limit;                /* the peer has room for what is before */
    struct sent sent[WINDOW];
    struct record waiting[WAITING_MAX];
    uint32_t waiting_first, waiting_count;
};

struct early {
    struct record record;
    uint32_t stamp;
    bool is_there;
};

struct receiving {
    uint32_t expected;
    uint32_t accepted_stamp; /* the greatest of what has arrived in order */
    struct early early[WINDOW];
    struct record inbox[INBOX];
    uint32_t inbox_first, inbox_count;
};

/* What all channels of a node keep records in. */
struct memory {
    uint32_t used, size;
    struct channel **channels;
    uint32_t channel_count;
};

struct application {
    void (*arrived)(void *with); /* there is something in the inbox */
    void (*closed)(void *with);
    void *with;
};

/* A client that asks, before it has shown that it is there. */
struct asking {
    uint32_t own, peer; /* ids; 0: nobody asks */
    struct record first;
};

struct channel {
    fv_node peer;
    bool is_client;
    enum channel_state state;
    uint32_t own_id, peer_id;
    uint32_t stamp, newest_stamp; /* of own packets, and of those that told something */
    struct sending sending;
    struct receiving receiving;
    struct asking asking;
    struct memory *memory;
    struct application application;
    struct fv_timer timer, ack_timer;
    uint32_t tries;
    bool owes_ack;
};

/* ---- channel.c ------------------------------------------------------------------------------- */

void channel_init(struct channel *channel, fv_node peer, bool is_client, struct memory *memory,
                  struct application application);
void channel_take(struct channel *channel, const struct packet *packet);
/* As if it had never been. Without a word to the peer. */
void channel_forget(struct channel *channel);
/* The same, and the application is told. */
void channel_end(struct channel *channel);
/* Sends one packet. Every packet tells what has arrived. */
void channel_emit(struct channel *channel, enum packet_kind kind, uint32_t sequence,
                  const struct record *record);
/* From now on it takes a while until something is sent again. */
void channel_rearm(struct channel *channel);

/* ---- handshake.c ----------------------------------------------------------------------------- */

/* A client begins; the first record is on its way with the opening. */
void channel_open(struct channel *channel, const struct record *first);
void handshake_repeat(struct channel *channel);
void handshake_asked(struct channel *channel, const struct packet *packet);
void handshake_answered(struct channel *channel, const struct packet *packet);
/* The client that asks has shown that it is there. */
void handshake_confirmed(struct channel *channel);

/* ---- sending.c ------------------------------------------------------------------------------- */

void channel_send(struct channel *channel, const struct record *record);
void sending_more(struct channel *channel);
void sending_acknowledged(struct channel *channel, const struct packet *packet);
void sending_again(struct channel *channel);
bool sending_has_work(const struct channel *channel);
uint32_t sending_under_way(const struct channel *channel);

/* ---- receiving.c ----------------------------------------------------------------------------- */

void receiving_take(struct channel *channel, const struct packet *packet);
void receiving_first(struct channel *channel, const struct record *record);
/* The oldest in the inbox, which must not be empty. */
struct record channel_next(struct channel *channel);
uint32_t receiving_room(const struct channel *channel);
uint8_t receiving_selected(const struct channel *channel);
void receiving_forget(struct channel *channel);

#endif
