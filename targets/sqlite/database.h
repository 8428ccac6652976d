/* One connection to SQLite: statements that must not fail without a reason, and the reading of
 * all that the database holds. */
#ifndef DATABASE_H
#define DATABASE_H

#include "model.h"
#include "vfs.h"

enum { DATABASE_SQL_BYTES_MAX = 256, DATABASE_ANSWER_BYTES_MAX = 256 };

/* Statements that a connection prepares once, as applications do: SQLite prepares them again where
 * the schema has changed. Those of a table, or of a savepoint, are one for each number. */
enum statement {
    BEGIN,
    BEGIN_IMMEDIATE,
    COMMIT,
    ROLLBACK,
    SAVEPOINT,
    ROLLBACK_TO,
    RELEASE,
    ROW_UPDATE,
    ROW_REPLACE,
    ROWS_DELETE,
    ROWS_SELECT,
    SCHEMA_SELECT,
    MODE_SELECT,
    STAMP_SELECT,
    STAMP_COUNT,
    STATEMENTS
};

enum { STATEMENT_NUMBERS = 3 };

/* A table that several connections have beside the model's; its one row counts their commits. */
#define DATABASE_STAMP "stamp"

struct database {
    sqlite3 *handle;
    sqlite3_stmt *prepared[STATEMENTS][STATEMENT_NUMBERS];
    struct vfs *vfs;
    uint32_t faults_seen;                   /* the VFS's count before the running statement */
    const char *sql;                        /* of the last prepared statement; not owned */
    char answer[DATABASE_ANSWER_BYTES_MAX]; /* first column of the last row of the last statement */
};

/* Each returns SQLite's code, whatever it is. */
int database_try(struct database *db, enum statement which, uint32_t number);
/* Writes that version of a row, with its body, by ROW_UPDATE or ROW_REPLACE. */
int database_try_put(struct database *db, enum statement which, uint32_t table, uint32_t row,
                     uint32_t version);
int database_try_delete(struct database *db, uint32_t table, uint32_t first, uint32_t last);

/* Each returns false when the statement failed, and then the machine stopped or an I/O error was
 * injected meanwhile: nothing else may make a statement fail. */
bool database_open(struct database *db, struct vfs *vfs);
/* Does nothing when it is not open. */
void database_close(struct database *db);
bool database_run(struct database *db, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One without parameters. */
bool database_do(struct database *db, enum statement which, uint32_t number);
bool database_put(struct database *db, enum statement which, uint32_t table, uint32_t row,
                  uint32_t version);
bool database_delete(struct database *db, uint32_t table, uint32_t first, uint32_t last);
bool database_in_transaction(const struct database *db);

/* Reads all rows, checking each against its version. */
bool database_read(struct database *db, struct model_state *found);
/* The same, and holds `PRAGMA integrity_check` to its ok. */
bool database_verify(struct database *db, struct model_state *found);

#endif
