/* The simulation: sessions of random transactions on a disk that loses power, each followed by a
 * recovery whose result is held against the model. */
#include "savepoint.h"

#include <fuzzverse/fuzzverse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SESSIONS_MAX = 5,
    TRANSACTIONS_MAX = 10, /* a session */
    CHANGES_MAX = 10,      /* a transaction */
    RECOVERIES_MAX = 5,    /* attempts, the last one without faults */
    VERSIONS = 1 << 30,
    DROPPED_BYTES_MAX = 32, /* of an expression that names a table or an index */
    DROP_ONE_IN = 16        /* of those that could be in a savepoint, where they are let at all */
};

/* What a drop in a savepoint does needs no faults, and they would hide it. */
#ifdef FV_DROP_IN_SAVEPOINT
static const bool has_faults = false;
#else
static const bool has_faults = true;
#endif

enum mode { MODE_DELETE, MODE_TRUNCATE, MODE_PERSIST, MODE_WAL, MODE_COUNT };
enum level { LEVEL_NORMAL, LEVEL_FULL, LEVEL_EXTRA };

/* What the connection was doing, a key of the search. */
enum phase {
    PHASE_RECOVERY,
    PHASE_CHANGES,
    PHASE_COMMIT,
    PHASE_ROLLBACK,
    PHASE_CHECKPOINT,
    PHASE_VACUUM,
    PHASE_CLOSE,
    PHASE_IDLE
};

static const char *const mode_names[MODE_COUNT] = {"delete", "truncate", "persist", "wal"};
static const char *const level_names[] = {"NORMAL", "FULL", "EXTRA"};

struct workload {
    struct disk disk;
    struct vfs vfs;
    struct model model;
    struct database db;
    struct database reader; /* a second connection with an open snapshot, or closed */
    uint64_t reader_digest;
    enum mode mode;
    enum level level;
    enum phase phase;
    uint32_t stop_one_in; /* the disk's own, restored after quiet times */
    uint32_t page_bytes;
    uint32_t auto_vacuum;
    struct savepoints savepoints;
    bool commit_failed; /* the last step's */
    bool power_lost;    /* since the database was last verified */
    bool on_a_lie;      /* the last acknowledged commit stands on a dropped sync */
};

/* ---- quiet times: no injected errors, no power loss ------------------------------------------ */

static void quiet(struct workload *w, bool on) {
    w->vfs.faults = has_faults && !on;
    w->disk.stop_one_in = on ? 0 : w->stop_one_in;
}

/* ---- what a lying disk owes ------------------------------------------------------------------ */

static int64_t file_kind(const char *name) {
    if (!name) return 0;
    return strcmp(name, "db") == 0 ? 1 : strcmp(name, "db-journal") == 0 ? 2 : 3;
}

/* Each way of owing is a state: what a power loss then destroys depends on file and mode. */
static void owed_commit_note(struct workload *w) {
    const char *name = disk_owed(&w->disk);
    w->on_a_lie = name != NULL;
#ifdef FV_LYING_SYNC
    if (w->on_a_lie)
        FV_SOMETIMES_EACH("a commit is acknowledged over a dropped sync",
                          FV_KEYS({"mode", w->mode}, {"file", file_kind(name)}), FV_QUALITY());
#endif
}

static void owed_power_loss_note(const struct workload *w) {
#ifdef FV_LYING_SYNC
    const char *name = disk_owed(&w->disk);
    if (name && w->disk.state == DISK_POWER_LOST)
        FV_SOMETIMES_EACH(
            "the power fails while a dropped sync is owed",
            FV_KEYS({"mode", w->mode}, {"file", file_kind(name)}, {"acknowledged", w->on_a_lie}),
            FV_QUALITY());
#else
    (void)w;
#endif
}

/* ---- what SQLite tells about its recoveries -------------------------------------------------- */

static void notice(void *argument, int code, const char *message) {
    const struct workload *w = argument;
    unsigned count = 0;
    fv_log("sqlite: %s", message);
    if (code == SQLITE_NOTICE_RECOVER_ROLLBACK) {
        FV_REACHABLE("a hot journal is rolled back");
        FV_SOMETIMES(w->phase != PHASE_RECOVERY, "a connection rolls back its own hot journal");
        if (sscanf(message, "recovered %u", &count) == 1)
            FV_SOMETIMES_GE(count, 32, "many pages come back from a journal");
    }
    if (code == SQLITE_NOTICE_RECOVER_WAL && sscanf(message, "recovered %u", &count) == 1) {
        FV_SOMETIMES(count > 0, "frames come back from a write-ahead log");
        FV_SOMETIMES_GE(count, 64, "many frames come back from a write-ahead log");
    }
}

