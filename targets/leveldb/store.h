/* The database under test: opened, read whole, and compared with the model. Whatever is
 * wrong ends the timeline as a bug, unless the disk has lied. */
#ifndef FV_LEVELDB_STORE_H
#define FV_LEVELDB_STORE_H

#include <fuzzverse/sim.h>

#include "leveldb/db.h"
#include "model.h"

enum { STORE_LEVELS = 4 }; /* of LevelDB's seven, those that short timelines fill */

/* What a root has drawn. */
struct Config {
    bool has_big_values, has_filter, has_small_cache;
    uint32_t lives, writers, readers, steps;
    uint32_t sync_one_in; /* batches */
    /* One in so many: moments with a fault, lives that end otherwise than closed, openings with a
     * repair. */
    uint32_t fault_one_in, end_one_in, repair_one_in;
};

/* How the process opens the database this time. */
struct Opening {
    bool is_paranoid, reuses_logs, repairs;
};

struct Shape {
    int files[STORE_LEVELS];
    /* A table of a deeper level, which is older, has a greater number than one above it. */
    bool is_crossed;
};

leveldb::DB *store_open(Model *model, const Config &config, const Opening &opening);
/* All keys, by an iterator. */
State store_scan(leveldb::DB *db, const leveldb::ReadOptions &options, const Model &model);
/* One key, by Get(). */
Version store_get(leveldb::DB *db, const leveldb::ReadOptions &options, const Model &model,
                  uint32_t key);
Shape store_shape(leveldb::DB *db);
/* With their numbers; slower. */
Shape store_numbered_shape(leveldb::DB *db);
/* Ends the timeline as a bug where a status is an error and the disk has not lied. Where it
 * has, the process ends, and the database is given up: LevelDB has noticed what it can no
 * longer mend. */
void store_must_be_ok(const leveldb::Status &status, const char *what);
bool store_was_given_up();
/* RepairDB() and what follows it is under way. */
bool store_is_repairing();
/* And no power may be lost in it. */
bool store_is_fragile();

#endif
