#include "channel.h"
#include "ledger.h"
#include "marks.h"

static struct sent *at(struct sending *sending, uint32_t place) {
    return &sending->sent[place % WINDOW];
}

uint32_t sending_under_way(const struct channel *channel) {
    return channel->sending.next - channel->sending.unacknowledged;
}

bool sending_has_work(const struct channel *channel) {
    return sending_under_way(channel) > 0 || channel->sending.waiting_count > 0;
}

/* ---- for the first time ---------------------------------------------------------------------- */

static void transmit(struct channel *channel, uint32_t place) {
    const struct record *record = &at(&channel->sending, place)->record;
    mark_sending(channel);
    channel_emit(channel, PACKET_DATA, place, record);
}

static struct record first_waiting(struct sending *sending) {
    struct record record = sending->waiting[sending->waiting_first];
    sending->waiting_first = (sending->waiting_first + 1) % WAITING_MAX;
    sending->waiting_count--;
    return record;
}

void sending_more(struct channel *channel) {
    struct sending *sending = &channel->sending;
    if (channel->state != CHANNEL_OPEN) return;
    bool was_idle = sending_under_way(channel) == 0;
    while (sending->waiting_count > 0 && sending_under_way(channel) < WINDOW &&
           sending->next < sending->limit) {
        uint32_t place = sending->next++;
        struct sent *sent = at(sending, place);
        *sent = (struct sent){.record = first_waiting(sending)};
        sent->record.connection = channel->own_id;
        sent->record.place = place;
        ledger_sends(channel->own_id, place);
        transmit(channel, place);
    }
    if (was_idle && sending_has_work(channel)) channel_rearm(channel);
}

void channel_send(struct channel *channel, const struct record *record) {
    struct sending *sending = &channel->sending;
    FV_ALWAYS(sending->waiting_count < WAITING_MAX, "a channel has room for what is to be sent");
    uint32_t last = (sending->waiting_first + sending->waiting_count++) % WAITING_MAX;
    sending->waiting[last] = *record;
    sending_more(channel);
}

/* ---- again ----------------------------------------------------------------------------------- */

void sending_again(struct channel *channel) {
    struct sending *sending = &channel->sending;
    bool was_sent = false;
    mark_late(channel);
    for (uint32_t place = sending->unacknowledged; place < sending->next; place++) {
        if (at(sending, place)->is_selected) continue;
        transmit(channel, place);
        was_sent = true;
    }
    if (!was_sent) channel_emit(channel, PACKET_PROBE, 0, NULL);
}

/* ---- acknowledgements ------------------------------------------------------------------------ */

/* A receiver that runs out of memory may drop what it has acknowledged out of order (RFC 2018, 8),
 * so that is kept, and what the newest acknowledgement does not tell any more is sent again.
 * Returns how many are selected. */
static uint32_t select(struct sending *sending, uint8_t selected) {
    uint32_t count = 0;
    for (uint32_t place = sending->unacknowledged; place < sending->next; place++) {
        uint32_t behind = place - sending->unacknowledged;
        bool is_selected = behind > 0 && (selected >> (behind - 1) & 1);
#ifdef SELECTION_FINAL
        /* The mistake: what the receiver has had once it will always have. */
        is_selected |= at(sending, place)->is_selected;
#endif
        at(sending, place)->is_selected = is_selected;
        count += is_selected;
    }
    return count;
}

/* Acknowledgements only grow, so only the newest packet tells anything; and numbers are so few that
 * an old one could be mistaken. */
void sending_acknowledged(struct channel *channel, const struct packet *packet) {
    struct sending *sending = &channel->sending;
    if (packet->stamp <= channel->newest_stamp) return;
    channel->newest_stamp = packet->stamp;
    uint32_t count = (packet->expected - sending->unacknowledged) % SEQUENCES;
    if (count > sending_under_way(channel)) return;
    sending->unacknowledged += count;
    sending->limit = sending->unacknowledged + packet->room;
    uint32_t selected = select(sending, packet->selected);
    ledger_acknowledged(channel->own_id, sending->unacknowledged, selected);
    mark_acknowledged(channel);
    channel->tries = 0;
    if (count > 0) channel_rearm(channel);
    sending_more(channel);
}
