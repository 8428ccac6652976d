/* What nodes promise: life and death, memory, events, clocks, attrition. -DCASE=n for misuses. */
#include <fuzzverse/sim.h>
#include <string.h>

#ifndef CASE
#define CASE 0
#endif

enum { NODES = 3, PORT = 2 };

struct life {
    uint32_t number, ticks;
    struct fv_mutex mutex;
};

static fv_node nodes[NODES];
static struct life *lives[NODES];
static uint32_t boots, stops, after_end;

static uint32_t index_of_self(void) { return fv_node_self() - nodes[0]; }

static void tick(void *with) {
    struct life *life = with;
    FV_ALWAYS(lives[index_of_self()] == life, "a timer is of the life that started it");
    life->ticks++;
    fv_timer_start(FV_MS(1), tick, life);
}

static void rest(void *with) {
    (void)with;
    fv_sleep(FV_SECONDS(1000));
    after_end++;
}

static void want(void *with) {
    struct life *life = with;
    fv_mutex_lock(&life->mutex);
    after_end++;
}

static void stop(void *with) {
    FV_ALWAYS(lives[index_of_self()] == with, "who stops says so in its own life");
    fv_sleep(FV_MS(2));
    stops++;
}

static void boot(void *with) {
    uint32_t index = (uint32_t)(uintptr_t)with;
    FV_ALWAYS(fv_node_self() == nodes[index], "a node boots as itself");
    struct life *life = fv_node_alloc(sizeof *life);
    FV_ALWAYS(life->number == 0 && life->ticks == 0, "memory of a node begins as zeros");
    life->number = fv_node_starts(fv_node_self());
    lives[index] = life;
    boots++;
    fv_mutex_lock(&life->mutex);
    fv_spawn("rests", rest, life);
    fv_spawn("wants", want, life);
    fv_timer_start(FV_MS(1), tick, life);
    fv_node_on_stop(stop, life);
}

static void check_life(void) {
    FV_ALWAYS(!fv_node_is_up(nodes[0]) && fv_node_starts(nodes[0]) == 0, "nodes are made stopped");
    fv_node_start(nodes[0]);
    fv_node_start(nodes[0]);
    FV_ALWAYS(fv_node_is_up(nodes[0]) && fv_node_starts(nodes[0]) == 1, "a start is one start");
    fv_sleep(FV_MS(10) + FV_US(500));
    FV_ALWAYS(boots == 1 && lives[0]->ticks == 10, "a node lives");
    fv_node_crash(nodes[0]);
    FV_ALWAYS(!fv_node_is_up(nodes[0]), "a crash takes it down at once");
    fv_node_crash(nodes[0]);
    fv_sleep(FV_MS(10));
    fv_node_start(nodes[0]);
    fv_sleep(FV_MS(5) + FV_US(500));
    FV_ALWAYS(boots == 2 && lives[0]->number == 2 && lives[0]->ticks == 5, "it lives again");
    fv_node_kill(nodes[0]);
    FV_ALWAYS(fv_node_wait_down(nodes[0], 0), "who is down need not be awaited");
}

static void check_stop(void) {
    fv_node_start(nodes[1]);
    fv_sleep(FV_MS(3));
    fv_node_stop(nodes[1]);
    fv_node_stop(nodes[1]);
    FV_ALWAYS(fv_node_is_up(nodes[1]), "a stop takes its time");
    FV_ALWAYS(!fv_node_wait_down(nodes[1], FV_MS(1)), "which may be longer than one waits");
    FV_ALWAYS(fv_node_wait_down(nodes[1], FV_FOREVER) && !fv_node_is_up(nodes[1]), "it ends");
    FV_ALWAYS(stops == 1, "and was told before");
}

static uint32_t order;

static void posted(void *with) {
    FV_ALWAYS(order++ == (uint32_t)(uintptr_t)with, "events run in their order");
    if (order == 2) fv_sleep(FV_MS(5));
    if (order == 4) fv_node_kill(fv_node_self());
    FV_ALWAYS(order < 4, "who kills itself does not return");
}

