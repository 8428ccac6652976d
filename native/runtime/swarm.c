#include "swarm.h"

#include <stddef.h>

#include "../common/mix.h"

#define FV_SWARM_SALT UINT64_C(0x737761726d207365)

enum {
    FV_SWARM_ROOTS_OF = 4,    /* one root in so many swarms */
    FV_SWARM_LABELS_OF = 2,   /* one label in so many is restricted there */
    FV_BUGGIFY_ENABLED_OF = 4 /* one fault site in so many is enabled in a root */
};

bool fv_swarm_is_on(const struct fv_slot *s) {
    return !s->recipe.has_tape && fv_mix(s->recipe.root ^ FV_SWARM_SALT) % FV_SWARM_ROOTS_OF == 0;
}

bool fv_swarm_fault_is_on(const struct fv_slot *s, const struct fv_site *site) {
    uint64_t place = fv_mix_text(0, site->file) ^ site->line;
    return fv_mix(s->recipe.root ^ place) % FV_BUGGIFY_ENABLED_OF == 0;
}

/* 0 when the label is not restricted. */
static uint64_t key_of(const struct fv_slot *s, const char *label) {
    uint64_t hash = fv_mix(s->recipe.root ^ fv_mix(fv_mix_text(0, label) ^ FV_SWARM_SALT));
    return hash % FV_SWARM_LABELS_OF == 0 ? fv_mix(hash + FV_GOLDEN) : 0;
}

static bool is_lucky(uint64_t key, uint32_t option) { return fv_mix_draw(key, option) >> 63 == 0; }

struct fv_swarm fv_swarm_of(const struct fv_slot *s, const char *label, uint32_t n) {
    struct fv_swarm swarm = {.option_count = n, .allowed_count = n};
    if (FV_LIKELY(!fv_swarm_is_on(s)) || n < 2 || n > FV_SWARM_OPTIONS_MAX || label == NULL)
        return swarm;
    swarm.key = key_of(s, label);
    if (swarm.key == 0) return swarm;
    swarm.allowed_count = 0;
    for (uint32_t i = 0; i < n; i++) swarm.allowed_count += is_lucky(swarm.key, i);
    swarm.kept = n;
    if (swarm.allowed_count == 0) {
        swarm.allowed_count = 1;
        swarm.kept = (uint32_t)(swarm.key % n);
    }
    return swarm;
}

bool fv_swarm_allows(const struct fv_swarm *swarm, uint32_t option) {
    return swarm->key == 0 || option == swarm->kept || is_lucky(swarm->key, option);
}

uint32_t fv_swarm_option(const struct fv_swarm *swarm, uint32_t i) {
    FV_CHECK(i < swarm->allowed_count);
    if (swarm->key == 0) return i;
    uint32_t option = 0;
    while (!fv_swarm_allows(swarm, option) || i-- > 0) option++;
    return option;
}
