/* What preemption sees of accesses to shared memory, and what it leaves alone. Compiled with
 * --fv-preempt. */
#include <fuzzverse/sim.h>
#include <stdatomic.h>
#include <string.h>

static int shared[16], alone[16];
static _Atomic int counter;

/* How many accesses `steps` make. */
static uint64_t seen(void (*steps)(void)) {
    uint64_t before = fv_shared_accesses();
    steps();
    return fv_shared_accesses() - before;
}

static void load_store(void) {
    for (volatile int *at = shared; at < shared + 4; at++) *at = *at + 1;
}

static void load_store_alone(void) {
    for (volatile int *at = alone; at < alone + 4; at++) *at = *at + 1;
}

static void copy_in(void) { memcpy(shared, alone, 32); }
static void copy_out(void) { memmove(alone, shared, sizeof shared); }
static void fill(void) { memset(shared, 1, 8); }
static void compare(void) { alone[0] = memcmp(shared, alone, 8) != 0; }
static void add(void) { atomic_fetch_add(&counter, 1); }

static void swap(void) {
    int expected = 1;
    atomic_compare_exchange_strong(&counter, &expected, 2);
}

static void touch(void) {
    fv_touch_read(&shared[3], 4);
    fv_touch_write(&shared[3], 4);
    fv_touch_write(&alone[3], 4);
}

/* The body looks at a task that goes on to the last word, and may be held up on the way there. */
static void walk(void *with) {
    (void)with;
    shared[14] = shared[13];
    shared[15] = 1;
}

static bool is_in_shared(const void *at) {
    return (const int *)at >= shared + 13 && (const int *)at <= shared + 15;
}

static void look_at_walker(void) {
    fv_task walker = fv_spawn("walker", walk, NULL);
    while (!fv_task_has_ended(walker)) {
        const void *at = fv_task_touching(walker);
        FV_ALWAYS(at == NULL || is_in_shared(at), "a task is held up before what it touches");
        FV_SOMETIMES(at == &shared[15], "a task is seen before its last access");
        fv_yield();
    }
    FV_ALWAYS(fv_task_touching(walker) == NULL, "a task that has ended touches nothing");
    FV_ALWAYS(fv_task_touching(fv_self()) == NULL, "the running task is not held up");
}

FV_TARGET(accesses) {
    FV_ALWAYS(seen(load_store) == 0, "nothing is shared yet");
    fv_self();
    fv_share(shared, sizeof shared);
    fv_share(&counter, sizeof counter);
    FV_ALWAYS(seen(load_store) == 8, "loads and stores are seen");
    FV_ALWAYS(seen(load_store_alone) == 0, "what is not shared is not");
    FV_ALWAYS(seen(copy_in) == 1, "a copy into shared memory is seen");
    FV_ALWAYS(seen(copy_out) == 1, "a copy out of it, too");
    FV_ALWAYS(seen(fill) == 1, "memset is seen");
    FV_ALWAYS(seen(compare) >= 1, "memcmp is seen");
    FV_ALWAYS(seen(add) == 1, "an atomic addition is seen");
    FV_ALWAYS(seen(swap) == 1, "an atomic exchange is seen");
    FV_ALWAYS(counter == 2, "and done");
    FV_ALWAYS(seen(touch) == 2, "announced accesses are seen");
    fv_unshare(&shared[1], 8);
    FV_ALWAYS(seen(load_store) == 4, "what is shared no more is not seen");
    fv_share(shared, sizeof shared);
    FV_ALWAYS(seen(load_store) == 8, "and what is shared again is");
    look_at_walker();
}