/* ---- the promise of an acknowledgement ------------------------------------------------------- */

/* Deleting the journal is the commit in mode DELETE, and only EXTRA syncs the directory after
 * it. In WAL mode, NORMAL leaves the log's sync to the next checkpoint. */
static enum model_promise promise(const struct workload *w) {
    if (w->mode == MODE_WAL && w->level == LEVEL_NORMAL) return MODEL_SUFFIX_MAY_VANISH;
    if (w->mode != MODE_DELETE || w->level == LEVEL_EXTRA || w->disk.directory_durable)
        return MODEL_DURABLE;
    return MODEL_LAST_MAY_VANISH;
}

/* ---- verification ---------------------------------------------------------------------------- */

/* Without faults: an injected read error would only say that there was one. */
static bool verify(struct workload *w) {
    struct model_state found;
    quiet(w, true);
    bool read = database_verify(&w->db, &found);
    quiet(w, false);
    if (!read) return false;
    enum model_verdict verdict = model_observe(&w->model, &found, w->power_lost);
    fv_log("verified after %s", w->power_lost ? "a power loss" : "no power loss");
    w->power_lost = false;
    FV_ALWAYS(verdict != MODEL_COMMIT_LOST, "an acknowledged commit survives");
    FV_ALWAYS(verdict != MODEL_STRANGE, "no part of a transaction is visible");
    return true;
}

/* ---- changes inside a transaction: each returns whether the transaction may go on ------------ */

static bool put(struct workload *w, uint32_t table) {
    struct model_table *t = &w->model.pending.tables[table];
    uint32_t row = (uint32_t)fv_below(MODEL_ROWS), version = 1 + (uint32_t)fv_below(VERSIONS);
    bool update = t->version[row] != 0 && fv_chance(1, 2);
    if (!database_put(&w->db, update ? ROW_UPDATE : ROW_REPLACE, table, row, version)) return false;
    t->version[row] = version;
    return true;
}

static bool remove_rows(struct workload *w, uint32_t table) {
    uint32_t first = (uint32_t)fv_below(MODEL_ROWS);
    uint32_t last = fv_chance(1, 4) ? (uint32_t)fv_between(first, MODEL_ROWS - 1) : first;
    if (!database_delete(&w->db, table, first, last)) return false;
    for (uint32_t row = first; row <= last; row++) w->model.pending.tables[table].version[row] = 0;
    return true;
}

static bool table_create(struct workload *w, uint32_t table) {
    if (!database_run(&w->db, "CREATE TABLE t%u (id INTEGER PRIMARY KEY, version, body)", table))
        return false;
    w->model.pending.tables[table].exists = true;
    return true;
}

static bool table_drop(struct workload *w, uint32_t table) {
    char dropped[DROPPED_BYTES_MAX];
    snprintf(dropped, sizeof(dropped), "(tbl_name = 't%u')", table);
    if (!savepoint_drops(&w->savepoints, &w->db, dropped)) return false;
    if (!database_run(&w->db, "DROP TABLE t%u", table)) return false;
    memset(&w->model.pending.tables[table], 0, sizeof(w->model.pending.tables[table]));
    savepoint_dropped(&w->savepoints, w->model.saved_count);
    return true;
}

static bool index_create(struct workload *w, uint32_t table, uint32_t index) {
    static const char *const columns[MODEL_INDEXES] = {"version", "body"};
    if (!database_run(&w->db, "CREATE INDEX i%u_%u ON t%u (%s)", table, index, table,
                      columns[index]))
        return false;
    w->model.pending.tables[table].indexed[index] = true;
    return true;
}

static bool index_drop(struct workload *w, uint32_t table, uint32_t index) {
    char dropped[DROPPED_BYTES_MAX];
    snprintf(dropped, sizeof(dropped), "(name = 'i%u_%u')", table, index);
    if (!savepoint_drops(&w->savepoints, &w->db, dropped)) return false;
    if (!database_run(&w->db, "DROP INDEX i%u_%u", table, index)) return false;
    w->model.pending.tables[table].indexed[index] = false;
    savepoint_dropped(&w->savepoints, w->model.saved_count);
    return true;
}

