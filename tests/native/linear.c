/* Records against a checker that tries every order, on thousands of small ones; and large ones
 * within a bound of steps. */
/* links: sim/record sim/record_checks sim/linear
          sim/linear_keys sim/linear_register sim/linear_queue */
#include <string.h>

#include <fuzzverse/sim/record.h>

#include "kit.h"

enum { CLIENTS_MAX = 5, SMALL_MAX = 9, KEYS_MAX = 2, QUEUE_MAX = 2048 };
enum { ABSENT = -7 };

static uint64_t random_state;

static uint64_t below(uint64_t n) {
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % n;
}

/* ---- a service that is linearizable, and clients of it --------------------------------------- */

enum ending { OPEN, OK, FAILED, UNKNOWN };

struct act {
    enum fv_operation operation;
    enum ending ending;
    uint32_t key, begin, end;
    int64_t value, expected, result;
};

struct service {
    int64_t values[KEYS_MAX];
    int64_t queues[KEYS_MAX][QUEUE_MAX];
    uint32_t head[KEYS_MAX], tail[KEYS_MAX];
};

struct client {
    bool is_busy, is_done; /* waits for an answer; its operation took effect */
    uint32_t number;
};

struct plan {
    const enum fv_operation *operations;
    uint32_t operation_count, key_count, value_count; /* value_count 0: each written once */
    uint32_t clients, acts, unknown_percent, failed_percent;
};

struct scene {
    struct fv_record *record;
    struct act *acts;
    uint32_t count, events;
    struct service service;
    struct client clients[CLIENTS_MAX];
    int64_t written;
};

static int64_t perform(struct service *s, const struct act *act) {
    int64_t *value = &s->values[act->key];
    switch (act->operation) {
    case FV_OP_READ: return *value;
    case FV_OP_WRITE: *value = act->value; return 0;
    case FV_OP_DELETE: *value = ABSENT; return 0;
    case FV_OP_SWAP:
        if (*value != act->expected) return 0;
        *value = act->value;
        return 1;
    case FV_OP_ADD:
    case FV_OP_INCREASE: *value = (*value == ABSENT ? 0 : *value) + act->value; return *value;
    case FV_OP_INSERT: s->queues[act->key][s->tail[act->key]++] = act->value; return 0;
    case FV_OP_REMOVE:
        if (s->head[act->key] == s->tail[act->key]) return ABSENT;
        return s->queues[act->key][s->head[act->key]++];
    default: abort();
    }
}

static void invoke(struct scene *scene, const struct plan *plan, struct client *client) {
    struct act act = {.operation = plan->operations[below(plan->operation_count)],
                      .key = (uint32_t)below(plan->key_count),
                      .begin = scene->events++};
    act.value = plan->value_count > 0 ? (int64_t)below(plan->value_count) : ++scene->written;
    act.expected =
        plan->value_count > 0 ? (int64_t)below(plan->value_count) : scene->service.values[act.key];
    client->number = fv_record_invoke(scene->record, (uint32_t)(client - scene->clients),
                                      act.operation, act.key, act.value, act.expected);
    EXPECT(client->number == scene->count);
    scene->acts[scene->count++] = act;
    client->is_busy = true;
    client->is_done = false;
}

/* An operation of unknown end may take effect at any later time: here, at once or never. */
static void end(struct scene *scene, struct client *client, enum ending ending) {
    struct act *act = &scene->acts[client->number];
    act->ending = ending;
    act->end = scene->events++;
    client->is_busy = false;
    if (ending == FAILED) fv_record_failed(scene->record, client->number);
    if (ending == UNKNOWN) fv_record_unknown(scene->record, client->number);
}

