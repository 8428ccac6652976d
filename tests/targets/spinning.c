/* A lock that is spun on: -DYIELDS between two looks, or -DHOT without. Whoever has it may be held,
 * and the others may not spin for ever. Compiled with --fv-preempt. */
#include <fuzzverse/sim.h>
#include <stdatomic.h>

enum { TASKS = 3, ROUNDS = 4, DRAWS_MAX = 1000000 };

static atomic_flag lock = ATOMIC_FLAG_INIT;
static int value;
static uint64_t order;

static void spin_lock(void) {
    while (atomic_flag_test_and_set(&lock)) {
#ifdef YIELDS
        fv_yield();
#endif
    }
}

static void add(void *with) {
    for (int i = 0; i < ROUNDS; i++) {
        spin_lock();
        int seen = *(volatile int *)&value;
        *(volatile int *)&value = seen + 1;
        order = order * 3 + (uintptr_t)with;
        atomic_flag_clear(&lock);
    }
}

FV_TARGET(spinning) {
    fv_schedule_use(SCHEDULE);
    fv_share(&lock, sizeof lock);
    fv_share(&value, sizeof value);
    fv_task tasks[TASKS];
    for (uintptr_t i = 0; i < TASKS; i++) tasks[i] = fv_spawn("adds", add, (void *)i);
    for (int i = 0; i < TASKS; i++) fv_join(tasks[i]);
    FV_ALWAYS(value == TASKS * ROUNDS, "nothing is lost");
    FV_ALWAYS(fv_shared_accesses() < DRAWS_MAX, "nobody spins for long");
    FV_SOMETIMES_EACH("an order", FV_KEYS({"order", (int64_t)(order % 251)}), FV_QUALITY());
}
