#include "savepoint.h"

#include <fuzzverse/fuzzverse.h>
#include <stdlib.h>

#ifdef FV_DROP_IN_SAVEPOINT
static bool count(struct database *db, const char *what, uint32_t *number) {
    if (!database_run(db, "%s", what)) return false;
    *number = (uint32_t)strtoul(db->answer, NULL, 10);
    return true;
}

static bool last_root(struct database *db, uint32_t *root) {
    return count(db, "SELECT max(rootpage) FROM sqlite_schema", root);
}

static bool free_pages(struct database *db, uint32_t *pages) {
    return count(db, "PRAGMA freelist_count", pages);
}

/* Which tree has that root, seen from a savepoint that began with `last` as the last one. */
enum tree { TREE_NONE, TREE_OLD, TREE_NEW, TREE_IN_PLACE_OF_ANOTHER };

static int64_t tree_of(const struct savepoints *s, uint32_t root, uint32_t last) {
    if (root == 0) return TREE_NONE;
    if (root <= s->first || root > last) return TREE_OLD; /* or one that goes with the savepoint */
    return root <= s->greatest ? TREE_IN_PLACE_OF_ANOTHER : TREE_NEW;
}

bool savepoint_transaction(struct savepoints *s, struct database *db) {
    s->dropped_in = 0;
    if (!last_root(db, &s->first)) return false;
    if (s->first > s->greatest) s->greatest = s->first;
    return true;
}

bool savepoint_begun(struct savepoints *s, struct database *db, uint32_t savepoint) {
    uint32_t *last = &s->last[savepoint], pages = 0;
    if (!last_root(db, last) || !free_pages(db, &pages)) return false;
    if (s->has_order)
        FV_SOMETIMES_EACH("a savepoint where roots are in order",
                          FV_KEYS({"log", s->has_log}, {"free pages", pages > 0},
                                  {"last", tree_of(s, *last, *last)}),
                          FV_QUALITY());
    return true;
}

bool savepoint_drops(struct savepoints *s, struct database *db, const char *what) {
    if (!free_pages(db, &s->free_pages)) return false;
    if (!database_run(db,
                      "SELECT max(rootpage) FROM sqlite_schema WHERE NOT %s HAVING "
                      "max(rootpage) > (SELECT min(rootpage) FROM sqlite_schema WHERE %s)",
                      what, what))
        return false;
    s->moved = s->has_order ? (uint32_t)strtoul(db->answer, NULL, 10) : 0;
    return true;
}

void savepoint_dropped(struct savepoints *s, uint32_t depth) {
    if (depth == 0) return;
    if (s->dropped_in == 0 || depth < s->dropped_in) s->dropped_in = depth;
    if (s->moved != 0)
        FV_SOMETIMES_EACH("a drop in a savepoint moves a tree",
                          FV_KEYS({"log", s->has_log}, {"free pages", s->free_pages > 0},
                                  {"moved", tree_of(s, s->moved, s->last[depth - 1])}),
                          FV_QUALITY());
}

void savepoint_undone(struct savepoints *s, uint32_t savepoint) {
    if (savepoint >= s->dropped_in) return;
    s->dropped_in = 0;
    if (s->moved != 0)
        FV_SOMETIMES_EACH("a drop that moved a tree is rolled back",
                          FV_KEYS({"log", s->has_log}, {"free pages", s->free_pages > 0},
                                  {"moved", tree_of(s, s->moved, s->last[savepoint])}),
                          FV_QUALITY());
}
#else
bool savepoint_transaction(struct savepoints *s, struct database *db) {
    (void)s, (void)db;
    return true;
}

bool savepoint_begun(struct savepoints *s, struct database *db, uint32_t savepoint) {
    (void)s, (void)db, (void)savepoint;
    return true;
}

bool savepoint_drops(struct savepoints *s, struct database *db, const char *what) {
    (void)s, (void)db, (void)what;
    return true;
}

void savepoint_dropped(struct savepoints *s, uint32_t depth) { (void)s, (void)depth; }

void savepoint_undone(struct savepoints *s, uint32_t savepoint) { (void)s, (void)savepoint; }
#endif
