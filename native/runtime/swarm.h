/* Swarm: a root seed has its own subset of what a target may do, because what is left out makes
 * room for the rest (Groce et al., "Swarm testing", 2012). Pure functions of the root. */
#ifndef FV_RUNTIME_SWARM_H
#define FV_RUNTIME_SWARM_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/layout.h"
#include "../common/public.h"

enum { FV_SWARM_OPTIONS_MAX = 1024 }; /* a choice of more is never restricted */

/* What a root leaves of the options of one label. */
struct fv_swarm {
    uint64_t key; /* 0: all */
    uint32_t option_count;
    uint32_t allowed_count;
    uint32_t kept; /* the one that stays when chance leaves none */
};

/* One root seed in four swarms; a tape says itself what happens. */
bool fv_swarm_is_on(const struct fv_slot *slot);
/* Whether a fault site may strike: one in four in each root. */
bool fv_swarm_fault_is_on(const struct fv_slot *slot, const struct fv_site *site);

/* Where a root swarms, half of the labels are restricted to half of their options, on average. */
struct fv_swarm fv_swarm_of(const struct fv_slot *slot, const char *label, uint32_t n);
bool fv_swarm_allows(const struct fv_swarm *swarm, uint32_t option);
/* The allowed option number `i` of `allowed_count`. */
uint32_t fv_swarm_option(const struct fv_swarm *swarm, uint32_t i);

#endif
