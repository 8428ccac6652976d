#include "database.h"

#include <assert.h>
#include <fuzzverse/fuzzverse.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PREPARED_WHOLE = -1 };

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN",
    [BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [SAVEPOINT] = "SAVEPOINT s%u",
    [ROLLBACK_TO] = "ROLLBACK TO s%u",
    [RELEASE] = "RELEASE s%u",
    [ROW_UPDATE] = "UPDATE t%u SET version = ?1, body = ?2 WHERE id = ?3",
    [ROW_REPLACE] = "REPLACE INTO t%u (id, version, body) VALUES (?3, ?1, ?2)",
    [ROWS_DELETE] = "DELETE FROM t%u WHERE id BETWEEN ?1 AND ?2",
    [ROWS_SELECT] = "SELECT id, version, body FROM t%u",
    [SCHEMA_SELECT] = "SELECT name FROM sqlite_schema",
    [MODE_SELECT] = "PRAGMA journal_mode",
    [STAMP_SELECT] = "SELECT n FROM " DATABASE_STAMP,
    [STAMP_COUNT] = "UPDATE " DATABASE_STAMP " SET n = n + 1",
};
static_assert(MODEL_TABLES <= STATEMENT_NUMBERS && MODEL_SAVEPOINTS_MAX <= STATEMENT_NUMBERS,
              "a statement for each table and savepoint");

static bool excused(const struct database *db) {
    return db->vfs->disk->state != DISK_UP || db->vfs->fault_count != db->faults_seen;
}

/* True for success. A failure needs a reason that this simulation gave. */
static bool settled(struct database *db, int code, const char *sql) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) {
        fv_log("sql: %s", sql);
        return true;
    }
    fv_log("sql: %s -> %s (%d)", sql, sqlite3_errmsg(db->handle),
           sqlite3_extended_errcode(db->handle));
    if (!excused(db)) fv_bug("a statement fails without a fault: %s", sqlite3_errmsg(db->handle));
    return false;
}

bool database_open(struct database *db, struct vfs *vfs) {
    memset(db, 0, sizeof(*db));
    db->vfs = vfs;
    db->faults_seen = vfs->fault_count;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2("db", &db->handle, flags, NULL);
    return settled(db, code, "open");
}

void database_close(struct database *db) {
    if (!db->handle) return;
    for (int i = 0; i < STATEMENTS; i++)
        for (int k = 0; k < STATEMENT_NUMBERS; k++) sqlite3_finalize(db->prepared[i][k]);
    int code = sqlite3_close(db->handle);
    FV_ALWAYS(code == SQLITE_OK, "a connection closes");
    db->handle = NULL;
}

static void answer_put(struct database *db, const char *value) {
    snprintf(db->answer, sizeof(db->answer), "%s", value ? value : "");
}

static int answer_keep(void *argument, int count, char **values, char **names) {
    (void)names;
    if (count > 0) answer_put(argument, values[0]);
    return 0;
}

bool database_run(struct database *db, const char *format, ...) {
    char sql[DATABASE_SQL_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof(sql), format, arguments);
    va_end(arguments);
    db->faults_seen = db->vfs->fault_count;
    db->answer[0] = '\0';
    return settled(db, sqlite3_exec(db->handle, sql, answer_keep, db, NULL), sql);
}

/* ---- prepared statements --------------------------------------------------------------------- */

/* NULL, and a code, where it cannot be prepared. */
static sqlite3_stmt *prepared(struct database *db, enum statement which, uint32_t number,
                              int *code) {
    sqlite3_stmt **statement = &db->prepared[which][number];
    db->faults_seen = db->vfs->fault_count;
    db->sql = texts[which];
    *code = SQLITE_OK;
    if (!*statement) {
        char sql[DATABASE_SQL_BYTES_MAX];
        snprintf(sql, sizeof(sql), texts[which], number);
        *code = sqlite3_prepare_v2(db->handle, sql, PREPARED_WHOLE, statement, NULL);
    }
    if (*statement) db->sql = sqlite3_sql(*statement);
    return *statement;
}

