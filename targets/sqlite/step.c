/* What a connection does: all that SQLite documents for several connections in WAL mode, and what
 * rollback journals make of it. */
#include "connections.h"

#include <fuzzverse/fuzzverse.h>
#include <fuzzverse/sim.h>
#include <stdio.h>
#include <string.h>

enum {
    CHANGES_MAX = 4,
    VERSIONS = 1 << 30,
    HOLDS_MAX = 3,
    HOLD_US_MAX = 2000,
    GATE_US = 100,
    OLD_STEPS_MIN = 2
};

static const char *const mode_names[MODE_COUNT] = {"delete", "truncate", "persist", "wal"};
static const char *const level_names[LEVEL_COUNT] = {"NORMAL", "FULL", "EXTRA"};

/* ---- changes --------------------------------------------------------------------------------- */

static enum outcome remove_rows(struct connection *c, uint32_t table) {
    uint32_t first = (uint32_t)fv_below(MODEL_ROWS);
    uint32_t last = (uint32_t)fv_between(first, MODEL_ROWS - 1);
    enum outcome outcome = connection_delete(c, table, first, last);
    if (outcome == OUTCOME_DONE)
        for (uint32_t row = first; row <= last; row++) c->state.tables[table].version[row] = 0;
    return outcome;
}

static enum outcome put(struct connection *c, uint32_t table) {
    uint32_t row = (uint32_t)fv_below(MODEL_ROWS), version = 1 + (uint32_t)fv_below(VERSIONS);
    enum outcome outcome = connection_put(c, table, row, version);
    if (outcome == OUTCOME_DONE) c->state.tables[table].version[row] = version;
    return outcome;
}

static enum outcome toggle_index(struct connection *c, uint32_t table) {
    static const char *const columns[MODEL_INDEXES] = {"version", "body"};
    uint32_t index = (uint32_t)fv_below(MODEL_INDEXES);
    bool *indexed = &c->state.tables[table].indexed[index];
    enum outcome outcome = *indexed ? connection_run(c, "DROP INDEX i%u_%u", table, index)
                                    : connection_run(c, "CREATE INDEX i%u_%u ON t%u (%s)", table,
                                                     index, table, columns[index]);
    if (outcome == OUTCOME_DONE) *indexed = !*indexed;
    return outcome;
}

static enum outcome create_table(struct connection *c, uint32_t table) {
    enum outcome outcome =
        connection_run(c, "CREATE TABLE t%u (id INTEGER PRIMARY KEY, version, body)", table);
    if (outcome == OUTCOME_DONE) c->state.tables[table].exists = true;
    return outcome;
}

static enum outcome drop_table(struct connection *c, uint32_t table) {
    enum outcome outcome = connection_run(c, "DROP TABLE t%u", table);
    if (outcome == OUTCOME_DONE) memset(&c->state.tables[table], 0, sizeof(c->state.tables[table]));
    return outcome;
}

static enum outcome change(struct connection *c) {
    enum { PUT, REMOVE, INDEX, DROP, KINDS };
    static const uint32_t weights[KINDS] = {20, 3, 2, 1};
    uint32_t kind = fv_weighted("change", weights, KINDS);
    uint32_t table = (uint32_t)fv_below(MODEL_TABLES);
    if (!c->state.tables[table].exists) return create_table(c, table);
    if (kind == PUT) return put(c, table);
    if (kind == REMOVE) return remove_rows(c, table);
    return kind == INDEX ? toggle_index(c, table) : drop_table(c, table);
}

/* ---- transactions ---------------------------------------------------------------------------- */

static bool roll_back(struct connection *c) {
    if (!database_in_transaction(&c->db)) return true;
    return connection_do(c, ROLLBACK, 0) == OUTCOME_DONE;
}

/* As workload.c has it, for the mode that the database is in now. */
static enum model_promise promise(const struct connection *c, bool is_wal, bool is_delete) {
    if (is_wal && c->level == LEVEL_NORMAL) return MODEL_SUFFIX_MAY_VANISH;
    if (!is_delete || c->level == LEVEL_EXTRA || c->world->disk.directory_durable)
        return MODEL_DURABLE;
    return MODEL_LAST_MAY_VANISH;
}

static enum outcome commit(struct connection *c) {
    enum outcome outcome = connection_do(c, MODE_SELECT, 0);
    if (outcome != OUTCOME_DONE) return outcome;
    bool is_wal = strcmp(c->db.answer, mode_names[MODE_WAL]) == 0;
    bool is_delete = strcmp(c->db.answer, mode_names[MODE_DELETE]) == 0;
    struct serial_view view = {c->view.stamp + 1, model_digest(&c->state)};
    serial_claim(&c->world->serial, view);
    connection_is_at(c, ACTIVITY_COMMIT);
    outcome = connection_do(c, COMMIT, 0);
    if (outcome == OUTCOME_BUSY) serial_withdraw(&c->world->serial, view);
    if (outcome != OUTCOME_DONE) return outcome;
    fv_log("%u: acknowledged %u, %016llx", c->index, view.stamp, (unsigned long long)view.digest);
    c->view = view;
    c->has_written = true;
    serial_settle(&c->world->serial, view);
    serial_acknowledge(&c->world->serial, view.stamp, promise(c, is_wal, is_delete));
    return OUTCOME_DONE;
}