static void step(struct scene *scene, const struct plan *plan) {
    struct client *client = &scene->clients[below(plan->clients)];
    if (!client->is_busy) {
        if (scene->count < plan->acts) invoke(scene, plan, client);
    } else if (!client->is_done) {
        uint64_t luck = below(100);
        if (luck < plan->failed_percent) {
            end(scene, client, FAILED);
            return;
        }
        struct act *act = &scene->acts[client->number];
        bool is_unknown = luck < plan->failed_percent + plan->unknown_percent;
        if (!is_unknown || below(2) == 0) act->result = perform(&scene->service, act);
        client->is_done = true;
        if (is_unknown) end(scene, client, UNKNOWN);
    } else
        end(scene, client, OK);
}

static bool is_over(const struct scene *scene, const struct plan *plan) {
    for (uint32_t i = 0; i < plan->clients; i++)
        if (scene->clients[i].is_busy) return false;
    return scene->count == plan->acts;
}

/* Results are told once all is over, so that a mutation may change one before: the record then gets
 * the same events again. */
static struct fv_record *recorded(const struct scene *scene) {
    struct fv_record *record = fv_record_new(ABSENT);
    for (uint32_t event = 0; event < scene->events; event++) {
        for (uint32_t i = 0; i < scene->count; i++) {
            const struct act *act = &scene->acts[i];
            if (act->begin == event)
                EXPECT(fv_record_invoke(record, 0, act->operation, act->key, act->value,
                                        act->expected) == i);
            if (act->end != event || act->ending == OPEN) continue;
            if (act->ending == OK) fv_record_ok(record, i, act->result);
            if (act->ending == FAILED) fv_record_failed(record, i);
            if (act->ending == UNKNOWN) fv_record_unknown(record, i);
        }
    }
    return record;
}

static struct scene *play(const struct plan *plan) {
    struct scene *scene = calloc(1, sizeof *scene);
    scene->acts = calloc(plan->acts, sizeof *scene->acts);
    scene->record = fv_record_new(ABSENT);
    for (uint32_t i = 0; i < KEYS_MAX; i++) scene->service.values[i] = ABSENT;
    while (!is_over(scene, plan)) {
        if (scene->count == plan->acts && below(8) == 0) break; /* the rest stays open */
        step(scene, plan);
    }
    fv_record_free(scene->record);
    return scene;
}

static void leave(struct scene *scene) {
    free(scene->acts);
    free(scene);
}

static bool has_result(const struct act *act) {
    return act->ending == OK && act->operation != FV_OP_WRITE && act->operation != FV_OP_DELETE &&
           act->operation != FV_OP_INSERT && act->operation != FV_OP_INCREASE;
}

/* ---- every order ----------------------------------------------------------------------------- */

struct trial {
    const struct scene *scene;
    uint32_t taken; /* bits by number */
};

static bool must_wait(const struct trial *t, uint32_t i) {
    for (uint32_t j = 0; j < t->scene->count; j++) {
        const struct act *other = &t->scene->acts[j];
        if ((t->taken >> j & 1) == 0 && other->ending == OK && other->end < t->scene->acts[i].begin)
            return true;
    }
    return false;
}

static bool some_order_fits(struct trial t, const struct service *service) {
    bool all = true;
    for (uint32_t i = 0; i < t.scene->count; i++)
        if ((t.taken >> i & 1) == 0 && t.scene->acts[i].ending == OK) all = false;
    if (all) return true;
    for (uint32_t i = 0; i < t.scene->count; i++) {
        const struct act *act = &t.scene->acts[i];
        if ((t.taken >> i & 1) != 0 || act->ending == FAILED || must_wait(&t, i)) continue;
        struct service after = *service;
        int64_t result = perform(&after, act);
        if (has_result(act) && act->result != result) continue;
        if (some_order_fits((struct trial){t.scene, t.taken | 1U << i}, &after)) return true;
    }
    return false;
}

static bool is_linear(const struct scene *scene) {
    static struct service service;
    for (uint32_t i = 0; i < KEYS_MAX; i++) service.values[i] = ABSENT;
    return some_order_fits((struct trial){scene, 0}, &service);
}

/* ---- small records --------------------------------------------------------------------------- */

