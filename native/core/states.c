/* What a campaign found and how much it spent where, for reports: its states, what only edges speak
 * for, and the edges themselves. */
#include <string.h>

#include "../common/known.h"
#include "campaign.h"
#include "detail.h"

static void add_place(struct fv_state_report *to, const struct fv_archive *a, uint32_t place) {
    if (place == FV_NOTHING) return;
    to->tries += a->places[place].tries;
    to->hits += a->places[place].hits;
}

static void report_state(const struct fv_campaign *c, uint32_t number, struct fv_state_report *to) {
    const struct fv_header *h = c->header;
    const struct fv_archive *a = &c->frontier->archive;
    const struct fv_state *state = fv_known_state(h, number);
    const struct fv_version *latest = fv_known_latest(h, state);
    const struct fv_mark *mark = &fv_layout_marks(h, c->known)[state->mark];
    *to = (struct fv_state_report){.mark = state->mark, .draws = latest ? latest->draws : 0};
    to->is_open = a->place_of_state[number] != FV_NOTHING;
    add_place(to, a, a->place_of_state[number]);
    add_place(to, a, a->second_of_state[number]);
    if (latest == NULL) return;
    int n = fv_detail_print(mark, state->keys, state->key_count, latest->qualities, to->keys,
                            sizeof to->keys - 1);
    to->keys[n < (int)sizeof to->keys ? n : (int)sizeof to->keys - 1] = '\0';
}

uint32_t fv_campaign_get_states(const fv_campaign *c, uint32_t first, struct fv_state_report *to,
                                uint32_t max) {
    if (c->frontier == NULL) return 0;
    uint32_t count = fv_layout_known(c->header)->state_count, n = 0;
    for (; n < max && n < count && first < count - n; n++) report_state(c, first + n, &to[n]);
    return n;
}

void fv_campaign_get_entries(const fv_campaign *c, struct fv_state_report *to) {
    *to = (struct fv_state_report){.mark = FV_NOTHING};
    if (c->frontier == NULL) return;
    const struct fv_archive *a = &c->frontier->archive;
    for (uint32_t i = 0; i < a->place_count; i++) {
        if (a->places[i].state != FV_NOTHING) continue;
        add_place(to, a, i);
        to->draws++;
    }
}

uint32_t fv_campaign_get_edges(const fv_campaign *c, uint8_t *to, uint32_t max) {
    const struct fv_header *h = c->header;
    uint32_t n = h->edge_count < max ? h->edge_count : max;
    memcpy(to, fv_layout_explored(h, c->known) + h->map_edges, n);
    return n;
}
