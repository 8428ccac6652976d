#include "channel.h"

#include <string.h>

#include "ledger.h"

enum { TRIES_MAX = 6 };
#define AGAIN_NS FV_MS(50)
#define AGAIN_NS_MAX FV_MS(200)
#define OPEN_AGAIN_NS FV_MS(16)
#define ACK_NS FV_MS(2) /* so long an acknowledgement waits for a record to go with */

void channel_init(struct channel *channel, fv_node peer, bool is_client, struct memory *memory,
                  struct application application) {
    memset(channel, 0, sizeof *channel);
    channel->peer = peer;
    channel->is_client = is_client;
    channel->memory = memory;
    channel->application = application;
}

void channel_forget(struct channel *channel) {
    fv_timer_stop(channel->timer);
    fv_timer_stop(channel->ack_timer);
    receiving_forget(channel);
    channel_init(channel, channel->peer, channel->is_client, channel->memory, channel->application);
}

void channel_end(struct channel *channel) {
    fv_log("connection %u ends", channel->own_id);
    if (channel->peer_id != 0) ledger_ends(channel->peer_id);
    channel_forget(channel);
    channel->application.closed(channel->application.with);
}

/* ---- packets --------------------------------------------------------------------------------- */

static void log_packet(const struct packet *packet, const char *what) {
    static const char *const kinds[] = {"OPEN", "ACCEPT", "DATA", "ACK", "PROBE", "RESET"};
    fv_log("%s %s %s, %u to %u: number %u (place %u), expects %u, has %#x, room %u, stamp %u",
           fv_node_name(fv_node_self()), what, kinds[packet->kind], packet->from, packet->to,
           packet->sequence, packet->record.place, packet->expected, packet->selected, packet->room,
           packet->stamp);
}

void channel_emit(struct channel *channel, enum packet_kind kind, uint32_t sequence,
                  const struct record *record) {
    struct packet packet;
    memset(&packet, 0, sizeof packet);
    packet.kind = (uint8_t)kind;
    packet.sequence = (uint8_t)(sequence % SEQUENCES);
    packet.expected = (uint8_t)(channel->receiving.expected % SEQUENCES);
    packet.selected = receiving_selected(channel);
    packet.room = (uint8_t)receiving_room(channel);
    packet.from = channel->own_id;
    packet.to = channel->peer_id;
    packet.stamp = ++channel->stamp;
    if (record != NULL) packet.record = *record;
    if (packet.to != 0) ledger_room(packet.to, channel->receiving.expected + packet.room);
    channel->owes_ack = false;
    log_packet(&packet, "sends");
    fv_send(channel->peer, PORT, &packet, sizeof packet);
}

/* Tells a peer that there is no such connection here. */
static void refuse(const struct channel *channel, const struct packet *packet) {
    if (packet->kind == PACKET_RESET) return;
    struct packet reset;
    memset(&reset, 0, sizeof reset);
    reset.kind = PACKET_RESET;
    reset.from = packet->to;
    reset.to = packet->from;
    fv_send(channel->peer, PORT, &reset, sizeof reset);
}

static void owe_ack(void *with) {
    struct channel *channel = with;
    if (channel->owes_ack) channel_emit(channel, PACKET_ACK, 0, NULL);
}

static void take_from_peer(struct channel *channel, const struct packet *packet) {
    sending_acknowledged(channel, packet);
    if (packet->kind == PACKET_DATA) {
        receiving_take(channel, packet);
        if (channel->owes_ack) return;
        channel->owes_ack = true;
        fv_timer_stop(channel->ack_timer);
        channel->ack_timer = fv_timer_start(ACK_NS, owe_ack, channel);
    } else if (packet->kind == PACKET_PROBE) {
        channel_emit(channel, PACKET_ACK, 0, NULL);
    }
}

static bool is_of_connection(const struct channel *channel, const struct packet *packet) {
    return channel->state == CHANNEL_OPEN && packet->from == channel->peer_id &&
           packet->to == channel->own_id;
}

static bool is_of_who_asks(const struct channel *channel, const struct packet *packet) {
    return channel->asking.own != 0 && packet->from == channel->asking.peer &&
           packet->to == channel->asking.own;
}

static void take_reset(struct channel *channel, const struct packet *packet) {
    if (is_of_connection(channel, packet))
        channel_end(channel);
    else if (is_of_who_asks(channel, packet))
        channel->asking.own = 0;
}

static void take_if_known(struct channel *channel, const struct packet *packet) {
    if (is_of_who_asks(channel, packet)) handshake_confirmed(channel);
    if (is_of_connection(channel, packet))
        take_from_peer(channel, packet);
    else if (channel->state != CHANNEL_OPENING || packet->to != channel->own_id)
        refuse(channel, packet);
}

void channel_take(struct channel *channel, const struct packet *packet) {
    log_packet(packet, "takes");
    if (packet->kind == PACKET_OPEN && !channel->is_client)
        handshake_asked(channel, packet);
    else if (packet->kind == PACKET_ACCEPT && channel->state == CHANNEL_OPENING &&
             packet->to == channel->own_id)
        handshake_answered(channel, packet);
    else if (packet->kind == PACKET_RESET)
        take_reset(channel, packet);
    else
        take_if_known(channel, packet);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void is_late(void *with) {
    struct channel *channel = with;
    if (++channel->tries > TRIES_MAX) {
        fv_log("connection %u is given up", channel->own_id);
        channel_end(channel);
        return;
    }
    if (channel->state == CHANNEL_OPENING)
        handshake_repeat(channel);
    else
        sending_again(channel);
    channel_rearm(channel);
}

void channel_rearm(struct channel *channel) {
    fv_timer_stop(channel->timer);
    if (!channel->is_client && !sending_has_work(channel)) return;
    uint64_t delay_ns = channel->state == CHANNEL_OPENING ? OPEN_AGAIN_NS : AGAIN_NS;
    delay_ns <<= channel->tries;
    channel->timer =
        fv_timer_start(delay_ns < AGAIN_NS_MAX ? delay_ns : AGAIN_NS_MAX, is_late, channel);
}
