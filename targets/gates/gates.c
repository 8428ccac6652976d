/* Eight gates in a row, each passed once in about a thousand times; a timeline tries every gate
 * once. GATES says what a gate asks for, and so what it falls to: an edit of the one draw that
 * decides, many reseedings, or a look at what the draw is compared with. */
#include <fuzzverse/fuzzverse.h>

#ifndef GATES
#define GATES ONE_DRAW
#endif

enum { ONE_DRAW, SPREAD, MAGIC, LATE };

enum {
    GATE_COUNT = 8,
    ODDS = 1000,
    FLIPS = 56, /* of which CALLS_MIN must be called rightly: once in 1086 times */
    CALLS_MIN = 40,
    STEPS = 20, /* to a late gate; where they lead does not matter */
    DIRECTIONS = 6,
    TURNS = 4, /* behind a late gate; one way of WAYS is the wrong one */
    WAYS = 4
};

static bool one_draw_decides(void) { return fv_chance(1, ODDS); }

/* Heads and tails are called in turns: one answer to all draws is right half of the time. */
static bool luck_is_spread(void) {
    int right = 0;
    for (int i = 0; i < FLIPS; i++) right += fv_chance(1, 2) == (i % 2 == 0);
    return right >= CALLS_MIN;
}

static bool number_is_known(uint32_t gate) {
    uint32_t magic = (gate + 1) * 0x9e3779b1u;
    return fv_below(UINT64_C(1) << 32) == magic;
}

static bool late_draw_decides(void) {
    for (int i = 0; i < STEPS; i++) fv_pick("step", DIRECTIONS);
    return fv_chance(1, ODDS);
}

static bool is_passed(uint32_t gate) {
    switch (GATES) {
    case SPREAD: return luck_is_spread();
    case MAGIC: return number_is_known(gate);
    case LATE: return late_draw_decides();
    default: return one_draw_decides();
    }
}

static bool way_on_is_safe(void) {
    for (int i = 0; GATES == LATE && i < TURNS; i++)
        if (fv_pick("turn", WAYS) == 0) return false;
    return true;
}

FV_TARGET(gates) {
    for (uint32_t gate = 0; gate < GATE_COUNT; gate++) {
        if (!is_passed(gate)) return;
        fv_log("gate %u is passed", gate);
        FV_SOMETIMES_EACH("a gate is passed", FV_KEYS({"gate", gate}), FV_QUALITY());
        if (!way_on_is_safe()) return;
    }
    fv_bug("all eight gates are passed");
}
