/* What an owner has, and that it goes with it: tasks, timers, events, a clock. Uses the inside of
 * the kit, as its nodes do. */
#include "../../native/sim/tasks.h"

#include <string.h>

enum { OWNER = 3, OTHER = 7 };

static char happened[64];
static struct fv_mutex mutex;
static struct fv_waiters waiters;

static void note(char what) { happened[strlen(happened)] = what; }

static void check(const char *expected, const char *words) {
    bool is_as_expected = strcmp(happened, expected) == 0;
    if (!is_as_expected) fv_log("%s: %s instead of %s", words, happened, expected);
    FV_ALWAYS(is_as_expected, "things happen in their order");
    memset(happened, 0, sizeof happened);
}

static void event(void *name) { note(*(const char *)name); }

static void slow_event(void *name) {
    FV_ALWAYS(fv_tasks_owner() == OWNER, "an event is its owner's");
    fv_sleep(FV_MS(1));
    event(name);
}

static void check_events(void) {
    fv_events_post(OWNER, slow_event, "a");
    fv_events_post(OWNER, event, "b");
    fv_events_post(OTHER, event, "c");
    fv_clock_post(OWNER, FV_US(500), event, "d");
    fv_sleep(FV_MS(2));
    check("cabd", "events run one at a time for each owner");
}

static void live(void *with) {
    (void)with;
    fv_mutex_lock(&mutex);
    fv_wait(&waiters, FV_WAIT_OTHER, NULL, FV_NO_TASK, FV_FOREVER);
    note('x');
}

static void sleep_long(void *with) {
    (void)with;
    fv_sleep(FV_MS(5));
    note('y');
}

static void end_own(void *with) {
    (void)with;
    note('e');
    fv_clock_drop(OWNER);
    fv_tasks_end_others(OWNER);
    fv_tasks_end_self();
}

static void begin_all(void) {
    fv_tasks_spawn(OWNER, "waits", live, NULL);
    fv_tasks_spawn(OWNER, "sleeps", sleep_long, NULL);
    fv_events_post(OWNER, event, "1");
    fv_clock_post(OWNER, FV_MS(3), event, "z");
    fv_clock_post(OTHER, FV_MS(3), event, "o");
}

static void check_end_from_outside(void) {
    begin_all();
    fv_sleep(FV_MS(1));
    fv_events_post(OWNER, event, "w");
    fv_tasks_end_others(OWNER);
    fv_clock_drop(OWNER);
    FV_ALWAYS(!fv_wake_one(&waiters), "nobody waits in the queue any more");
    fv_sleep(FV_MS(10));
    check("1o", "what has ended does nothing");
}

static void check_end_from_inside(void) {
    memset(&mutex, 0, sizeof mutex);
    begin_all();
    fv_task last = fv_tasks_spawn(OTHER, "other", sleep_long, NULL);
    fv_clock_post(OWNER, FV_MS(1), end_own, NULL);
    fv_join(last);
    check("1eoy", "who ends its own tasks does not return");
    fv_events_post(OWNER, event, "n");
    fv_sleep(FV_MS(1));
    check("n", "an owner may begin again");
}

static void tick(void *with) {
    (void)with;
    FV_ALWAYS(fv_now() % FV_SECONDS(10) == FV_SECONDS(5), "a fast clock is early");
    note('t');
}

static void look_at_clock(void *with) {
    (void)with;
    uint64_t local = fv_local_now(), now = fv_now();
    fv_timer_start(FV_SECONDS(10), tick, NULL);
    fv_sleep(FV_SECONDS(10));
    FV_ALWAYS(fv_local_now() - local == FV_SECONDS(10), "sleep is by the owner's clock");
    FV_ALWAYS(fv_now() - now == FV_SECONDS(5), "which runs twice as fast");
    note('c');
}

static void check_clock(void) {
    fv_sleep(FV_SECONDS(10) - fv_now());
    fv_clock_set(OWNER, -(int64_t)FV_SECONDS(3), 1000000);
    fv_tasks_spawn(OWNER, "clock", look_at_clock, NULL);
    fv_sleep(FV_SECONDS(6));
    check(happened[0] == 't' ? "tc" : "ct", "both come at one moment");
    FV_ALWAYS(fv_local_now() == fv_now(), "who has no node sees true time");
}

FV_TARGET(owners) {
    fv_schedule_use(FV_SCHEDULE_RANDOM_WALK);
    check_events();
    check_end_from_outside();
    check_end_from_inside();
    check_clock();
}