static const enum fv_operation plain[] = {FV_OP_READ, FV_OP_READ, FV_OP_WRITE, FV_OP_DELETE};
static const enum fv_operation swaps[] = {FV_OP_READ, FV_OP_WRITE, FV_OP_SWAP, FV_OP_SWAP};
static const enum fv_operation sums[] = {FV_OP_READ, FV_OP_ADD, FV_OP_ADD};
static const enum fv_operation increases[] = {FV_OP_READ, FV_OP_INCREASE};
static const enum fv_operation mixed[] = {FV_OP_READ, FV_OP_WRITE, FV_OP_SWAP, FV_OP_ADD,
                                          FV_OP_DELETE};
static const enum fv_operation queue[] = {FV_OP_INSERT, FV_OP_REMOVE};
#define KINDS(list) .operations = list, .operation_count = sizeof list / sizeof *list

/* Changes what one operation that ended is said to have given. */
static void mutate(struct scene *scene) {
    struct act *act = &scene->acts[below(scene->count)];
    const struct act *other = &scene->acts[below(scene->count)];
    if (act->ending != OK) return;
    switch (act->operation) {
    case FV_OP_SWAP: act->result = 1 - act->result; return;
    case FV_OP_ADD: act->result += (int64_t)below(3) - 1; return;
    default: act->result = below(3) == 0 ? ABSENT : other->value; return;
    }
}

static enum fv_linear check(const struct scene *scene, bool is_queue, uint64_t steps_max) {
    struct fv_record *record = recorded(scene);
    enum fv_linear verdict = is_queue ? fv_record_check_queue(record, steps_max)
                                      : fv_record_check_linear(record, steps_max);
    fv_record_free(record);
    return verdict;
}

static void small_records_agree(struct plan plan, bool is_queue, uint32_t rounds) {
    uint32_t not_linear = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        random_state = i;
        plan.acts = 2 + (uint32_t)below(SMALL_MAX - 1);
        plan.clients = 1 + (uint32_t)below(4);
        struct scene *scene = play(&plan);
        EXPECT(check(scene, is_queue, FV_LINEAR_STEPS) == FV_LINEAR);
        for (uint32_t j = 0; j < 4; j++) {
            mutate(scene);
            bool fits = is_linear(scene);
            if (!fits) not_linear++;
            enum fv_linear verdict = check(scene, is_queue, FV_LINEAR_STEPS);
            if (verdict != (fits ? FV_LINEAR : FV_NOT_LINEAR))
                fprintf(stderr, "round %u, mutation %u\n", i, j);
            EXPECT(verdict == (fits ? FV_LINEAR : FV_NOT_LINEAR));
        }
        leave(scene);
    }
    EXPECT(not_linear > rounds / 4 && not_linear < 4 * rounds);
}

static void all_small_records_agree(void) {
    for (uint32_t unknown = 0; unknown <= 30; unknown += 15) {
        for (uint32_t keys = 1; keys <= KEYS_MAX; keys++) {
            struct plan plan = {KINDS(plain), .key_count = keys, .value_count = 3,
                                .unknown_percent = unknown, .failed_percent = 10};
            small_records_agree(plan, false, 400);
            small_records_agree((struct plan){KINDS(swaps), .key_count = keys, .value_count = 3,
                                              .unknown_percent = unknown},
                                false, 400);
            small_records_agree((struct plan){KINDS(sums), .key_count = keys, .value_count = 3,
                                              .unknown_percent = unknown},
                                false, 400);
            small_records_agree((struct plan){KINDS(mixed), .key_count = keys, .value_count = 3,
                                              .unknown_percent = unknown},
                                false, 400);
            small_records_agree((struct plan){KINDS(increases), .key_count = keys, .value_count = 3,
                                              .unknown_percent = unknown},
                                false, 400);
            small_records_agree(
                (struct plan){KINDS(queue), .key_count = keys, .unknown_percent = unknown}, true,
                400);
            small_records_agree((struct plan){KINDS(queue), .key_count = keys, .value_count = 3,
                                              .unknown_percent = unknown},
                                true, 400);
        }
    }
}