static void check_posts(void) {
    fv_node_post(nodes[2], posted, NULL);
    fv_node_start(nodes[2]);
    fv_sleep(FV_MS(1));
    FV_ALWAYS(order == 0, "who is down takes no events");
    for (uintptr_t i = 0; i < 6; i++) fv_node_post(nodes[2], posted, (void *)i);
    FV_ALWAYS(fv_node_wait_down(nodes[2], FV_SECONDS(1)) && order == 4, "what follows is lost");
}

static void check_attrition(void) {
    uint32_t starts = 0, down_max = 0;
    fv_attrition(nodes[0], NODES);
    for (uint32_t i = 0; i < NODES; i++) fv_node_start(nodes[i]);
    for (uint32_t i = 0; i < 400; i++) {
        uint32_t down = 0;
        fv_sleep(FV_MS(10));
        for (uint32_t n = 0; n < NODES; n++) down += !fv_node_is_up(nodes[n]);
        if (down > down_max) down_max = down;
    }
    for (uint32_t i = 0; i < NODES; i++) starts += fv_node_starts(nodes[i]);
    FV_ALWAYS(down_max <= 1, "no more are down at once than declared");
    FV_SOMETIMES(starts > 8, "attrition strikes often");
    FV_SOMETIMES(starts <= 7, "attrition strikes never");
    fv_quiet_begin();
    fv_sleep(FV_MS(20));
    for (uint32_t i = 0; i < NODES; i++) FV_ALWAYS(fv_node_is_up(nodes[i]), "in quiet all start");
    fv_sleep(FV_SECONDS(2));
    for (uint32_t i = 0; i < NODES; i++) FV_ALWAYS(fv_node_is_up(nodes[i]), "and none is struck");
    fv_quiet_end();
    fv_node_crash(nodes[1]);
    fv_heal();
    fv_sleep(FV_SECONDS(5));
    for (uint32_t i = 0; i < NODES; i++)
        FV_ALWAYS(fv_node_is_up(nodes[i]), "who has healed stays up");
}

static uint64_t local_at, true_at;

static void boot_clock(void *with) {
    (void)with;
    local_at = fv_local_now();
    true_at = fv_now();
    fv_sleep(FV_SECONDS(100));
    uint64_t local = fv_local_now() - local_at, passed = fv_now() - true_at;
    FV_ALWAYS(local - FV_SECONDS(100) + 1 <= 2, "a node sleeps by its own clock");
    FV_ALWAYS(passed > FV_SECONDS(98) && passed < FV_SECONDS(102), "which drifts a little");
    FV_SOMETIMES(passed != local, "clocks drift");
    int64_t skew = (int64_t)(local_at - true_at);
    FV_ALWAYS(skew < (int64_t)FV_MS(51) && skew > -(int64_t)FV_MS(51), "and is a little off");
    FV_SOMETIMES(skew != 0, "clocks are off");
}

static void check_clocks(void) {
    fv_sleep(FV_SECONDS(1));
    fv_node node = fv_node_new("has a clock", boot_clock, NULL);
    fv_node_start(node);
    FV_ALWAYS(strcmp(fv_node_name(node), "has a clock") == 0, "a node has a name");
    fv_sleep(FV_SECONDS(103));
    fv_node_kill(node);
}

static void check_all(void) {
    check_clocks();
    for (uintptr_t i = 0; i < NODES; i++) nodes[i] = fv_node_new("lives", boot, (void *)i);
    FV_ALWAYS(fv_node_count() == NODES + 1, "nodes are counted");
    check_life();
    check_stop();
    check_posts();
    check_attrition();
    FV_ALWAYS(after_end == 0, "tasks of who is down never run");
}

FV_TARGET(nodes) {
    const struct fv_model model = {.node = {.crashes = 1000000,
                                            .kills = 1000000,
                                            .stops = 1000000,
                                            .down_min_ns = FV_MS(5),
                                            .down_max_ns = FV_MS(15),
                                            .down_at_once_max = 1,
                                            .skew_max_ns = FV_MS(50),
                                            .drift_ppm_max = 10000}};
    fv_sim_open(&model);
    switch (CASE) {
    case 1: fv_node_alloc(8); break;
    case 2: fv_node_start(3); break;
    case 3: fv_sim_open(&model); break;
    case 4: fv_quiet_end(); break;
    case 5: fv_attrition(0, 1); break;
    case 6: fv_send(0, PORT, "", 0); break;
    default: check_all();
    }
}
