#include "ledger.h"

enum { ENDS_MAX = 4096, PLACES_KEPT = 16 };
#define LATE_NS FV_MS(10)         /* there and back, and some time to think */
#define PACKET_LIVES_NS FV_MS(50) /* how long a packet may be under way */

struct end {
    fv_node sender, receiver;
    uint32_t delivered, unacknowledged, selected, limit;
    uint32_t delivered_in; /* a life of the receiver */
    uint32_t ended_in;     /* the same; 0: it goes on */
    uint64_t delivered_at[PLACES_KEPT];
    uint32_t openings_sent, openings_arrived;
    uint64_t opening_sent_at;
};

static struct end ends[ENDS_MAX];
static uint32_t end_count = 1;
static uint32_t newest[FV_NODES_MAX][FV_NODES_MAX]; /* delivered, by receiver and sender */

uint32_t ledger_begins(fv_node sender, fv_node receiver) {
    FV_ALWAYS(end_count < ENDS_MAX, "connections end sometime");
    ends[end_count] = (struct end){.sender = sender, .receiver = receiver, .limit = INBOX};
    return end_count++;
}

void ledger_ends(uint32_t id) { ends[id].ended_in = fv_node_starts(fv_node_self()); }

/* ---- what must hold -------------------------------------------------------------------------- */

void ledger_room(uint32_t id, uint32_t limit) {
    if (limit > ends[id].limit) ends[id].limit = limit;
}

void ledger_sends(uint32_t id, uint32_t place) {
    FV_ALWAYS(place < ends[id].limit, "nothing is sent that there is no room for");
}

void ledger_delivered(uint32_t id, const struct record *record) {
    struct end *end = &ends[id];
    uint32_t *last = &newest[end->receiver][end->sender];
    uint32_t life = fv_node_starts(end->receiver);
    FV_ALWAYS(record->connection == id, "a record is delivered by its own connection");
    FV_ALWAYS(id >= *last && end->ended_in != life, "nothing of an old connection is delivered");
    if (end->delivered_in != life) end->delivered = 0; /* who forgets all may hear it again */
    FV_ALWAYS(record->place == end->delivered, "records are delivered once and in order");
    *last = id;
    end->delivered_in = life;
    end->delivered_at[end->delivered++ % PLACES_KEPT] = fv_now();
}

void ledger_acknowledged(uint32_t id, uint32_t place, uint32_t selected) {
    /* The first record is kept, as promised, until the client is known to be there. */
    FV_ALWAYS(place <= 1 || place <= ends[id].delivered, "what is acknowledged was delivered");
    ends[id].unacknowledged = place;
    ends[id].selected = selected;
}

/* ---- what marks ask -------------------------------------------------------------------------- */

void ledger_opening_sent(uint32_t id) {
    ends[id].openings_sent++;
    ends[id].opening_sent_at = fv_now();
}

void ledger_opening_arrived(uint32_t id) { ends[id].openings_arrived++; }

uint32_t ledger_old_openings(uint32_t id) {
    uint32_t count = 0;
    for (uint32_t i = 1; i < id; i++) {
        const struct end *old = &ends[i];
        if (old->sender != ends[id].sender || old->opening_sent_at + PACKET_LIVES_NS < fv_now())
            continue;
        if (old->openings_sent > old->openings_arrived)
            count += old->openings_sent - old->openings_arrived;
    }
    return count;
}

uint32_t ledger_overdue(uint32_t id) {
    const struct end *end = &ends[id];
    uint32_t count = 0;
    for (uint32_t place = end->unacknowledged; place < end->delivered; place++)
        count += end->delivered_at[place % PLACES_KEPT] + LATE_NS < fv_now();
    return count;
}

uint32_t ledger_unheard(uint32_t id) {
    const struct end *end = &ends[id];
    return end->delivered > end->unacknowledged ? end->delivered - end->unacknowledged : 0;
}

uint32_t ledger_selected(uint32_t id) { return ends[id].selected; }
