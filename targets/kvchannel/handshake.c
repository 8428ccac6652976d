/* Three messages open a connection: the client's opening, the server's answer, and anything that
 * shows that the client has got the answer. Only then is it known that the opening was no old
 * one. */
#include <string.h>

#include "channel.h"
#include "ledger.h"
#include "marks.h"

enum { FIRST_STAMP = 1 /* of a server: its answer's */ };

/* ---- the client ------------------------------------------------------------------------------ */

void handshake_repeat(struct channel *channel) {
    ledger_opening_sent(channel->own_id);
    channel_emit(channel, PACKET_OPEN, 0, &channel->sending.sent[0].record);
}

void channel_open(struct channel *channel, const struct record *first) {
    channel->state = CHANNEL_OPENING;
    channel->own_id = ledger_begins(fv_node_self(), channel->peer);
    struct sending *sending = &channel->sending;
    sending->sent[0] = (struct sent){.record = *first};
    sending->sent[0].record.connection = channel->own_id;
    sending->next = sending->limit = 1;
    mark_opening(channel);
    handshake_repeat(channel);
    channel_rearm(channel);
}

void handshake_answered(struct channel *channel, const struct packet *packet) {
    channel->state = CHANNEL_OPEN;
    channel->peer_id = packet->from;
    channel->tries = 0;
    mark_opened(channel);
    sending_acknowledged(channel, packet);
    channel_emit(channel, PACKET_ACK, 0, NULL);
    channel_rearm(channel);
}

/* ---- the server ------------------------------------------------------------------------------ */

/* What was there before is over. */
void handshake_confirmed(struct channel *channel) {
    struct asking asking = channel->asking;
    if (channel->state != CHANNEL_CLOSED) channel_end(channel);
    channel_forget(channel);
    channel->state = CHANNEL_OPEN;
    channel->own_id = asking.own;
    channel->peer_id = asking.peer;
    channel->sending.limit = INBOX;
    channel->stamp = FIRST_STAMP;
    mark_opened(channel);
    receiving_first(channel, &asking.first);
}

static void answer(struct channel *channel, uint32_t own_id, uint32_t peer_id) {
    struct packet packet;
    memset(&packet, 0, sizeof packet);
    packet.kind = PACKET_ACCEPT;
    packet.expected = 1; /* the first record came with the opening */
    packet.room = INBOX - 1;
    packet.stamp = FIRST_STAMP;
    packet.from = own_id;
    packet.to = peer_id;
    fv_send(channel->peer, PORT, &packet, sizeof packet);
}

void handshake_asked(struct channel *channel, const struct packet *packet) {
    ledger_opening_arrived(packet->from);
    mark_asked(channel, packet);
    if (channel->state == CHANNEL_OPEN && packet->from == channel->peer_id) {
        answer(channel, channel->own_id, channel->peer_id);
        return;
    }
    struct asking *asking = &channel->asking;
    if (asking->own == 0 || asking->peer != packet->from)
        *asking = (struct asking){ledger_begins(fv_node_self(), channel->peer), packet->from,
                                  packet->record};
    answer(channel, asking->own, asking->peer);
#ifdef OPENING_UNCHECKED
    /* The mistake: another id is taken for a client that has started again, at once. */
    handshake_confirmed(channel);
#endif
}