/* ---- large records --------------------------------------------------------------------------- */

enum { LARGE = 1000, LARGE_ROUNDS = 10 };

/* Far behind, where most of the record has been found to fit: a result that nothing explains. */
static void break_late(struct scene *scene) {
    uint32_t at = scene->count * 9 / 10;
    while (!has_result(&scene->acts[at])) at++;
    struct act *act = &scene->acts[at];
    if (act->operation == FV_OP_READ)
        act->result = scene->acts[at / 2].value;
    else if (act->operation == FV_OP_SWAP)
        act->result = 1 - act->result;
    else
        act->result++;
}

/* A bound of steps says the same on every machine; 1 M steps are some 10 ms. */
static void large_record(struct plan plan, bool can_break) {
    plan.clients = CLIENTS_MAX;
    plan.acts = LARGE;
    for (uint32_t i = 0; i < LARGE_ROUNDS; i++) {
        random_state = i;
        struct scene *scene = play(&plan);
        EXPECT(check(scene, false, 1000000) == FV_LINEAR);
        if (can_break) {
            break_late(scene);
            EXPECT(check(scene, false, 1000000) == FV_NOT_LINEAR);
        }
        leave(scene);
    }
}

static void large_records_are_checked(void) {
    for (uint32_t unknown = 0; unknown <= 8; unknown += 4) {
        large_record((struct plan){KINDS(plain), .key_count = 1, .unknown_percent = unknown}, true);
        large_record((struct plan){KINDS(plain), .key_count = 1, .value_count = 3,
                                   .unknown_percent = unknown},
                     false);
        large_record((struct plan){KINDS(swaps), .key_count = 1, .unknown_percent = unknown},
                     false);
        large_record((struct plan){KINDS(sums), .key_count = 1, .value_count = 2,
                                   .unknown_percent = unknown},
                     false);
    }
    large_record((struct plan){KINDS(sums), .key_count = 1}, true);
    large_record((struct plan){KINDS(increases), .key_count = 1, .value_count = 2}, false);
    large_record((struct plan){KINDS(mixed), .key_count = 2, .value_count = 3}, false);
}

static bool gave_value(const struct act *act) {
    return act->operation == FV_OP_REMOVE && act->ending == OK && act->result != ABSENT;
}

/* Two values leave in the wrong order, one wholly after the other. */
static void swap_late(struct scene *scene) {
    uint32_t at = scene->count * 8 / 10, later = scene->count - 1;
    while (!gave_value(&scene->acts[at])) at++;
    while (!gave_value(&scene->acts[later])) later--;
    EXPECT(scene->acts[at].end < scene->acts[later].begin);
    int64_t first = scene->acts[at].result;
    scene->acts[at].result = scene->acts[later].result;
    scene->acts[later].result = first;
}

static void large_queues_are_checked(void) {
    for (uint32_t i = 0; i < LARGE_ROUNDS; i++) {
        random_state = i;
        struct scene *scene = play(
            &(struct plan){KINDS(queue), .clients = CLIENTS_MAX, .acts = LARGE, .key_count = 1});
        EXPECT(check(scene, true, 1000000) == FV_LINEAR);
        swap_late(scene);
        EXPECT(check(scene, true, 1000000) == FV_NOT_LINEAR);
        leave(scene);
    }
}

/* A bound that is too small is told, never taken for a verdict. */
static void too_few_steps_leave_it_undecided(void) {
    random_state = 1;
    struct scene *scene =
        play(&(struct plan){KINDS(plain), .clients = CLIENTS_MAX, .acts = LARGE, .key_count = 1});
    EXPECT(check(scene, false, 100) == FV_LINEAR_UNDECIDED);
    break_late(scene);
    EXPECT(check(scene, false, 100) == FV_LINEAR_UNDECIDED);
    leave(scene);
}

int main(void) {
    too_few_steps_leave_it_undecided();
    all_small_records_agree();
    large_records_are_checked();
    large_queues_are_checked();
    return 0;
}
