/* What the network promises: messages arrive once, or as the model says; cuts and how they end.
 * -DFAULTS: with losses, doubles, delays and partitions. */
#include <fuzzverse/sim.h>
#include <string.h>

#ifdef FAULTS
enum { HAS_FAULTS = true };
#else
enum { HAS_FAULTS = false };
#endif

enum { NODES = 3, PORT = 3, ASKED = 4, MESSAGES = 40 };

struct message {
    uint32_t number;
    uint64_t sent_at;
    char words[50];
};

static fv_node nodes[NODES];
static uint32_t arrivals[MESSAGES], late, out_of_order, newest;

static void arrive(void *with, fv_node from, const void *bytes, size_t size) {
    struct message message;
    FV_ALWAYS(with == &arrivals && from == nodes[0], "a message knows where it comes from");
    FV_ALWAYS(size == sizeof message, "it arrives whole");
    memcpy(&message, bytes, size);
    FV_ALWAYS(strcmp(message.words, "words") == 0, "and unchanged");
    uint64_t took = fv_now() - message.sent_at;
    FV_ALWAYS(took >= FV_MS(1) && took <= FV_MS(HAS_FAULTS ? 20 : 2), "within the latency");
    late += took > FV_MS(2);
    out_of_order += message.number < newest;
    if (message.number > newest) newest = message.number;
    arrivals[message.number]++;
}

static void boot_receiver(void *with) {
    (void)with;
    fv_on_message(PORT, arrive, &arrivals);
}

static void send_all(void *with) {
    (void)with;
    for (uint32_t i = 0; i < MESSAGES; i++) {
        struct message message = {i, fv_now(), "words"};
        fv_send(nodes[1], PORT, &message, sizeof message);
        memset(&message, 0, sizeof message);
        if (i % 4 == 0) fv_sleep(FV_MS(1));
    }
}

static void check_messages(void) {
    uint32_t lost = 0, doubled = 0;
    fv_node_post(nodes[0], send_all, NULL);
    fv_sleep(FV_SECONDS(2));
    for (uint32_t i = 0; i < MESSAGES; i++) {
        lost += arrivals[i] == 0;
        doubled += arrivals[i] > 1;
        FV_ALWAYS(HAS_FAULTS || arrivals[i] == 1, "without faults a message arrives once");
        FV_ALWAYS(arrivals[i] <= 2, "and never more often than twice");
    }
    FV_ALWAYS(HAS_FAULTS || late == 0, "none is late");
    FV_SOMETIMES(out_of_order > 0, "messages overtake each other");
    FV_SOMETIMES(lost == 0 && doubled == 0 && late == 0, "a root may have no faults");
    if (!HAS_FAULTS) return;
    FV_SOMETIMES(lost > 0 && doubled == 0 && late == 0, "messages are lost");
    FV_SOMETIMES(lost == 0 && doubled > 0 && late == 0, "messages are doubled");
    FV_SOMETIMES(lost == 0 && doubled == 0 && late > 0, "messages are late");
}

/* ---- receiving in a task --------------------------------------------------------------------- */

static void echo(void *with) {
    (void)with;
    fv_task_is_server();
    for (;;) {
        fv_node from;
        char text[8];
        int64_t size = fv_receive(ASKED, &from, text, sizeof text, FV_FOREVER);
        FV_ALWAYS(size == 8 && memcmp(text, "question", 8) == 0, "what is too long is cut");
        fv_send(from, ASKED, "answer", 6);
    }
}

static void boot_echo(void *with) {
    (void)with;
    fv_spawn("echo", echo, NULL);
}

static uint32_t answers;

static void ask(void *with) {
    (void)with;
    char text[16];
    uint64_t before = fv_local_now();
    FV_ALWAYS(fv_receive(ASKED, NULL, text, sizeof text, FV_MS(7)) == -1, "nothing has come");
    FV_ALWAYS(fv_local_now() - before == FV_MS(7), "for as long as one waits");
    for (int i = 0; i < 3; i++) fv_send(nodes[2], ASKED, "questions", 9);
    fv_sleep(FV_MS(10));
    for (int i = 0; i < 3; i++) {
        fv_node from;
        FV_ALWAYS(fv_receive(ASKED, &from, text, sizeof text, FV_MS(1)) == 6, "answers wait");
        FV_ALWAYS(from == nodes[2] && memcmp(text, "answer", 6) == 0, "and are whole");
        answers++;
    }
    fv_send(fv_node_self(), ASKED, NULL, 0);
    FV_ALWAYS(fv_receive(ASKED, NULL, text, sizeof text, FV_US(1)) == 0, "to oneself at once");
    fv_send(nodes[2], ASKED + 1, "nobody listens", 14);
}