static enum outcome write_changes(struct connection *c) {
    uint64_t changes = 1 + fv_below(CHANGES_MAX);
    enum outcome outcome = connection_do(c, STAMP_COUNT, 0);
    for (uint64_t i = 0; i < changes && outcome == OUTCOME_DONE; i++) outcome = change(c);
    return outcome;
}

static bool write_transaction(struct connection *c) {
    connection_is_at(c, ACTIVITY_WRITE);
    enum outcome outcome = connection_do(c, fv_chance(3, 4) ? BEGIN_IMMEDIATE : BEGIN, 0);
    if (outcome != OUTCOME_DONE) return outcome == OUTCOME_BUSY;
    outcome = connection_read(c);
    if (outcome == OUTCOME_DONE) outcome = write_changes(c);
    if (outcome == OUTCOME_DONE && fv_chance(7, 8)) outcome = commit(c);
    FV_SOMETIMES(outcome == OUTCOME_BUSY, "a transaction gives way to another");
    return outcome != OUTCOME_DOWN && roll_back(c);
}

/* A snapshot is held while others write. */
static bool read_transaction(struct connection *c) {
    connection_is_at(c, ACTIVITY_READ);
    enum outcome outcome = connection_do(c, BEGIN, 0);
    if (outcome == OUTCOME_DONE) outcome = connection_read(c);
    struct serial_view first = c->view;
    uint64_t holds = outcome == OUTCOME_DONE ? fv_below(HOLDS_MAX) : 0;
    for (uint64_t i = 0; i < holds && outcome == OUTCOME_DONE; i++) {
        fv_sleep(FV_US(fv_below(HOLD_US_MAX)));
        outcome = connection_read_again(c);
        if (outcome != OUTCOME_DONE) break;
        FV_ALWAYS(c->view.stamp == first.stamp && c->view.digest == first.digest,
                  "a snapshot does not change");
        FV_SOMETIMES(c->world->serial.acked > first.stamp, "a snapshot outlives a commit");
    }
    return outcome != OUTCOME_DOWN && roll_back(c);
}

/* ---- whose view is old ----------------------------------------------------------------------- */

/* NULL: there is none, or there are others. */
static struct connection *only_open(const struct world *w) {
    struct connection *found = NULL;
    for (uint32_t i = 0; i < w->connection_count; i++) {
        if (!w->connections[i]->db.handle) continue;
        if (found) return NULL;
        found = w->connections[i];
    }
    return found;
}

/* Only where nothing reads before WAL mode is left: elsewhere an old view leads nowhere. */
static bool is_old(const struct connection *c) {
#ifdef FV_STALE_CACHE
    return c->view.stamp != 0 && c->view.stamp < c->world->serial.acked && !c->has_written &&
           c->headers == c->world->watch.headers;
#else
    (void)c;
    return false;
#endif
}

