/* What the kit promises of tasks, time and waiting, whatever the schedule. -DSCHEDULE=n
 * fixes one. */
#include <fuzzverse/sim.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 4, ROUNDS = 3, ITEMS = 6 };

#ifndef SCHEDULE
#define SCHEDULE FV_SCHEDULE_DRAWN
#endif

static uint64_t order; /* of what happened, for the search to tell timelines apart */

static void note(uint64_t what) { order = (order * 31 + what) % 1021; }

/* ---- mutexes and conditions ------------------------------------------------------------------ */

static struct fv_mutex lock;
static struct fv_condition changed;
static int inside, turns;

static void take_turns(void *with) {
    for (int i = 0; i < ROUNDS; i++) {
        fv_mutex_lock(&lock);
        FV_ALWAYS(++inside == 1, "one at a time has the mutex");
        note((uintptr_t)with);
        fv_yield();
        inside--;
        turns++;
        fv_condition_signal(&changed);
        fv_mutex_unlock(&lock);
        fv_sleep(FV_MS(1));
    }
}

static void check_mutex(void) {
    for (uintptr_t i = 0; i < WORKERS; i++) fv_spawn("turns", take_turns, (void *)i);
    fv_mutex_lock(&lock);
    FV_ALWAYS(!fv_condition_wait(&changed, &lock, 0), "no time is no time");
    while (turns < WORKERS * ROUNDS) fv_condition_wait(&changed, &lock, FV_FOREVER);
    fv_mutex_unlock(&lock);
    FV_ALWAYS(fv_now() >= FV_MS(ROUNDS - 1), "sleep takes its time");
    fv_sleep(FV_MS(10));
    uint64_t before = fv_now();
    fv_mutex_lock(&lock);
    bool was_woken = fv_condition_wait(&changed, &lock, FV_MS(5));
    FV_ALWAYS(was_woken || fv_now() >= before + FV_MS(5), "a wait does not end too soon");
    fv_mutex_unlock(&lock);
}

/* ---- semaphores and channels ----------------------------------------------------------------- */

static struct fv_semaphore places;
static struct fv_channel channel;
static int waiting_max;

static void use_place(void *with) {
    FV_ALWAYS(fv_semaphore_take(&places, FV_FOREVER), "a place is had in the end");
    if (++inside > waiting_max) waiting_max = inside;
    fv_sleep(FV_US(10));
    inside--;
    fv_semaphore_give(&places);
    note((uintptr_t)with);
}

static void check_semaphore(void) {
    fv_task tasks[WORKERS];
    places.count = 2;
    for (uintptr_t i = 0; i < WORKERS; i++) tasks[i] = fv_spawn("place", use_place, (void *)i);
    for (int i = 0; i < WORKERS; i++) fv_join(tasks[i]);
    FV_ALWAYS(waiting_max <= 2 && places.count == 2, "no more have a place than there are");
    FV_SOMETIMES(waiting_max == 2, "all places are taken");
    places.count = 0;
    FV_ALWAYS(!fv_semaphore_take(&places, FV_MS(1)), "nobody gives one");
}

static void send_items(void *with) {
    (void)with;
    for (uintptr_t i = 1; i <= ITEMS; i++)
        FV_ALWAYS(fv_channel_send(&channel, (void *)i), "an open channel takes items");
    fv_channel_close(&channel);
}

static void check_channel(uint32_t capacity) {
    uintptr_t last = 0;
    void *item;
    fv_channel_open(&channel, capacity);
    fv_spawn("sender", send_items, NULL);
    for (; fv_channel_receive(&channel, &item); last = (uintptr_t)item)
        FV_ALWAYS((uintptr_t)item == last + 1, "items come in order, each once");
    FV_ALWAYS(last == ITEMS, "all come before the end is seen");
    FV_ALWAYS(!fv_channel_send(&channel, &item), "a closed channel takes none");
    fv_channel_free(&channel);
}

/* ---- time ------------------------------------------------------------------------------------ */

static char fired[8];
static struct fv_timer last_timer;

static void fire(void *name) {
    fired[strlen(fired)] = *(const char *)name;
    FV_ALWAYS(!fv_timer_stop(last_timer), "a timer that was stopped stays so");
}

static void check_timers(void) {
    fv_timer_start(FV_MS(2), fire, "c");
    fv_timer_start(FV_MS(1), fire, "a");
    fv_timer_start(FV_MS(1), fire, "b");
    last_timer = fv_timer_start(FV_US(1500), fire, "x");
    FV_ALWAYS(fv_timer_stop(last_timer), "a timer can be stopped");
    fv_sleep(FV_MS(3));
    FV_ALWAYS(strcmp(fired, "abc") == 0, "timers fire by time, then in the order of their start");
}

static uint64_t libc_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return FV_SECONDS(now.tv_sec) + (uint64_t)now.tv_nsec;
}

static void nap(void *with) {
    (void)with;
    usleep(1500);
    note(7);
}

static void check_libc(void) {
    uint64_t base = libc_now() - fv_now(), before = fv_now();
    fv_task task = fv_spawn("nap", nap, NULL);
    nanosleep(&(struct timespec){0, 500000}, NULL);
    FV_ALWAYS(SCHEDULE == FV_SCHEDULE_STALLS || SCHEDULE == FV_SCHEDULE_DRAWN ||
                  !fv_task_has_ended(task),
              "sleeping lets others run, and time is one");
    fv_join(task);
    FV_ALWAYS(fv_now() >= before + FV_US(1500), "libc sleeps in the kit's time");
    FV_ALWAYS(SCHEDULE == FV_SCHEDULE_STALLS || SCHEDULE == FV_SCHEDULE_DRAWN ||
                  fv_now() == before + FV_US(1500),
              "and time moves only where nobody can run");
    FV_ALWAYS(libc_now() - fv_now() == base, "libc's clock shows the kit's time");
    uint64_t until = libc_now() + FV_MS(20);
    while (libc_now() < until) continue;
    FV_ALWAYS(fv_now() >= before + FV_MS(20), "who spins on the clock sees it move");
}

static bool is_set;

static void set_later(void *with) {
    (void)with;
    fv_sleep(FV_MS(3));
    is_set = true;
}

static void check_spinning(void) {
    fv_spawn("setter", set_later, NULL);
    while (!is_set) fv_yield();
}

FV_TARGET(tasks) {
    fv_schedule_use(SCHEDULE);
    check_mutex();
    check_semaphore();
    check_channel(0);
    check_channel(2);
    check_timers();
    check_libc();
    check_spinning();
    FV_SOMETIMES_EACH("an order of things", FV_KEYS({"order", (int64_t)order}), FV_QUALITY());
}