static bool index_toggle(struct workload *w, uint32_t table) {
    uint32_t index = (uint32_t)fv_below(MODEL_INDEXES);
    bool indexed = w->model.pending.tables[table].indexed[index];
    return indexed ? index_drop(w, table, index) : index_create(w, table, index);
}

static bool savepoint(struct workload *w) {
    if (w->model.saved_count == MODEL_SAVEPOINTS_MAX) return true;
    if (!database_do(&w->db, SAVEPOINT, w->model.saved_count)) return false;
    model_save(&w->model);
    return savepoint_begun(&w->savepoints, &w->db, w->model.saved_count - 1);
}

static bool savepoint_end(struct workload *w) {
    if (w->model.saved_count == 0) return true;
    uint32_t which = (uint32_t)fv_below(w->model.saved_count);
    if (fv_chance(1, 2)) {
        if (!database_do(&w->db, ROLLBACK_TO, which)) return false;
        model_rollback_to(&w->model, which);
        savepoint_undone(&w->savepoints, which);
        FV_REACHABLE("a savepoint is rolled back");
    } else {
        if (!database_do(&w->db, RELEASE, which)) return false;
        model_release(&w->model, which);
    }
    return true;
}

/* SQLite 3.50.4 may corrupt a database when a savepoint in which something was dropped is rolled
 * back: this target found it, without any fault of the disk. The clean variant keeps off it. */
static bool drop_allowed(const struct workload *w) {
#ifdef FV_DROP_IN_SAVEPOINT
    return w->model.saved_count == 0 || fv_chance(1, DROP_ONE_IN);
#else
    return w->model.saved_count == 0;
#endif
}

static bool change(struct workload *w) {
    enum { PUT, REMOVE, SAVE, SAVE_END, INDEX, DROP, KINDS };
#ifdef FV_DROP_IN_SAVEPOINT
    static const uint32_t weights[KINDS] = {50, 6, 12, 14, 14, 8};
#else
    static const uint32_t weights[KINDS] = {60, 14, 8, 9, 6, 2};
#endif
    uint32_t kind = fv_weighted("change", weights, KINDS);
    uint32_t table = (uint32_t)fv_below(MODEL_TABLES);
    if (kind == SAVE) return savepoint(w);
    if (kind == SAVE_END) return savepoint_end(w);
    if (!w->model.pending.tables[table].exists) return table_create(w, table);
    if (kind == PUT) return put(w, table);
    if (kind == REMOVE) return remove_rows(w, table);
    if (!drop_allowed(w)) return true;
    return kind == INDEX ? index_toggle(w, table) : table_drop(w, table);
}

/* ---- transactions: each returns whether the session may go on without a look at the state ---- */

static bool abandon(struct workload *w) {
    if (w->disk.state == DISK_UP) w->phase = PHASE_ROLLBACK;
    return !database_in_transaction(&w->db) || database_do(&w->db, ROLLBACK, 0);
}

static bool commit(struct workload *w) {
    w->phase = PHASE_COMMIT;
    if (database_do(&w->db, COMMIT, 0)) {
        model_acknowledge(&w->model, promise(w));
        fv_log("acknowledged %016llx", (unsigned long long)model_digest(&w->model.visible));
        owed_commit_note(w);
        return true;
    }
    w->commit_failed = true;
    model_doubt(&w->model);
    fv_log("in doubt %016llx", (unsigned long long)model_digest(&w->model.pending));
    FV_SOMETIMES(w->disk.state == DISK_UP, "an I/O error falls into a commit");
    abandon(w);
    return false;
}

static bool transaction(struct workload *w) {
    w->phase = PHASE_CHANGES;
    model_begin(&w->model);
    if (!database_do(&w->db, fv_chance(1, 2) ? BEGIN : BEGIN_IMMEDIATE, 0)) return false;
    if (!savepoint_transaction(&w->savepoints, &w->db)) return false;
    uint64_t changes = 1 + fv_below(CHANGES_MAX);
    for (uint64_t i = 0; i < changes; i++) {
        if (change(w)) continue;
        FV_SOMETIMES(w->disk.state == DISK_UP, "an I/O error falls into a statement");
        abandon(w);
        return false;
    }
    if (fv_chance(7, 8)) return commit(w);
    return abandon(w);
}

