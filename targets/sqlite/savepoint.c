#include "savepoint.h"

#include <fuzzverse/fuzzverse.h>
#include <stdlib.h>

#ifdef FV_DROP_IN_SAVEPOINT
bool savepoint_begun(struct savepoints *s, struct database *db) {
    if (!database_run(db, "PRAGMA freelist_count")) return false;
    s->free_pages = atoi(db->answer);
    FV_SOMETIMES_EACH("a savepoint",
                      FV_KEYS({"auto vacuum", s->auto_vacuum}, {"free pages", s->free_pages > 0},
                              {"new tables", s->has_new_table}),
                      FV_QUALITY());
    return true;
}

bool savepoint_dropped(struct savepoints *s, struct database *db, uint32_t depth) {
    if (depth == 0) return true;
    if (!database_run(db, "PRAGMA freelist_count")) return false;
    int now = atoi(db->answer);
    s->free_since = now < s->free_pages ? 0 : now == s->free_pages ? 1 : 2;
    if (s->dropped_in == 0 || depth < s->dropped_in) s->dropped_in = depth;
    FV_SOMETIMES_EACH("a savepoint has a drop in it",
                      FV_KEYS({"auto vacuum", s->auto_vacuum}, {"free pages", s->free_pages > 0},
                              {"free since", s->free_since}, {"new tables", s->has_new_table}),
                      FV_QUALITY());
    return true;
}

void savepoint_undone(struct savepoints *s, uint32_t savepoint) {
    if (savepoint >= s->dropped_in) return;
    s->dropped_in = 0;
    FV_SOMETIMES_EACH("a drop is rolled back",
                      FV_KEYS({"auto vacuum", s->auto_vacuum}, {"free pages", s->free_pages > 0},
                              {"free since", s->free_since}, {"new tables", s->has_new_table}),
                      FV_QUALITY());
}
#else
bool savepoint_begun(struct savepoints *s, struct database *db) {
    (void)s, (void)db;
    return true;
}

bool savepoint_dropped(struct savepoints *s, struct database *db, uint32_t depth) {
    (void)s, (void)db, (void)depth;
    return true;
}

void savepoint_undone(struct savepoints *s, uint32_t savepoint) { (void)s, (void)savepoint; }
#endif
