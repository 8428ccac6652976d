/* LevelDB's Env on the simulation kit: files of a node's disk, background work as a task. */
#ifndef FV_LEVELDB_ENV_H
#define FV_LEVELDB_ENV_H

#include <fuzzverse/sim.h>

#include <string>

#include "leveldb/env.h"

#define DATABASE_NAME "db"

/* Told of every batch group in the order in which it goes to a log, before it is written there. */
class LogObserver {
  public:
    virtual ~LogObserver() = default;
    virtual void Logged(const leveldb::Slice &record) = 0;
};

/* What is under way, for marks. */
struct EnvWork {
    uint32_t tables_open; /* being written */
    uint32_t logs_read;
    uint32_t logs;      /* that there are */
    bool is_log_synced; /* the newest, since it was begun */
    /* Records of the log written to last that are not synced and begin in a later block than the
     * first such one. */
    uint32_t records_behind;
    bool is_manifest_unsynced; /* something was written to it, or it has just been begun */
    bool is_background;        /* a compaction is under way */
    /* A sync was a lie, and none of the same file has been honest since: what a power loss
     * shows. */
    bool is_log_at_stake, is_manifest_at_stake;
};

/* For one start of the process: locks and background work go with it. `observer` must
 * outlive it. */
leveldb::Env *env_new(LogObserver *observer);
const EnvWork &env_work();

/* The workload's: told when a file was begun, synced, closed, renamed or removed, and before it is
 * synced. The node may go down in it. */
void workload_moment();

#endif
