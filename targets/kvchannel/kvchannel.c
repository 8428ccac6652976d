/* Clients and a server over a channel of their own, on a network that loses, doubles and delays
 * messages, while all of them may end at any time. */
#include "service.h"

#define TROUBLE_NS FV_MS(400)
#define CALM_NS FV_SECONDS(5) /* within which all that was asked is answered */

static const struct fv_model model = {
    .net = {.latency_min_ns = FV_MS(1),
            .latency_max_ns = FV_MS(4),
            .loss = 10000,
            .duplication = 2000,
            .reordering = 1000,
            .partitions = 1000,
            .heal_max_ns = FV_MS(200)},
    .node = {.crashes = 500000, .kills = 500000, .down_min_ns = FV_MS(1), .down_max_ns = FV_MS(30)},
};

FV_TARGET(kvchannel) {
    static struct client clients[CLIENTS];
    fv_sim_open(&model);
    fv_node_new("server", server_boot, NULL);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){i, fv_node_new("client", client_boot, &clients[i])};
    }
    for (fv_node node = 0; node < fv_node_count(); node++) fv_node_start(node);
    fv_attrition(0, fv_node_count());
    bool is_done = requests_await_all(TROUBLE_NS);
    fv_heal();
    FV_ALWAYS(is_done || requests_await_all(CALM_NS), "what was asked is answered in the end");
    requests_check();
}
