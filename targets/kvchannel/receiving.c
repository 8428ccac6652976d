#include "channel.h"
#include "ledger.h"
#include "marks.h"

/* ---- memory ---------------------------------------------------------------------------------- */

/* The record that is missed least: the last one that came too early, of any channel. */
static struct early *last_early(struct memory *memory) {
    struct early *last = NULL;
    uint32_t furthest = 0;
    for (uint32_t i = 0; i < memory->channel_count; i++) {
        struct receiving *receiving = &memory->channels[i]->receiving;
        for (uint32_t ahead = 1; ahead < WINDOW; ahead++) {
            struct early *early = &receiving->early[(receiving->expected + ahead) % WINDOW];
            if (!early->is_there || ahead <= furthest) continue;
            furthest = ahead;
            last = early;
        }
    }
    return last;
}

/* False: there is none, not even where records that came too early give way. */
static bool make_room(struct channel *channel) {
    struct memory *memory = channel->memory;
    if (memory->used < memory->size) return true;
    struct early *dropped = last_early(memory);
    if (dropped == NULL) return false;
    mark_dropped(dropped->record.connection);
    fv_log("memory is short: record %u of connection %u is dropped", dropped->record.place,
           dropped->record.connection);
    dropped->is_there = false;
    memory->used--;
    return true;
}

/* ---- what has arrived ------------------------------------------------------------------------ */

uint32_t receiving_room(const struct channel *channel) {
    return INBOX - channel->receiving.inbox_count;
}

uint8_t receiving_selected(const struct channel *channel) {
    const struct receiving *receiving = &channel->receiving;
    uint8_t selected = 0;
    for (uint32_t ahead = 1; ahead < WINDOW; ahead++)
        if (receiving->early[(receiving->expected + ahead) % WINDOW].is_there)
            selected |= (uint8_t)(1u << (ahead - 1));
    return selected;
}

/* Its memory is accounted for. */
static void accept(struct channel *channel, const struct record *record, uint32_t stamp) {
    struct receiving *receiving = &channel->receiving;
    uint32_t last = (receiving->inbox_first + receiving->inbox_count++) % INBOX;
    receiving->inbox[last] = *record;
    receiving->expected++;
    if (stamp > receiving->accepted_stamp) receiving->accepted_stamp = stamp;
    ledger_delivered(channel->peer_id, record);
    mark_delivered(channel);
    channel->application.arrived(channel->application.with);
}

static void accept_early(struct channel *channel) {
    struct receiving *receiving = &channel->receiving;
    for (;;) {
        struct early *early = &receiving->early[receiving->expected % WINDOW];
        if (!early->is_there || receiving_room(channel) == 0) return;
        early->is_there = false;
        accept(channel, &early->record, early->stamp);
    }
}

static void keep_early(struct channel *channel, uint32_t place, const struct packet *packet) {
    struct early *early = &channel->receiving.early[place % WINDOW];
    struct memory *memory = channel->memory;
    if (early->is_there || memory->used >= memory->size) return;
    *early = (struct early){packet->record, packet->stamp, true};
    memory->used++;
    mark_early(channel);
}

void receiving_take(struct channel *channel, const struct packet *packet) {
    struct receiving *receiving = &channel->receiving;
    /* Numbers are so few that an old one might be taken for a new one (RFC 7323, 5). */
    if (packet->stamp <= receiving->accepted_stamp) return;
    uint32_t ahead = (packet->sequence - receiving->expected) % SEQUENCES;
    if (ahead >= WINDOW || ahead >= receiving_room(channel)) return; /* had before, or too much */
    if (ahead > 0) {
        keep_early(channel, receiving->expected + ahead, packet);
    } else if (make_room(channel)) {
        channel->memory->used++;
        accept(channel, &packet->record, packet->stamp);
        accept_early(channel);
    }
}

void receiving_first(struct channel *channel, const struct record *record) {
    make_room(channel); /* if there is none, it is kept all the same: that was promised */
    channel->memory->used++;
    accept(channel, record, 0);
}

/* ---- what is taken away ---------------------------------------------------------------------- */

struct record channel_next(struct channel *channel) {
    struct receiving *receiving = &channel->receiving;
    struct record record = receiving->inbox[receiving->inbox_first];
    receiving->inbox_first = (receiving->inbox_first + 1) % INBOX;
    receiving->inbox_count--;
    channel->memory->used--;
    return record;
}

void receiving_forget(struct channel *channel) {
    struct receiving *receiving = &channel->receiving;
    for (uint32_t i = 0; i < WINDOW; i++) channel->memory->used -= receiving->early[i].is_there;
    channel->memory->used -= receiving->inbox_count;
}