static void check_receiving(void) {
    fv_quiet_begin();
    fv_net_heal_all();
    fv_node_post(nodes[0], ask, NULL);
    fv_sleep(FV_MS(100));
    FV_ALWAYS(answers == 3, "all answers have come");
    fv_quiet_end();
}

/* ---- cuts ------------------------------------------------------------------------------------ */

static uint32_t heard[NODES];

static void hear(void *with, fv_node from, const void *bytes, size_t size) {
    (void)with, (void)bytes, (void)size;
    heard[fv_node_self()] |= 1U << from;
}

static void boot_hearer(void *with) {
    (void)with;
    fv_on_message(PORT + 2, hear, NULL);
}

static void call_all(void *with) {
    (void)with;
    for (uint32_t i = 0; i < NODES; i++) fv_send(nodes[i], PORT + 2, "x", 1);
}

static void hear_all(void) {
    memset(heard, 0, sizeof heard);
    for (uint32_t i = 0; i < NODES; i++) fv_node_post(nodes[i], boot_hearer, NULL);
    for (uint32_t i = 0; i < NODES; i++) fv_node_post(nodes[i], call_all, NULL);
    fv_sleep(FV_MS(50));
}

static void check_cuts(void) {
    fv_quiet_begin();
    fv_net_heal_all();
    fv_net_cut(nodes[0], nodes[1]);
    hear_all();
    FV_ALWAYS(heard[0] == 7 && heard[1] == 6 && heard[2] == 7, "a cut is one way");
    FV_ALWAYS(fv_net_is_cut(nodes[0], nodes[1]) && !fv_net_is_cut(nodes[1], nodes[0]), "as told");
    fv_net_heal(nodes[0], nodes[1]);
    hear_all();
    FV_ALWAYS(heard[0] == 7 && heard[1] == 7 && heard[2] == 7, "links heal");
    fv_quiet_end();
}

/* Messages outlive the life of who sent them, and meet the next life of whom they are for. */
static void check_lives(void) {
    fv_quiet_begin();
    fv_net_heal_all();
    memset(arrivals, 0, sizeof arrivals);
    fv_node_post(nodes[0], send_all, NULL);
    fv_sleep(FV_US(500));
    fv_node_kill(nodes[0]);
    fv_node_kill(nodes[1]);
    fv_node_start(nodes[1]);
    fv_sleep(FV_MS(50));
    FV_ALWAYS(arrivals[0] == 1 && arrivals[MESSAGES - 1] == 0, "what is under way arrives");
    fv_node_start(nodes[0]);
    fv_node_crash(nodes[1]);
    fv_node_post(nodes[0], send_all, NULL);
    fv_sleep(FV_MS(50));
    FV_ALWAYS(arrivals[0] == 1 && arrivals[MESSAGES - 1] == 0, "who is down hears nothing");
    fv_node_start(nodes[1]);
    fv_quiet_end();
}

static bool any_cut(void) {
    for (uint32_t from = 0; from < NODES; from++)
        for (uint32_t to = 0; to < NODES; to++)
            if (fv_net_is_cut(nodes[from], nodes[to])) return true;
    return false;
}

static void check_partitions(void) {
    uint32_t cut = 0, one_way = 0;
    for (uint32_t i = 0; i < 500; i++) {
        fv_sleep(FV_MS(10));
        cut += any_cut();
        one_way += fv_net_is_cut(nodes[0], nodes[1]) != fv_net_is_cut(nodes[1], nodes[0]);
    }
    FV_ALWAYS(HAS_FAULTS || cut == 0, "nothing is cut that is not declared");
    FV_SOMETIMES(!HAS_FAULTS || (cut > 0 && cut < 400), "the network parts and heals");
    FV_SOMETIMES(!HAS_FAULTS || one_way > 0, "one direction alone is cut");
    fv_heal();
    FV_ALWAYS(!any_cut(), "heals at once");
    fv_sleep(FV_SECONDS(10));
    FV_ALWAYS(!any_cut(), "and for good");
}

FV_TARGET(net) {
    struct fv_model model = {.net = {.latency_min_ns = FV_MS(1), .latency_max_ns = FV_MS(2)}};
    if (HAS_FAULTS) {
        model.net.loss = model.net.duplication = model.net.reordering = 100000;
        model.net.partitions = model.net.one_way_cuts = 500000;
        model.net.heal_max_ns = FV_SECONDS(2);
    }
    fv_sim_open(&model);
    nodes[0] = fv_node_new("sends", boot_hearer, NULL);
    nodes[1] = fv_node_new("receives", boot_receiver, NULL);
    nodes[2] = fv_node_new("echoes", boot_echo, NULL);
    for (uint32_t i = 0; i < NODES; i++) fv_node_start(nodes[i]);
    check_messages();
    check_lives();
    check_receiving();
    check_cuts();
    check_partitions();
}