int database_try(struct database *db, enum statement which, uint32_t number) {
    int code = SQLITE_OK;
    sqlite3_stmt *statement = prepared(db, which, number, &code);
    db->answer[0] = '\0';
    if (!statement) return code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        answer_put(db, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_reset(statement);
    return code;
}

int database_try_put(struct database *db, enum statement which, uint32_t table, uint32_t row,
                     uint32_t version) {
    uint8_t body[MODEL_BODY_BYTES_MAX];
    uint32_t length = model_body(table, row, version, body);
    int code = SQLITE_OK;
    sqlite3_stmt *statement = prepared(db, which, table, &code);
    fv_log("row %u, version %u", row, version);
    if (!statement) return code;
    sqlite3_bind_int64(statement, 1, version);
    sqlite3_bind_blob(statement, 2, body, (int)length, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, row);
    code = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement); /* the body goes with this call */
    return code;
}

int database_try_delete(struct database *db, uint32_t table, uint32_t first, uint32_t last) {
    int code = SQLITE_OK;
    sqlite3_stmt *statement = prepared(db, ROWS_DELETE, table, &code);
    fv_log("rows %u to %u", first, last);
    if (!statement) return code;
    sqlite3_bind_int64(statement, 1, first);
    sqlite3_bind_int64(statement, 2, last);
    code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code;
}

bool database_do(struct database *db, enum statement which, uint32_t number) {
    int code = database_try(db, which, number);
    return settled(db, code, db->sql);
}

bool database_put(struct database *db, enum statement which, uint32_t table, uint32_t row,
                  uint32_t version) {
    int code = database_try_put(db, which, table, row, version);
    return settled(db, code, db->sql);
}

bool database_delete(struct database *db, uint32_t table, uint32_t first, uint32_t last) {
    int code = database_try_delete(db, table, first, last);
    return settled(db, code, db->sql);
}

bool database_in_transaction(const struct database *db) {
    return !sqlite3_get_autocommit(db->handle);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef void row_reader(struct model_state *found, uint32_t table, sqlite3_stmt *row);

static bool read_each(struct database *db, enum statement which, uint32_t table, row_reader *reader,
                      struct model_state *found) {
    int code = SQLITE_OK;
    sqlite3_stmt *statement = prepared(db, which, table, &code);
    if (statement) {
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) reader(found, table, statement);
        sqlite3_reset(statement);
    }
    return settled(db, code, db->sql);
}

static void schema_read(struct model_state *found, uint32_t unused, sqlite3_stmt *row) {
    (void)unused;
    const char *name = (const char *)sqlite3_column_text(row, 0);
    unsigned table = 0, index = 0;
    if (name && sscanf(name, "i%u_%u", &table, &index) == 2 && table < MODEL_TABLES &&
        index < MODEL_INDEXES)
        found->tables[table].indexed[index] = true;
    else if (name && sscanf(name, "t%u", &table) == 1 && table < MODEL_TABLES)
        found->tables[table].exists = true;
    else if (!name || strcmp(name, DATABASE_STAMP) != 0)
        FV_UNREACHABLE("the schema holds only what was created");
}

static void row_read(struct model_state *found, uint32_t table, sqlite3_stmt *row) {
    uint8_t body[MODEL_BODY_BYTES_MAX];
    int64_t id = sqlite3_column_int64(row, 0);
    uint32_t version = (uint32_t)sqlite3_column_int64(row, 1);
    bool known = id >= 0 && id < MODEL_ROWS && version != 0;
    FV_ALWAYS(known, "a row has an identity that was written");
    if (!known) return;
    uint32_t length = model_body(table, (uint32_t)id, version, body);
    bool same = (uint32_t)sqlite3_column_bytes(row, 2) == length &&
                (length == 0 || memcmp(sqlite3_column_blob(row, 2), body, length) == 0);
    FV_ALWAYS(same, "a row's body is the one of its version");
    found->tables[table].version[id] = version;
}

bool database_read(struct database *db, struct model_state *found) {
    memset(found, 0, sizeof(*found));
    if (!read_each(db, SCHEMA_SELECT, 0, schema_read, found)) return false;
    for (uint32_t i = 0; i < MODEL_TABLES; i++)
        if (found->tables[i].exists && !read_each(db, ROWS_SELECT, i, row_read, found))
            return false;
    return true;
}

bool database_verify(struct database *db, struct model_state *found) {
    if (!database_run(db, "PRAGMA integrity_check")) return false;
    bool ok = strcmp(db->answer, "ok") == 0;
    if (!ok) fv_log("integrity_check: %s", db->answer);
    FV_ALWAYS(ok, "PRAGMA integrity_check answers ok");
    return database_read(db, found);
}
