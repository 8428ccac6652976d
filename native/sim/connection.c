#include "connection.h"

#include <stdlib.h>
#include <string.h>

enum { FV_LOSSES_MAX = 8 /* of one segment */ };
/* A lost segment is sent again after a while, which doubles each time; one that finds the link cut
 * likewise. After the time given here, drawn once for each cut, its sender gives up. */
#define FV_RESEND_NS_MIN FV_MS(20)
#define FV_RESEND_NS_MAX FV_SECONDS(1)
#define FV_GIVE_UP_NS_MIN FV_SECONDS(10)
#define FV_GIVE_UP_NS_MAX FV_SECONDS(30)
#define FV_RESET_GIVE_UP_NS FV_SECONDS(600)

struct connection {
    struct fv_end client, server;
};

static struct machine {
    struct fv_end *ends; /* of the node's life, or while it is without power, of its last */
    uint32_t power_losses;
    bool is_dark;
} machines[FV_NODES_MAX];

static struct connection *connection_of(struct fv_end *end) {
    size_t offset = end->is_client ? 0 : offsetof(struct connection, server);
    return (struct connection *)(void *)((char *)end - offset);
}

struct fv_end *fv_end_peer(struct fv_end *end) {
    struct connection *connection = connection_of(end);
    return end->is_client ? &connection->server : &connection->client;
}

