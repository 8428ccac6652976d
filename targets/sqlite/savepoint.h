/* What a rollback to a savepoint would have to undo, as marks of the variant whose workload drops
 * tables and indexes inside of savepoints. */
#ifndef SAVEPOINT_H
#define SAVEPOINT_H

#include "database.h"

struct savepoints {
    uint32_t auto_vacuum;
    int free_pages;      /* of the database, when the last one began */
    int free_since;      /* 0: fewer at the last drop, 1: as many, 2: more */
    bool has_new_table;  /* the transaction */
    uint32_t dropped_in; /* so many, at least, hold a drop that is not undone; 0: there is none */
};

/* One was opened; false: the database did not answer. */
bool savepoint_begun(struct savepoints *s, struct database *db);
/* With `depth` of them open, a table or an index was dropped; false: as above. */
bool savepoint_dropped(struct savepoints *s, struct database *db, uint32_t depth);
/* Rolled back to number `savepoint`, from 0 on. */
void savepoint_undone(struct savepoints *s, uint32_t savepoint);

#endif
