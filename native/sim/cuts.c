#include "world.h"

#include <stdlib.h>

/* A link is cut until a moment of true time. By sender and receiver; a row is there once a link
 * of that sender has been cut. */
static uint64_t *cut_until[FV_NODES_MAX];

static void cut(fv_node from, fv_node to, uint64_t until) {
    if (from == to) return;
    if (cut_until[from] == NULL) {
        cut_until[from] = calloc(FV_NODES_MAX, sizeof(uint64_t));
        if (cut_until[from] == NULL) fv_bug("the simulation kit finds no memory for a cut");
    }
    if (cut_until[from][to] < until) cut_until[from][to] = until;
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void check_link(fv_node from, fv_node to, const char *call) {
    fv_node_check(from, call);
    fv_node_check(to, call);
}

void fv_net_cut(fv_node from, fv_node to) {
    check_link(from, to, "fv_net_cut");
    fv_log("the link from " FV_NODE_WORDS " to " FV_NODE_WORDS " is cut", FV_NODE_ARGUMENTS(from),
           FV_NODE_ARGUMENTS(to));
    cut(from, to, FV_FOREVER);
}

void fv_net_heal(fv_node from, fv_node to) {
    check_link(from, to, "fv_net_heal");
    if (fv_net_is_cut(from, to))
        fv_log("the link from " FV_NODE_WORDS " to " FV_NODE_WORDS " heals",
               FV_NODE_ARGUMENTS(from), FV_NODE_ARGUMENTS(to));
    if (cut_until[from] != NULL) cut_until[from][to] = 0;
}

void fv_net_heal_all(void) {
    for (fv_node from = 0; from < fv_node_count(); from++)
        for (fv_node to = 0; cut_until[from] != NULL && to < fv_node_count(); to++)
            fv_net_heal(from, to);
}

bool fv_net_is_cut(fv_node from, fv_node to) {
    check_link(from, to, "fv_net_is_cut");
    return cut_until[from] != NULL && fv_now() < cut_until[from][to];
}

/* ---- by themselves --------------------------------------------------------------------------- */

static uint64_t drawn_end(void) {
    uint64_t heal_max_ns = fv_faults.model.net.heal_max_ns;
    return heal_max_ns == 0 ? FV_FOREVER : fv_now() + fv_drawn_ns(1, heal_max_ns);
}

/* Some nodes, not all, are cut off from the others. */
static void part(void) {
    uint32_t count = fv_node_count();
    if (count < 2) return;
    uint64_t group = 1 + fv_below(((UINT64_C(1) << (count - 1)) << 1) - 2), until = drawn_end();
    fv_log("the network parts for %lu us", (unsigned long)((until - fv_now()) / FV_US(1)));
    for (fv_node a = 0; a < count; a++)
        for (fv_node b = 0; b < count; b++) {
            if ((group >> a & 1) == (group >> b & 1)) continue;
            if (group >> a & 1)
                fv_log("  " FV_NODE_WORDS " does not reach " FV_NODE_WORDS, FV_NODE_ARGUMENTS(a),
                       FV_NODE_ARGUMENTS(b));
            cut(a, b, until);
        }
}

static void cut_one_way(void) {
    uint32_t count = fv_node_count();
    if (count < 2) return;
    fv_node from = (fv_node)fv_below(count), to = (fv_node)fv_below(count - 1);
    if (to >= from) to++;
    uint64_t until = drawn_end();
    fv_log("the link from " FV_NODE_WORDS " to " FV_NODE_WORDS " is cut for %lu us",
           FV_NODE_ARGUMENTS(from), FV_NODE_ARGUMENTS(to),
           (unsigned long)((until - fv_now()) / FV_US(1)));
    cut(from, to, until);
}

void fv_net_open(void) {
    fv_fault_every_second(FV_FAULT_PARTITION, part);
    fv_fault_every_second(FV_FAULT_ONE_WAY, cut_one_way);
}