/* Others have committed since and have gone, and nothing in the database's header says so. */
static void note_old_view(const struct world *w) {
    struct connection *c = only_open(w);
    if (!c || w->stays_in_wal || c->is_old_told || c->steps_left < OLD_STEPS_MIN || !is_old(c))
        return;
    c->is_old_told = true;
    FV_SOMETIMES_EACH(
        "a connection is left alone with an old view",
        FV_KEYS({"commits", w->serial.acked - c->view.stamp == 1}, {"in", c->activity}),
        FV_QUALITY());
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool checkpoint(struct connection *c) {
    static const int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
                                SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
    return connection_checkpoint(c, modes[fv_pick("checkpoint", 4)]) != OUTCOME_DOWN;
}

static bool vacuum(struct connection *c) {
    connection_is_at(c, ACTIVITY_CHANGE);
    const char *sql = fv_chance(1, 2) ? "VACUUM" : "PRAGMA incremental_vacuum(3)";
    return connection_run(c, "%s", sql) != OUTCOME_DOWN;
}

/* SQLite, up to 3.54.1 at least, may damage the database when one connection leaves WAL mode while
 * another opens it, or reads it for the first time: this target found it. Only the variant that
 * shows it does so. In the others whoever leaves it is alone in its step. */
#ifdef FV_LEAVING_WAL
static bool may_leave(struct connection *c) {
    (void)c;
    return true;
}

static void have_left(struct connection *c) { (void)c; }

static void await_leaving(const struct connection *c) { (void)c; }
#else
static bool may_leave(struct connection *c) {
    struct world *w = c->world;
    if (w->is_leaving_wal) return false;
    w->is_leaving_wal = true;
    while (w->steps_running > 1) fv_sleep(FV_US(GATE_US));
    return true;
}

static void have_left(struct connection *c) { c->world->is_leaving_wal = false; }

static void await_leaving(const struct connection *c) {
    while (c->world->is_leaving_wal) fv_sleep(FV_US(GATE_US));
}
#endif

/* SQLite, up to 3.54.1 at least, may keep pages that others have changed since, where a connection
 * leaves WAL mode that has not read meanwhile: this target found it. Only the variant that shows it
 * does so. */
static enum outcome read_last(struct connection *c) {
#ifdef FV_STALE_CACHE
    (void)c;
    return OUTCOME_DONE;
#else
    return connection_do(c, STAMP_SELECT, 0);
#endif
}

/* Who may come in between: connections that are not open, and will be. */
static int64_t still_to_come(const struct world *w) {
    int64_t count = 0;
    for (uint32_t i = 0; i < w->connection_count; i++)
        count += !w->connections[i]->db.handle && w->connections[i]->steps_left > 0;
    return count;
}

static void note_leaving(const struct connection *c, enum mode mode) {
    const struct world *w = c->world;
    if (only_open(w) == c)
        FV_SOMETIMES_EACH("the only connection leaves WAL mode",
                          FV_KEYS({"to come", still_to_come(w)}), FV_QUALITY());
    if (is_old(c))
        FV_SOMETIMES_EACH(
            "a connection with an old view leaves WAL mode",
            FV_KEYS({"mode", mode}, {"commits", w->serial.acked - c->view.stamp == 1}),
            FV_QUALITY());
}

static bool leave_wal(struct connection *c, enum mode mode) {
    struct world *w = c->world;
    if (!may_leave(c)) return true;
    enum outcome outcome = read_last(c);
    note_leaving(c, mode);
    w->watch.leavers++;
    if (outcome == OUTCOME_DONE)
        outcome = connection_run(c, "PRAGMA journal_mode = %s", mode_names[mode]);
    w->watch.leavers--;
    have_left(c);
    return outcome != OUTCOME_DOWN;
}

/* Mostly back to WAL mode, where several connections have most to do with each other. */
static bool change_mode(struct connection *c) {
    static const uint32_t weights[MODE_COUNT] = {1, 1, 1, 5};
    connection_is_at(c, ACTIVITY_CHANGE);
    if (c->world->stays_in_wal) return true;
    if (is_old(c) && only_open(c->world) == c && c->steps_left >= OLD_STEPS_MIN)
        FV_SOMETIMES_EACH("a connection with an old view is about to change the journal mode",
                          FV_KEYS({"commits", c->world->serial.acked - c->view.stamp == 1}),
                          FV_QUALITY());
    enum mode mode = (enum mode)fv_weighted("journal mode", weights, MODE_COUNT);
    if (mode != MODE_WAL) return leave_wal(c, mode);
    return connection_run(c, "PRAGMA journal_mode = wal") != OUTCOME_DOWN;
}

/* Rollback journals damage databases with NORMAL once in a very long while, as documented; so it is
 * for timelines that stay in WAL mode. */
static bool configure(struct connection *c) {
    static const uint32_t cache_pages[] = {4, 10, 100};
    static const int frames[] = {1, 3, 10, 1000};
    enum level least = c->world->stays_in_wal ? LEVEL_NORMAL : LEVEL_FULL;
    enum level level = (enum level)fv_between(least, LEVEL_EXTRA);
    sqlite3_wal_autocheckpoint(c->db.handle, frames[fv_pick("frames", 4)]);
    enum outcome outcome = connection_run(c, "PRAGMA synchronous = %s", level_names[level]);
    if (outcome == OUTCOME_DONE) c->level = level;
    if (outcome == OUTCOME_DONE)
        outcome = connection_run(c, "PRAGMA cache_size = %u", cache_pages[fv_pick("cache", 3)]);
    return outcome != OUTCOME_DOWN;
}

static bool begin(struct connection *c) { return connection_open(c) && configure(c); }

static bool reopen(struct connection *c) {
    connection_close(c);
    return begin(c);
}

static bool step(struct connection *c) {
    enum { CHECKPOINT, READ, VACUUM, MODE, BACKUP, REOPEN, WRITE, KINDS };
    static const uint32_t weights[KINDS] = {2, 6, 1, 1, 1, 1, 12};
    switch (fv_weighted("step", weights, KINDS)) {
    case WRITE: return write_transaction(c);
    case READ: return read_transaction(c);
    case CHECKPOINT: return checkpoint(c);
    case VACUUM: return vacuum(c);
    case MODE: return change_mode(c);
    case BACKUP: return connection_backup(c) != OUTCOME_DOWN;
    default: return reopen(c);
    }
}

static bool end(struct connection *c) {
    connection_close(c);
    return true;
}

static bool in_turn(struct connection *c, bool (*act)(struct connection *c)) {
    await_leaving(c);
    c->world->steps_running++;
    bool is_usable = act(c);
    c->world->steps_running--;
    note_old_view(c->world);
    fv_task_step();
    return is_usable;
}

bool connection_begin(struct connection *c) { return in_turn(c, begin); }
bool connection_step(struct connection *c) { return in_turn(c, step); }
void connection_end(struct connection *c) { in_turn(c, end); }
