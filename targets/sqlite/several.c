/* The simulation of several connections to one database: tasks that are preempted where they touch
 * what they share, the files and the WAL index, on a disk that loses power. */
#include "connections.h"

#include <fuzzverse/fuzzverse.h>
#include <fuzzverse/sim.h>
#include <stdio.h>
#include <stdlib.h>

enum { SESSIONS_MAX = 2, STEPS_MIN = 2, STEPS_MAX = 7, RECOVERIES_MAX = 5 };

static void *checked(void *memory) {
    if (!memory) abort(); /* a simulation of some megabytes has no use for a smaller one */
    return memory;
}

/* ---- after a stop ---------------------------------------------------------------------------- */

static void notice_stop(const struct connection *connections, uint32_t count) {
    uint32_t activities = 0;
    for (uint32_t i = 0; i < count; i++) activities |= 1U << connections[i].activity;
    FV_SOMETIMES_EACH("the machine stops under connections",
                      FV_KEYS({"commit", activities >> ACTIVITY_COMMIT & 1},
                              {"checkpoint", activities >> ACTIVITY_CHECKPOINT & 1},
                              {"change", activities >> ACTIVITY_CHANGE & 1}),
                      FV_QUALITY());
}

static void restart(struct world *w) {
    if (w->disk.state == DISK_UP) return;
    fv_log("machine: %s", w->disk.state == DISK_KILLED ? "killed" : "power lost");
    w->stopped = true;
    w->power_lost |= w->disk.state == DISK_POWER_LOST;
    disk_restart(&w->disk);
}

static void check_survival(struct world *w, struct serial_view view) {
    uint32_t least = w->power_lost ? w->serial.durable : w->serial.acked;
    fv_log("verified after %s: %u of %u", w->power_lost ? "a power loss" : "no power loss",
           view.stamp, w->serial.acked);
    FV_ALWAYS(view.stamp >= least, "an acknowledged commit of a connection survives");
    FV_ALWAYS(serial_knows(&w->serial, view), "what survives was committed");
    FV_SOMETIMES(view.stamp < w->serial.acked, "a power loss takes what it may");
    serial_restart(&w->serial, view, w->stopped);
    w->stopped = w->power_lost = false;
}

static bool verify(struct world *w, struct connection *c) {
    struct serial_view view = {0, 0};
    if (!database_verify(&c->db, &c->state)) return false;
    if (!database_do(&c->db, STAMP_SELECT, 0)) return false;
    sscanf(c->db.answer, "%u", &view.stamp);
    view.digest = model_digest(&c->state);
    check_survival(w, view);
    return true;
}

/* Alone, and the last time without a stop. */
static void look(struct world *w) {
    uint32_t stop_one_in = w->disk.stop_one_in;
    for (int i = 1;; i++) {
        struct connection c = {.world = w};
        if (i == RECOVERIES_MAX) w->disk.stop_one_in = 0;
        bool done = connection_open(&c) && verify(w, &c);
        connection_close(&c);
        bool is_up = w->disk.state == DISK_UP;
        restart(w);
        if (done && is_up) break;
    }
    w->disk.stop_one_in = stop_one_in;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void connection_body(void *argument) {
    struct connection *c = argument;
    bool is_usable = connection_begin(c);
    for (; c->steps_left > 0 && is_usable; c->steps_left--) is_usable = connection_step(c);
    connection_end(c);
}

static void session(struct world *w) {
    static const char *const names[CONNECTIONS_MAX] = {"first", "second", "third"};
    uint32_t count = 2 + (uint32_t)fv_below(CONNECTIONS_MAX - 1);
    struct connection connections[CONNECTIONS_MAX];
    fv_task tasks[CONNECTIONS_MAX];
    w->connection_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t steps = (uint64_t)fv_between(STEPS_MIN, STEPS_MAX);
        connections[i] = (struct connection){.world = w, .index = i, .steps_left = steps};
        w->connections[i] = &connections[i];
        tasks[i] = fv_spawn(names[i], connection_body, &connections[i]);
    }
    for (uint32_t i = 0; i < count; i++) fv_join(tasks[i]);
    w->connection_count = 0;
    if (w->disk.state != DISK_UP) notice_stop(connections, count);
    restart(w);
    look(w);
}

/* ---- the timeline ---------------------------------------------------------------------------- */

static void notice(void *argument, int code, const char *message) {
    (void)argument;
    (void)code;
    fv_log("sqlite: %s", message);
}

static void make_database(struct world *w) {
    struct connection c = {.world = w};
    uint32_t stop_one_in = w->disk.stop_one_in;
    w->disk.stop_one_in = 0;
    bool made =
        connection_open(&c) && database_run(&c.db, "PRAGMA page_size = %u", w->page_bytes) &&
        database_run(&c.db, "PRAGMA auto_vacuum = %u", w->auto_vacuum) &&
        database_run(&c.db, "PRAGMA journal_mode = wal") &&
        database_run(&c.db, "CREATE TABLE stamp (n)") &&
        database_run(&c.db, "INSERT INTO stamp VALUES (1)") && database_read(&c.db, &c.state);
    FV_ALWAYS(made, "the database is made");
    connection_close(&c);
    w->disk.stop_one_in = stop_one_in;
    serial_start(&w->serial, (struct serial_view){1, model_digest(&c.state)});
}

/* As the kit would; but the watch wants to know. */
static enum fv_schedule draw_schedule(void) {
    static const uint32_t weights[FV_SCHEDULE_COUNT] = {[FV_SCHEDULE_RANDOM_WALK] = 2,
                                                        [FV_SCHEDULE_PRIORITIES] = 1,
                                                        [FV_SCHEDULE_ROUND_ROBIN] = 1,
                                                        [FV_SCHEDULE_STALLS] = 4};
    enum fv_schedule schedule =
        (enum fv_schedule)fv_weighted("schedule", weights, FV_SCHEDULE_COUNT);
    fv_schedule_use(schedule);
    return schedule;
}

static void world_start(struct world *w) {
    disk_start(&w->disk);
    w->page_bytes = 512U << fv_pick("page size", 3);
    w->auto_vacuum = (uint32_t)fv_below(3);
#ifndef FV_LEAVING_WAL
    w->stays_in_wal = fv_chance(1, 2);
#endif
    vfs_start(&w->vfs, &w->disk);
    bool has_stalls = draw_schedule() == FV_SCHEDULE_STALLS;
    watch_start(&w->watch, &w->vfs, w->stays_in_wal && has_stalls);
    sqlite3_config(SQLITE_CONFIG_LOG, notice, w);
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
    sqlite3_initialize();
}

FV_TARGET(sqlite_connections) {
    struct world *w = checked(calloc(1, sizeof(*w)));
    world_start(w);
    make_database(w);
    uint64_t sessions = 1 + fv_below(SESSIONS_MAX);
    for (uint64_t i = 0; i < sessions; i++) session(w);
    sqlite3_shutdown();
    disk_stop(&w->disk);
    free(w);
}
