#include "marks.h"

#include "ledger.h"

static uint32_t capped(uint32_t count, uint32_t max) { return count < max ? count : max; }

/* ---- connections ----------------------------------------------------------------------------- */

void mark_opening(const struct channel *channel) {
    FV_SOMETIMES_EACH("a client opens a connection",
                      FV_KEYS({"old openings", capped(ledger_old_openings(channel->own_id), 3)},
                              {"lives", capped(fv_node_starts(fv_node_self()), 3)},
                              {"the server's", capped(fv_node_starts(channel->peer), 3)}),
                      FV_QUALITY());
}

void mark_asked(const struct channel *channel, const struct packet *packet) {
    FV_SOMETIMES_EACH("a server is asked for a connection",
                      FV_KEYS({"state", channel->state}, {"asking", channel->asking.own != 0},
                              {"newer", packet->from > channel->peer_id},
                              {"older", packet->from < channel->peer_id}),
                      FV_QUALITY());
}

void mark_opened(const struct channel *channel) {
    uint32_t client_id = channel->is_client ? channel->own_id : channel->peer_id;
    FV_SOMETIMES_EACH("a connection is open",
                      FV_KEYS({"is client", channel->is_client},
                              {"old openings", capped(ledger_old_openings(client_id), 3)},
                              {"tries", capped(channel->tries, 3)}),
                      FV_QUALITY());
}

/* ---- the window ------------------------------------------------------------------------------ */

void mark_sending(const struct channel *channel) {
    FV_SOMETIMES_EACH("a record is sent",
                      FV_KEYS({"under way", sending_under_way(channel)},
                              {"acknowledgements lost", ledger_overdue(channel->own_id)},
                              {"tries", capped(channel->tries, 2)}),
                      FV_QUALITY());
}

void mark_late(const struct channel *channel) {
    FV_SOMETIMES_EACH("nothing was heard for long",
                      FV_KEYS({"under way", sending_under_way(channel)},
                              {"delivered", ledger_unheard(channel->own_id)},
                              {"selected", ledger_selected(channel->own_id)},
                              {"tries", capped(channel->tries, 3)}),
                      FV_QUALITY());
}

void mark_acknowledged(const struct channel *channel) {
    FV_SOMETIMES_EACH("an acknowledgement",
                      FV_KEYS({"under way", sending_under_way(channel)},
                              {"selected", ledger_selected(channel->own_id)},
                              {"room", channel->sending.limit > channel->sending.next}),
                      FV_QUALITY());
}

/* ---- memory ---------------------------------------------------------------------------------- */

static uint32_t early_count(const struct channel *channel) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < WINDOW; i++) count += channel->receiving.early[i].is_there;
    return count;
}

static uint32_t memory_left(const struct channel *channel) {
    const struct memory *memory = channel->memory;
    return memory->used < memory->size ? memory->size - memory->used : 0;
}

void mark_early(const struct channel *channel) {
    FV_SOMETIMES_EACH("a record is kept that came early",
                      FV_KEYS({"is client", channel->is_client}, {"kept", early_count(channel)},
                              {"known", ledger_selected(channel->peer_id)},
                              {"memory left", memory_left(channel)}),
                      FV_QUALITY());
}

void mark_delivered(const struct channel *channel) {
    FV_SOMETIMES_EACH("a record is delivered",
                      FV_KEYS({"is client", channel->is_client}, {"kept", early_count(channel)},
                              {"known", ledger_selected(channel->peer_id)},
                              {"memory left", memory_left(channel)}),
                      FV_QUALITY());
}

void mark_dropped(uint32_t id) {
    FV_SOMETIMES_EACH("an early record gives way",
                      FV_KEYS({"known", ledger_selected(id)}, {"unheard", ledger_unheard(id)}),
                      FV_QUALITY());
}
