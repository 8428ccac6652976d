#include "world.h"

static struct {
    fv_node first;
    uint32_t count;
    bool is_on;
} attrition;

static bool is_covered(fv_node node) {
    return attrition.is_on && node - attrition.first < attrition.count;
}

/* ---- whom it strikes ------------------------------------------------------------------------- */

static uint32_t up_count(void) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < attrition.count; i++) count += fv_node_stays_up(attrition.first + i);
    return count;
}

static bool may_strike(uint32_t up) {
    uint32_t down_max = fv_faults.model.node.down_at_once_max;
    if (down_max == 0) down_max = attrition.count - 1;
    return up > 0 && attrition.count - up < down_max;
}

/* One that is up, or FV_WORLD. */
static fv_node drawn_node(void) {
    uint32_t up = up_count();
    if (!may_strike(up)) return FV_WORLD;
    uint64_t skip = up > 1 ? fv_below(up) : 0;
    fv_node node = attrition.first;
    while (!fv_node_stays_up(node) || skip-- > 0) node++;
    return node;
}

static void crash(void) {
    fv_node node = drawn_node();
    if (node != FV_WORLD) fv_node_crash(node);
}

static void kill(void) {
    fv_node node = drawn_node();
    if (node != FV_WORLD) fv_node_kill(node);
}

static void stop(void) {
    fv_node node = drawn_node();
    if (node != FV_WORLD) fv_node_stop(node);
}

/* ---- starting again -------------------------------------------------------------------------- */

static void start_again(void *with) { fv_node_start((fv_node)(uintptr_t)with); }

void fv_attrition_node_down(fv_node node) {
    const struct fv_node_model *model = &fv_faults.model.node;
    if (!is_covered(node) || model->down_min_ns == FV_FOREVER) return;
    uint64_t down_ns = fv_drawn_ns(model->down_min_ns, model->down_max_ns);
    fv_clock_post(FV_WORLD, down_ns, start_again, (void *)(uintptr_t)node);
}

void fv_attrition(fv_node first, uint32_t count) {
    if (attrition.is_on) fv_bug("misuse of the kit: fv_attrition() was called before");
    if (count == 0) fv_bug("misuse of the kit: fv_attrition() of no node");
    for (uint32_t i = 0; i < count; i++) fv_node_check(first + i, "fv_attrition");
    attrition.first = first;
    attrition.count = count;
    attrition.is_on = true;
    fv_fault_every_second(FV_FAULT_CRASH, crash);
    fv_fault_every_second(FV_FAULT_KILL, kill);
    fv_fault_every_second(FV_FAULT_STOP, stop);
}