static bool checkpoint(struct workload *w) {
    static const char *const kinds[] = {"PASSIVE", "FULL", "RESTART", "TRUNCATE"};
    w->phase = PHASE_CHECKPOINT;
    return database_run(&w->db, "PRAGMA wal_checkpoint(%s)", kinds[fv_pick("checkpoint", 4)]);
}

static bool vacuum(struct workload *w) {
    w->phase = PHASE_VACUUM;
    if (fv_chance(1, 2)) return database_run(&w->db, "PRAGMA incremental_vacuum(3)");
    return database_run(&w->db, "VACUUM");
}

/* ---- a reader that holds a snapshot while others write --------------------------------------- */

static void reader_end(struct workload *w) {
    struct model_state found;
    if (!w->reader.handle) return;
    quiet(w, true);
    if (w->disk.state == DISK_UP && database_read(&w->reader, &found)) {
        FV_ALWAYS(model_digest(&found) == w->reader_digest, "a snapshot does not change");
        FV_SOMETIMES(w->reader_digest != model_digest(&w->model.visible),
                     "a snapshot outlives a commit");
    }
    database_close(&w->reader);
    quiet(w, false);
}

static void reader_begin(struct workload *w) {
    struct model_state found;
    quiet(w, true);
    if (database_open(&w->reader, &w->vfs) && database_do(&w->reader, BEGIN, 0) &&
        database_read(&w->reader, &found)) {
        w->reader_digest = model_digest(&found);
        FV_ALWAYS(w->reader_digest == model_digest(&w->model.visible),
                  "a snapshot shows the last commit");
    }
    quiet(w, false);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static bool step(struct workload *w) {
    enum { TRANSACTION, CHECKPOINT, VACUUM, READER, KINDS };
    w->commit_failed = false;
    static const uint32_t weights[KINDS] = {20, 2, 1, 3};
    uint32_t kind = fv_weighted("step", weights, KINDS);
    if (kind == CHECKPOINT && w->mode == MODE_WAL) return checkpoint(w);
    if (kind == VACUUM && !w->reader.handle) return vacuum(w);
    if (kind == READER && w->mode == MODE_WAL) {
        if (w->reader.handle)
            reader_end(w);
        else
            reader_begin(w);
        return true;
    }
    return transaction(w);
}

static void mode_set(struct workload *w, const char *answer) {
    for (int i = 0; i < MODE_COUNT; i++)
        if (strcmp(answer, mode_names[i]) == 0) w->mode = (enum mode)i;
    w->savepoints.has_log = w->mode == MODE_WAL;
}

/* Journal modes other than WAL corrupt databases with NORMAL once in a very long while, as
 * documented; here that would be a false alarm. */
static bool configure(struct workload *w) {
    static const uint32_t cache_pages[] = {4, 10, 100};
    static const uint32_t frames[] = {5, 20, 1000};
    enum mode mode = (enum mode)fv_pick("journal mode", MODE_COUNT);
    if (!database_run(&w->db, "PRAGMA journal_mode = %s", mode_names[mode])) return false;
    mode_set(w, w->db.answer);
    static const uint32_t weights[] = {1, 2, 1};
    w->level = (enum level)fv_weighted("synchronous", weights, 3);
    if (w->mode != MODE_WAL && w->level == LEVEL_NORMAL) w->level = LEVEL_FULL;
    return database_run(&w->db, "PRAGMA synchronous = %s", level_names[w->level]) &&
           database_run(&w->db, "PRAGMA cache_size = %u", cache_pages[fv_pick("cache", 3)]) &&
           database_run(&w->db, "PRAGMA wal_autocheckpoint = %u", frames[fv_pick("frames", 3)]);
}

/* The first read is what makes SQLite recover, and it is part of `journal_mode`. */
static bool session_try_open(struct workload *w) {
    w->phase = PHASE_RECOVERY;
    return database_open(&w->db, &w->vfs) &&
           database_run(&w->db, "PRAGMA page_size = %u", w->page_bytes) &&
           database_run(&w->db, "PRAGMA auto_vacuum = %u", w->auto_vacuum) && configure(w);
}

static void session_close(struct workload *w) {
    database_close(&w->reader);
    w->phase = w->phase == PHASE_RECOVERY ? PHASE_RECOVERY : PHASE_CLOSE;
    database_close(&w->db);
}

static void restart(struct workload *w) {
    if (w->disk.state == DISK_UP) return;
    fv_log("machine: %s", w->disk.state == DISK_KILLED ? "killed" : "power lost");
    w->power_lost |= w->disk.state == DISK_POWER_LOST;
    owed_power_loss_note(w);
    disk_restart(&w->disk);
}

/* The phase in which the machine stopped is known only before the session is closed. */
static void stop_note(const struct workload *w) {
    if (w->disk.state == DISK_UP) return;
    FV_SOMETIMES_EACH("the machine stops",
                      FV_KEYS({"mode", w->mode}, {"phase", w->phase}, {"operation", w->disk.last},
                              {"file", file_kind(w->disk.last_name)}),
                      FV_QUALITY());
    FV_SOMETIMES(w->phase == PHASE_COMMIT, "the machine stops in a commit");
    FV_SOMETIMES(w->phase == PHASE_CHECKPOINT, "the machine stops in a checkpoint");
    FV_SOMETIMES(w->phase == PHASE_RECOVERY, "the machine stops in a recovery");
    FV_SOMETIMES(w->phase == PHASE_VACUUM, "the machine stops in a vacuum");
}

static void session_end(struct workload *w) {
    bool up = w->disk.state == DISK_UP;
    stop_note(w);
    session_close(w);
    if (up) stop_note(w);
    restart(w);
}

static void session_open(struct workload *w) {
    for (int i = 1;; i++) {
        quiet(w, i == RECOVERIES_MAX);
        bool open = session_try_open(w);
        quiet(w, false);
        if (open && verify(w)) return;
        session_end(w);
    }
}

/* After a failed step the state is looked at, by this connection or by the next one. A failed
 * commit is left to the next one, as applications do that take an I/O error seriously: pages that
 * the rollback does not restore, because they were free, may still be in this one's cache. */
static bool recovered_in_place(struct workload *w) {
    if (w->disk.state != DISK_UP || w->commit_failed || fv_chance(1, 2)) return false;
    FV_REACHABLE("a connection goes on after an I/O error");
    reader_end(w);
    return !database_in_transaction(&w->db) && verify(w);
}

static void session(struct workload *w) {
    session_open(w);
    fv_log("session: journal mode %s, synchronous %s", mode_names[w->mode], level_names[w->level]);
    uint64_t steps = 1 + fv_below(TRANSACTIONS_MAX);
    for (uint64_t i = 0; i < steps; i++)
        if (!step(w) && !recovered_in_place(w)) break;
    reader_end(w);
    if (w->disk.state == DISK_UP && w->stop_one_in != 0 && fv_chance(1, 3)) {
        w->phase = PHASE_IDLE;
        w->disk.state = fv_chance(1, 4) ? DISK_KILLED : DISK_POWER_LOST;
    }
    session_end(w);
}

/* ---- the timeline ---------------------------------------------------------------------------- */

static void workload_start(struct workload *w) {
    memset(w, 0, sizeof(*w));
    disk_start(&w->disk);
    if (!has_faults) w->disk.stop_one_in = 0;
    w->stop_one_in = w->disk.stop_one_in;
    w->page_bytes = 512U << fv_pick("page size", 3);
    w->auto_vacuum = fv_pick("auto vacuum", 3);
    w->savepoints.has_order = w->auto_vacuum != 0;
    fv_log("disk: sectors of %zu bytes, powersafe %d, directory durable %d, stops one in %u",
           w->disk.sector_bytes, w->disk.powersafe, w->disk.directory_durable, w->stop_one_in);
    vfs_start(&w->vfs, &w->disk);
    model_start(&w->model);
    sqlite3_config(SQLITE_CONFIG_LOG, notice, w);
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
    sqlite3_initialize();
}

FV_TARGET(sqlite) {
    struct workload *w = malloc(sizeof(*w));
    if (!w) abort();
    workload_start(w);
    uint64_t sessions = 2 + fv_below(SESSIONS_MAX - 1);
    for (uint64_t i = 0; i < sessions; i++) session(w);
    w->stop_one_in = 0;
    session_open(w);
    session_close(w);
    sqlite3_shutdown();
    disk_stop(&w->disk);
    free(w);
}
