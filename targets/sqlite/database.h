/* One connection to SQLite: statements that must not fail without a reason, and the reading of
 * all that the database holds. */
#ifndef DATABASE_H
#define DATABASE_H

#include "model.h"
#include "vfs.h"

enum { DATABASE_SQL_BYTES_MAX = 256, DATABASE_ANSWER_BYTES_MAX = 256 };

struct database {
    sqlite3 *handle;
    struct vfs *vfs;
    uint32_t faults_seen;                   /* the VFS's count before the running statement */
    char answer[DATABASE_ANSWER_BYTES_MAX]; /* first column of the last row of the last statement */
};

/* Every function that returns bool: false says that it failed because of an injected error or
 * because the machine stopped. Any other failure ends the timeline as a bug. */

bool database_open(struct database *db, struct vfs *vfs);
void database_close(struct database *db);
bool database_run(struct database *db, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Runs a statement with the parameters version and body of that row. */
bool database_run_row(struct database *db, const char *sql, uint32_t table, uint32_t row,
                      uint32_t version);
bool database_in_transaction(const struct database *db);

/* Reads all rows, checking each against its version. */
bool database_read(struct database *db, struct model_state *found);
/* The same, and holds `PRAGMA integrity_check` to its ok. */
bool database_verify(struct database *db, struct model_state *found);

#endif