static void log_end(struct fv_end *to, const char *what) {
    fv_log("of the stream from " FV_NODE_WORDS " to " FV_NODE_WORDS ", port %u: %s",
           FV_NODE_ARGUMENTS(fv_end_peer(to)->node), FV_NODE_ARGUMENTS(to->node), to->port, what);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static void push(struct fv_pieces *pieces, struct fv_piece *piece) {
    piece->next = NULL;
    if (pieces->first == NULL)
        pieces->first = piece;
    else
        pieces->last->next = piece;
    pieces->last = piece;
}

static struct fv_piece *pop(struct fv_pieces *pieces) {
    struct fv_piece *piece = pieces->first;
    pieces->first = piece->next;
    return piece;
}

void fv_pieces_drop_first(struct fv_pieces *pieces) { free(pop(pieces)); }

/* All but the first `kept`. */
static void drop_behind(struct fv_end *end, struct fv_pieces *pieces, uint64_t kept) {
    struct fv_pieces all = *pieces;
    *pieces = (struct fv_pieces){NULL, NULL};
    while (all.first != NULL) {
        struct fv_piece *piece = pop(&all);
        if (kept > 0) {
            kept--;
            push(pieces, piece);
        } else {
            end->bytes -= piece->size - piece->read;
            free(piece);
        }
    }
}

void fv_end_cut_short(struct fv_end *to) {
    uint64_t count = 0;
    for (const struct fv_piece *at = to->under_way.first; at != NULL; at = at->next) count++;
    if (count > 0) drop_behind(to, &to->under_way, fv_below(count + 1));
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void hold(struct fv_end *end) {
    struct machine *machine = &machines[end->node];
    end->is_held = true;
    end->power_losses = machine->power_losses;
    end->next = machine->ends;
    machine->ends = end;
}

struct fv_end *fv_connection_new(fv_node from, fv_node to, uint32_t port) {
    struct connection *made = calloc(1, sizeof *made);
    if (made == NULL) fv_bug("the simulation kit finds no memory for a stream");
    made->client =
        (struct fv_end){.node = from, .port = port, .state = FV_END_OPENING, .is_client = true};
    made->server = (struct fv_end){.node = to, .port = port, .state = FV_END_NEW};
    hold(&made->client);
    return &made->client;
}

static void free_unused(struct connection *connection) {
    struct fv_end *client = &connection->client, *server = &connection->server;
    if (client->is_held || client->is_ticking || server->is_held || server->is_ticking) return;
    drop_behind(client, &client->under_way, 0);
    drop_behind(server, &server->under_way, 0);
    free(connection);
}

static void unlink_end(struct fv_end *end) {
    struct fv_end **at = &machines[end->node].ends;
    while (*at != end) at = &(*at)->next;
    *at = end->next;
    end->is_held = false;
}

void fv_end_leave(struct fv_end *end) {
    end->state = FV_END_GONE;
    drop_behind(end, &end->arrived, 0);
    fv_wake_all(&end->readers);
    fv_wake_all(&end->writers);
    unlink_end(end);
    free_unused(connection_of(end));
}

void fv_end_reset(struct fv_end *end) {
    if (end->state != FV_END_OPENING && end->state != FV_END_OPEN) return;
    log_end(end, "a reset");
    end->state = FV_END_RESET;
    if (end->arrived.first != NULL && !end->is_finished && fv_chance(1, 2))
        drop_behind(end, &end->arrived, 0);
    fv_wake_all(&end->readers);
    fv_wake_all(&end->writers);
}

/* ---- what arrives ---------------------------------------------------------------------------- */

static void answer_with_reset(struct fv_end *end) {
    struct fv_end *peer = fv_end_peer(end);
    if (peer->state == FV_END_OPENING || peer->state == FV_END_OPEN)
        fv_end_send(peer, FV_PIECE_RESET, NULL, 0);
}

/* False: it has to be sent again. */
static bool offer(struct fv_end *server) {
    enum fv_offer answer =
        fv_node_is_up(server->node) ? fv_listeners_offer(server) : FV_OFFER_NOBODY_LISTENS;
    if (answer == FV_OFFER_TOO_MANY) return false;
    if (answer == FV_OFFER_NOBODY_LISTENS) {
        log_end(server, "refused");
        fv_end_send(fv_end_peer(server), FV_PIECE_RESET, NULL, 0);
        return true;
    }
    server->state = FV_END_OPEN;
    hold(server);
    fv_end_send(fv_end_peer(server), FV_PIECE_OPENED, NULL, 0);
    return true;
}

static void open(struct fv_end *client) {
    if (client->state != FV_END_OPENING) return;
    client->state = FV_END_OPEN;
    fv_wake_all(&client->writers);
}

/* Takes the piece that is due. False: it has to be sent again. */
static bool take(struct fv_end *end) {
    struct fv_piece *piece = end->under_way.first;
    if (piece->kind == FV_PIECE_OPENING && !offer(end)) return false;
    pop(&end->under_way);
    if (piece->kind == FV_PIECE_BYTES && end->state == FV_END_OPEN) {
        push(&end->arrived, piece);
        fv_wake_all(&end->readers);
        return true;
    }
    switch (piece->kind) {
    case FV_PIECE_OPENED: open(end); break;
    case FV_PIECE_BYTES: answer_with_reset(end); break; /* nobody reads here any more */
    case FV_PIECE_CLOSING:
        end->is_finished = true;
        fv_wake_all(&end->readers);
        break;
    case FV_PIECE_RESET: fv_end_reset(end); break;
    default: break;
    }
    end->bytes -= piece->size;
    free(piece);
    return true;
}

/* ---- on the way ------------------------------------------------------------------------------ */

static bool is_sender_lost(struct fv_end *to) {
    const struct fv_end *sender = fv_end_peer(to);
    return sender->state != FV_END_NEW &&
           sender->power_losses != machines[sender->node].power_losses;
}

/* Nobody sends it again. Once its machine has power, that knows of no such connection. */
static void lose_sender(struct fv_end *to) {
    struct fv_end *sender = fv_end_peer(to);
    to->give_up_at = 0;
    drop_behind(to, &to->under_way, 0);
    sender->power_losses = machines[sender->node].power_losses;
    fv_end_send(to, FV_PIECE_RESET, NULL, 0);
}

static void give_up(struct fv_end *to) {
    bool was_reset = to->under_way.first->kind == FV_PIECE_RESET;
    to->give_up_at = 0;
    drop_behind(to, &to->under_way, 0);
    if (was_reset) return;
    log_end(to, "nothing gets through, it is given up");
    fv_end_reset(fv_end_peer(to));
    fv_end_send(to, FV_PIECE_RESET, NULL, 0);
}

static void hold_back(struct fv_end *to) {
    struct fv_piece *piece = to->under_way.first;
    if (is_sender_lost(to)) {
        lose_sender(to);
        return;
    }
    if (to->give_up_at == 0) {
        log_end(to, "nothing gets through");
        to->retry_ns = FV_RESEND_NS_MIN;
        to->give_up_at = fv_now() + (piece->kind == FV_PIECE_RESET
                                         ? FV_RESET_GIVE_UP_NS
                                         : fv_drawn_ns(FV_GIVE_UP_NS_MIN, FV_GIVE_UP_NS_MAX));
    } else if (fv_now() >= to->give_up_at) {
        give_up(to);
        return;
    }
    piece->due = fv_now() + to->retry_ns;
    if (to->retry_ns < FV_RESEND_NS_MAX) to->retry_ns *= 2;
}

static bool can_arrive(struct fv_end *to) {
    fv_node from = fv_end_peer(to)->node;
    if (machines[from].is_dark && to->under_way.first->kind == FV_PIECE_RESET) return false;
    return !machines[to->node].is_dark && !fv_net_is_cut(from, to->node);
}

static void look_later(struct fv_end *to);

static void look(void *with) {
    struct fv_end *to = with;
    to->is_ticking = false;
    while (to->under_way.first != NULL && to->under_way.first->due <= fv_now()) {
        if (can_arrive(to) && take(to))
            to->give_up_at = 0;
        else
            hold_back(to);
    }
    look_later(to);
    free_unused(connection_of(to));
}

static void look_later(struct fv_end *to) {
    if (to->is_ticking || to->under_way.first == NULL) return;
    uint64_t now = fv_now(), due = to->under_way.first->due;
    to->is_ticking = true;
    fv_clock_call(due > now ? due - now : 0, look, to);
}

static uint64_t drawn_delay(struct fv_end *to) {
    fv_node from = fv_end_peer(to)->node;
    if (from == to->node) return 0;
    uint64_t delay_ns = fv_net_drawn_latency(), resend_ns = FV_RESEND_NS_MIN;
    if (fv_net_is_cut(from, to->node)) delay_ns += resend_ns;
    for (int i = 0; i < FV_LOSSES_MAX && fv_fault_strikes(FV_FAULT_LOSS); i++) {
        log_end(to, "a segment is lost and sent again");
        delay_ns += resend_ns;
        resend_ns *= 2;
    }
    return delay_ns;
}

void fv_end_send(struct fv_end *to, enum fv_piece_kind kind, const void *bytes, size_t size) {
    struct fv_piece *piece = malloc(sizeof *piece + size);
    if (piece == NULL) fv_bug("the simulation kit finds no memory for a stream");
    *piece = (struct fv_piece){.due = fv_now() + drawn_delay(to), .kind = kind};
    piece->size = (uint32_t)size;
    if (size > 0) memcpy(piece->bytes, bytes, size);
    to->bytes += piece->size;
    push(&to->under_way, piece);
    look_later(to);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static void end_with_process(struct fv_end *end) {
    struct fv_end *peer = fv_end_peer(end);
    fv_end_cut_short(peer);
    fv_end_send(peer, FV_PIECE_RESET, NULL, 0);
    fv_end_leave(end);
}

/* It stays in the list, for the time when the node is up again. */
static void end_with_power(struct fv_end *end) {
    fv_end_cut_short(fv_end_peer(end));
    drop_behind(end, &end->arrived, 0);
    fv_wake_all(&fv_end_peer(end)->writers); /* or who waits for its window would never try it */
    end->state = FV_END_GONE;
}

void fv_streams_node_down(fv_node node, bool by_power) {
    struct machine *machine = &machines[node];
    fv_listeners_node_down(node);
    machine->is_dark = by_power;
    machine->power_losses += by_power;
    for (struct fv_end *end = machine->ends, *next; end != NULL; end = next) {
        next = end->next;
        if (by_power)
            end_with_power(end);
        else
            end_with_process(end);
    }
}

void fv_streams_node_up(fv_node node) {
    struct machine *machine = &machines[node];
    machine->is_dark = false;
    while (machine->ends != NULL) {
        answer_with_reset(machine->ends);
        fv_end_leave(machine->ends);
    }
}
