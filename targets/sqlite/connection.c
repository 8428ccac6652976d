/* A connection's statements, and what it may read. */
#include "connections.h"

#include <fuzzverse/fuzzverse.h>
#include <fuzzverse/sim.h>
#include <stdarg.h>
#include <stdio.h>

enum { BUSY_TRIES_MAX = 6, BUSY_MS = 1 };

static bool is_down(const struct connection *c) { return c->world->disk.state != DISK_UP; }

/* What SQLite documents for connections that meet: busy, a snapshot that is too old to write on, a
 * table locked by a statement, and a lock that could not be had in a long row of tries. */
static enum outcome judge(struct connection *c, int code, const char *sql) {
    int primary = code & 0xff;
    if (primary == SQLITE_OK || primary == SQLITE_ROW || primary == SQLITE_DONE) {
        fv_log("%u: %s", c->index, sql);
        return OUTCOME_DONE;
    }
    fv_log("%u: %s -> %s (%d)", c->index, sql, sqlite3_errmsg(c->db.handle),
           sqlite3_extended_errcode(c->db.handle));
    if (is_down(c)) return OUTCOME_DOWN;
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_PROTOCOL)
        return OUTCOME_BUSY;
    FV_ALWAYS_OR_UNREACHABLE(primary != SQLITE_CORRUPT && primary != SQLITE_NOTADB,
                             "no connection finds the database malformed");
    fv_bug("a statement fails without a fault: %s", sqlite3_errmsg(c->db.handle));
}

/* Others run while it waits. Not for ever: two that wait for each other must both be let go. */
static int wait_busy(void *argument, int tries) {
    const struct connection *c = argument;
    if (tries >= BUSY_TRIES_MAX || is_down(c)) return 0;
    fv_sleep(FV_MS(BUSY_MS));
    return 1;
}

void connection_is_at(struct connection *c, enum activity activity) {
    if (!is_down(c)) c->activity = activity;
}

bool connection_open(struct connection *c) {
    connection_is_at(c, ACTIVITY_READ);
    if (!database_open(&c->db, &c->world->vfs)) return false;
    c->level = LEVEL_FULL; /* SQLite's default */
    c->view = (struct serial_view){0, 0};
    c->has_written = c->is_old_told = false;
    sqlite3_busy_handler(c->db.handle, wait_busy, c);
    return true;
}

void connection_close(struct connection *c) {
    connection_is_at(c, ACTIVITY_CLOSE);
    database_close(&c->db);
    connection_is_at(c, ACTIVITY_NONE);
}

enum outcome connection_run(struct connection *c, const char *format, ...) {
    char sql[DATABASE_SQL_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof(sql), format, arguments);
    va_end(arguments);
    if (is_down(c)) return OUTCOME_DOWN;
    return judge(c, sqlite3_exec(c->db.handle, sql, NULL, NULL, NULL), sql);
}

enum outcome connection_do(struct connection *c, enum statement which, uint32_t number) {
    if (is_down(c)) return OUTCOME_DOWN;
    int code = database_try(&c->db, which, number);
    return judge(c, code, c->db.sql);
}

enum outcome connection_put(struct connection *c, uint32_t table, uint32_t row, uint32_t version) {
    if (is_down(c)) return OUTCOME_DOWN;
    int code = database_try_put(&c->db, ROW_REPLACE, table, row, version);
    return judge(c, code, c->db.sql);
}

enum outcome connection_delete(struct connection *c, uint32_t table, uint32_t first,
                               uint32_t last) {
    if (is_down(c)) return OUTCOME_DOWN;
    int code = database_try_delete(&c->db, table, first, last);
    return judge(c, code, c->db.sql);
}

enum outcome connection_checkpoint(struct connection *c, int mode) {
    if (is_down(c)) return OUTCOME_DOWN;
    connection_is_at(c, ACTIVITY_CHECKPOINT);
    fv_log("%u: checkpoint, mode %d", c->index, mode);
    int code = sqlite3_wal_checkpoint_v2(c->db.handle, NULL, mode, NULL, NULL);
    return judge(c, code, "checkpoint");
}

/* ---- what is read ---------------------------------------------------------------------------- */

/* The snapshot that comes next is no older than this. */
static void begin_view(struct connection *c) {
    c->acked_before = c->world->serial.acked;
    c->headers_before = c->world->watch.headers;
}

static void check_view(struct connection *c, struct serial_view view) {
    struct serial *serial = &c->world->serial;
    fv_log("%u: sees %u, %016llx", c->index, view.stamp, (unsigned long long)view.digest);
    FV_ALWAYS(serial_knows(serial, view), "every read sees a state that was committed");
    FV_ALWAYS(view.stamp >= c->acked_before, "a read sees what was acknowledged before it");
    serial_settle(serial, view);
    c->view = view;
    c->headers = c->headers_before;
}

static bool read_stamp(struct database *db, uint32_t *stamp) {
    if (!database_do(db, STAMP_SELECT, 0)) return false;
    return sscanf(db->answer, "%u", stamp) == 1;
}

enum outcome connection_read_again(struct connection *c) {
    struct serial_view view = {0, 0};
    if (!read_stamp(&c->db, &view.stamp) || !database_read(&c->db, &c->state)) return OUTCOME_DOWN;
    view.digest = model_digest(&c->state);
    check_view(c, view);
    return OUTCOME_DONE;
}

/* The first statement takes the snapshot and may find the database busy; from then on only the
 * machine can get in the way. */
enum outcome connection_read(struct connection *c) {
    begin_view(c);
    enum outcome outcome = connection_do(c, STAMP_SELECT, 0);
    return outcome == OUTCOME_DONE ? connection_read_again(c) : outcome;
}

/* ---- the backup interface -------------------------------------------------------------------- */

enum { BACKUP_PAGES = 3, BACKUP_STEPS_MAX = 200 };

/* Pages come over in steps, between which others may write: then SQLite begins again. */
static int copy_pages(struct connection *c, sqlite3 *to) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", c->db.handle, "main");
    if (!backup) return sqlite3_extended_errcode(to);
    int code = SQLITE_OK;
    for (int i = 0; i < BACKUP_STEPS_MAX && code == SQLITE_OK; i++) {
        code = sqlite3_backup_step(backup, i + 1 < BACKUP_STEPS_MAX ? BACKUP_PAGES : -1);
        if (code == SQLITE_OK) fv_yield();
    }
    int ended = sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? ended : code;
}

static void check_copy(struct connection *c, struct database *copy) {
    struct serial_view view = {0, 0};
    struct model_state found;
    copy->faults_seen = c->world->vfs.fault_count;
    bool is_read = database_verify(copy, &found) && read_stamp(copy, &view.stamp);
    FV_ALWAYS_OR_UNREACHABLE(is_read, "a backup can be read");
    if (!is_read) return;
    view.digest = model_digest(&found);
    check_view(c, view);
}

enum outcome connection_backup(struct connection *c) {
    struct database copy = {.vfs = &c->world->vfs};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY;
    connection_is_at(c, ACTIVITY_READ);
    begin_view(c);
    int code = sqlite3_open_v2(":memory:", &copy.handle, flags, NULL);
    if (code == SQLITE_OK) code = copy_pages(c, copy.handle);
    enum outcome outcome = judge(c, code, "backup");
    if (outcome == OUTCOME_DONE) check_copy(c, &copy);
    database_close(&copy);
    return outcome;
}
