#include "simbench.h"

#if defined BENCH_SWITCHES || defined BENCH_WALK

enum { TASKS = 8 };

static void yield_often(void *with) {
    (void)with;
    for (uint32_t i = 0; i < OPERATIONS / TASKS; i++) fv_yield();
}

FV_TARGET(simbench) {
#ifdef BENCH_WALK
    fv_schedule_use(FV_SCHEDULE_RANDOM_WALK);
#else
    fv_schedule_use(FV_SCHEDULE_ROUND_ROBIN);
#endif
    fv_task tasks[TASKS];
    for (uint32_t i = 0; i < TASKS; i++) tasks[i] = fv_spawn("yields", yield_often, NULL);
    for (uint32_t i = 0; i < TASKS; i++) fv_join(tasks[i]);
    FV_ALWAYS(fv_now() == 0, "yielding takes no time");
}

#elif defined BENCH_MESSAGES

enum { PORT = 1, MESSAGE_BYTES = 64 };

static uint32_t handled;

/* Sends every message back to where it came from, until there have been enough. */
static void answer(void *with, fv_node from, const void *bytes, size_t size) {
    (void)with;
    if (++handled < OPERATIONS) fv_send(from, PORT, bytes, size);
}

static void boot(void *with) {
    const fv_node *peer = with;
    fv_on_message(PORT, answer, NULL);
    if (peer == NULL) return;
    static const uint8_t message[MESSAGE_BYTES] = {1};
    fv_send(*peer, PORT, message, sizeof message);
}

FV_TARGET(simbench) {
    const struct fv_model model = {
        .net = {.latency_min_ns = FV_MS(1), .latency_max_ns = FV_MS(10)}};
    fv_sim_open(&model);
    static fv_node answering;
    answering = fv_node_new("answers", boot, NULL);
    fv_node asking = fv_node_new("asks", boot, &answering);
    fv_node_start(answering);
    fv_node_start(asking);
    while (handled < OPERATIONS) fv_sleep(FV_SECONDS(1));
    FV_ALWAYS(handled == OPERATIONS, "every message is handled once");
}

#elif defined BENCH_LINEAR || defined BENCH_REFUTED

enum { CLIENTS = 5, RECORDED = 1000, UNKNOWN_PERCENT = 2 };

struct client {
    uint32_t number;
    bool is_busy, is_done;
    enum fv_operation operation;
    int64_t value, result;
};

static int64_t stored, old;

static void perform(struct client *client) {
    client->result = stored;
    if (client->operation == FV_OP_WRITE) stored = client->value;
    client->is_done = true;
}

static void begin(struct fv_record *record, struct client *client, int64_t value) {
    client->operation = fv_chance(1, 2) ? FV_OP_WRITE : FV_OP_READ;
    client->value = value;
    client->number = fv_record_invoke(record, (uint32_t)value, client->operation, 1, value, 0);
    client->is_busy = true;
    client->is_done = false;
}

static void finish(struct fv_record *record, struct client *client) {
    client->is_busy = false;
    if (fv_chance(UNKNOWN_PERCENT, 100))
        fv_record_unknown(record, client->number);
    else
        fv_record_ok(record, client->number, client->result);
}

/* Late in the record a read shows again what was overwritten long ago. */
static void look_back(struct fv_record *record, struct client *client) {
    uint32_t count = fv_record_count(record);
    if (count <= RECORDED / 2) old = stored;
    if (count < RECORDED * 9 / 10 || client->operation != FV_OP_READ || old == 0) return;
    client->result = old;
    old = 0;
}

/* Five clients of one register, each operation under way for a while. */
static struct fv_record *recorded(bool looks_back) {
    struct fv_record *record = fv_record_new(0);
    struct client clients[CLIENTS] = {0};
    while (fv_record_count(record) < RECORDED) {
        struct client *client = &clients[fv_below(CLIENTS)];
        if (!client->is_busy)
            begin(record, client, (int64_t)fv_record_count(record) + 1);
        else if (!client->is_done) {
            perform(client);
            if (looks_back) look_back(record, client);
        } else
            finish(record, client);
    }
    return record;
}

FV_TARGET(simbench) {
#ifdef BENCH_REFUTED
    struct fv_record *record = recorded(true);
    uint32_t refuted = 0;
    for (uint32_t i = 0; i < OPERATIONS; i++)
        refuted += fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_NOT_LINEAR;
    FV_SOMETIMES(refuted == OPERATIONS, "what is overwritten does not come back");
#else
    struct fv_record *record = recorded(false);
    for (uint32_t i = 0; i < OPERATIONS; i++)
        FV_ALWAYS(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_LINEAR,
                  "one register, one order");
#endif
}

#else

/* Two tasks, an index each. */
static void use_index(void *with) {
    (void)with;
#if defined BENCH_PREEMPTED
    preempted_index(OPERATIONS / 2, false);
#elif defined BENCH_SHARED
    preempted_index(OPERATIONS / 2, true);
#else
    plain_index(OPERATIONS / 2, false);
#endif
}

FV_TARGET(simbench) {
    fv_task other = fv_spawn("other", use_index, NULL);
    use_index(NULL);
    fv_join(other);
#ifdef BENCH_SHARED
    FV_ALWAYS(fv_shared_accesses() > OPERATIONS, "what is shared is seen");
#else
    FV_ALWAYS(fv_shared_accesses() == 0, "nothing is shared");
#endif
}

#endif
