/* Records against a checker that tries every order, on thousands of small ones; and large ones
 * within a bound of steps. */
/* links: sim/record sim/record_checks sim/linear
          sim/linear_keys sim/linear_register sim/linear_queue */
#include <stdarg.h>
#include <string.h>

#include <fuzzverse/sim/record.h>

#include "expect.h"

enum { CLIENTS_MAX = 5, SMALL_MAX = 9, KEYS_MAX = 2, QUEUE_MAX = 2048, LOG_MAX = 1 << 16 };
enum { ABSENT = -7 };

/* ---- what the kit calls ---------------------------------------------------------------------- */

static char logged[LOG_MAX];

void fv_bug(const char *format, ...) {
    fprintf(stderr, "%s\n", format);
    abort();
}

void fv_log(const char *format, ...) {
    size_t length = strlen(logged);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(logged + length, sizeof logged - length, format, arguments);
    va_end(arguments);
    strncat(logged, "\n", sizeof logged - strlen(logged) - 1);
}

void fv_sites_register(struct fv_site **start, struct fv_site **stop) { EXPECT(start == stop); }

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
    case FV_OP_ADD: *value = (*value == ABSENT ? 0 : *value) + act->value; return *value;
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
        if (act->ending == OK && act->operation != FV_OP_WRITE && act->operation != FV_OP_DELETE &&
            act->operation != FV_OP_INSERT && act->result != result)
            continue;
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

static bool has_result(const struct act *act) {
    return act->ending == OK && act->operation != FV_OP_WRITE && act->operation != FV_OP_DELETE &&
           act->operation != FV_OP_INSERT;
}

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
    large_record((struct plan){KINDS(mixed), .key_count = 2, .value_count = 3}, false);
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

static void too_many_at_once_leave_it_undecided(void) {
    struct fv_record *record = fv_record_new(0);
    for (uint32_t i = 0; i <= FV_LINEAR_OVERLAP_MAX; i++)
        fv_record_invoke(record, i, FV_OP_WRITE, 1, i, 0);
    for (uint32_t i = 0; i < FV_LINEAR_OVERLAP_MAX; i++) fv_record_ok(record, i, 0);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_LINEAR);
    fv_record_ok(record, FV_LINEAR_OVERLAP_MAX, 0);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_LINEAR_UNDECIDED);
    fv_record_free(record);
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void done(struct fv_record *record, enum fv_operation operation, int64_t value,
                 int64_t result) {
    fv_record_ok(record, fv_record_invoke(record, 1, operation, 5, value, 0), result);
}

static void what_does_not_fit_is_logged(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    EXPECT(fv_record_check_linear(record, 1) == FV_LINEAR);
    done(record, FV_OP_WRITE, 1, 0);
    done(record, FV_OP_READ, 0, 1);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_LINEAR);
    done(record, FV_OP_READ, 0, ABSENT);
    done(record, FV_OP_READ, 0, 1);
    logged[0] = 0;
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_NOT_LINEAR);
    EXPECT(strcmp(logged, "not linearizable:\n"
                          "    0 ..     1  client 1  key 5  write 1\n"
                          "    2 ..     3  client 1  key 5  read: 1\n"
                          "    4 ..     5  client 1  key 5  read: -7  <- fits nowhere\n") == 0);
    EXPECT(fv_record_count(record) == 4);
    fv_record_free(record);
}

static void an_open_write_may_come_late(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    fv_record_invoke(record, 2, FV_OP_WRITE, 5, 9, 0);
    done(record, FV_OP_READ, 0, ABSENT);
    done(record, FV_OP_READ, 0, 9);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_LINEAR);
    done(record, FV_OP_READ, 0, ABSENT);
    EXPECT(fv_record_check_linear(record, FV_LINEAR_STEPS) == FV_NOT_LINEAR);
    fv_record_free(record);
}

static void queues_keep_what_they_get(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    done(record, FV_OP_INSERT, 1, 0);
    done(record, FV_OP_INSERT, 2, 0);
    EXPECT(fv_record_check_queue_totals(record) == NULL);
    done(record, FV_OP_REMOVE, 0, 2);
    EXPECT(fv_record_check_queue_totals(record) == NULL);
    EXPECT(fv_record_check_queue(record, FV_LINEAR_STEPS) == FV_NOT_LINEAR);
    done(record, FV_OP_REMOVE, 0, ABSENT);
    EXPECT(strstr(fv_record_check_queue_totals(record), "lost") != NULL);
    uint32_t unknown = fv_record_invoke(record, 2, FV_OP_REMOVE, 5, 0, 0);
    EXPECT(strstr(fv_record_check_queue_totals(record), "lost") != NULL);
    fv_record_unknown(record, unknown);
    done(record, FV_OP_REMOVE, 0, ABSENT);
    EXPECT(fv_record_check_queue_totals(record) == NULL);
    done(record, FV_OP_REMOVE, 0, 2);
    EXPECT(strstr(fv_record_check_queue_totals(record), "more often") != NULL);
    fv_record_free(record);
}

static void queues_make_nothing_up(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    done(record, FV_OP_REMOVE, 0, 3);
    EXPECT(strstr(fv_record_check_queue_totals(record), "nobody had inserted") != NULL);
    done(record, FV_OP_INSERT, 3, 0);
    EXPECT(strstr(fv_record_check_queue_totals(record), "before it was inserted") != NULL);
    fv_record_free(record);
}

static void members(struct fv_record *record, int64_t first, int64_t second) {
    uint32_t number = fv_record_invoke(record, 3, FV_OP_MEMBERS, 5, 0, 0);
    if (first != ABSENT) fv_record_member(record, number, first);
    if (second != ABSENT) fv_record_member(record, number, second);
    fv_record_ok(record, number, 0);
}

static void sets_lose_nothing(void) {
    struct fv_record *record = fv_record_new(ABSENT);
    done(record, FV_OP_INSERT, 1, 0);
    uint32_t open = fv_record_invoke(record, 2, FV_OP_INSERT, 5, 2, 0);
    members(record, 1, ABSENT);
    members(record, 1, 2);
    EXPECT(fv_record_check_set(record) == NULL && fv_record_check_set_fresh(record) == NULL);
    fv_record_ok(record, open, 0);
    members(record, 2, ABSENT);
    EXPECT(strstr(fv_record_check_set(record), "lost") != NULL);
    members(record, 2, 1);
    EXPECT(fv_record_check_set(record) == NULL);
    EXPECT(strstr(fv_record_check_set_fresh(record), "stale") != NULL);
    members(record, 4, ABSENT);
    EXPECT(strstr(fv_record_check_set(record), "nobody had inserted") != NULL);
    fv_record_free(record);
}

int main(void) {
    what_does_not_fit_is_logged();
    an_open_write_may_come_late();
    queues_keep_what_they_get();
    queues_make_nothing_up();
    sets_lose_nothing();
    too_few_steps_leave_it_undecided();
    too_many_at_once_leave_it_undecided();
    all_small_records_agree();
    large_records_are_checked();
    return 0;
}
