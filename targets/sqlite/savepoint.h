/* What a rollback to a savepoint would have to undo, as marks of the variant whose workload drops
 * tables and indexes inside of savepoints. Knows of SQLite what it documents of auto vacuum: the
 * roots of trees come first in the file, so that a new one follows the last, and the last one is
 * moved to where another is dropped. Without auto vacuum nothing moves, and nothing is marked. */
#ifndef SAVEPOINT_H
#define SAVEPOINT_H

#include "database.h"

struct savepoints {
    bool has_order, has_log;             /* roots come first; WAL mode */
    uint32_t greatest;                   /* last root that any transaction began with */
    uint32_t first;                      /* and this one */
    uint32_t last[MODEL_SAVEPOINTS_MAX]; /* and each open savepoint */
    uint32_t free_pages;                 /* of the database, before the last drop */
    uint32_t moved;                      /* the root that it moved; 0: none */
    uint32_t dropped_in; /* so many, at least, hold a drop that is not undone; 0: there is none */
};

/* Each that may be false is so where the database did not answer. */

bool savepoint_transaction(struct savepoints *s, struct database *db);
/* Number `savepoint`, from 0 on, was opened. */
bool savepoint_begun(struct savepoints *s, struct database *db, uint32_t savepoint);
/* What is about to be dropped, as an expression on sqlite_schema. */
bool savepoint_drops(struct savepoints *s, struct database *db, const char *what);
/* It was, with `depth` of them open. */
void savepoint_dropped(struct savepoints *s, uint32_t depth);
/* Rolled back to this number. */
void savepoint_undone(struct savepoints *s, uint32_t savepoint);

#endif
