#include "store.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "leveldb/cache.h"
#include "leveldb/filter_policy.h"
#include "leveldb/iterator.h"
#include "marks.h"

using leveldb::DB;
using leveldb::Iterator;
using leveldb::Options;
using leveldb::ReadOptions;
using leveldb::Slice;
using leveldb::Status;

namespace {

const size_t kSmallCacheBytes = 16 << 10;
const int kBloomBits = 10;

/* Three things that RepairDB() gets wrong are kept away from it, but in the variants that
 * show them. It puts all tables on level 0, obsolete ones among them: there the file with
 * the greatest number passes for the newest with Get(), and deleted keys may come back. */
#ifdef FV_REPAIR_IS_TRUSTED
const bool kTrustsRepairs = true;
#else
const bool kTrustsRepairs = false;
#endif
/* And it does not sync the manifest that it writes. */
#ifdef FV_REPAIR_LOSES_POWER
const bool kRepairLosesPower = true;
#else
const bool kRepairLosesPower = false;
#endif

bool was_given_up, is_repairing;

Options options_of(Model *model, const Config &config, const Opening &opening) {
    Options options;
    options.env = env_new(model);
    options.create_if_missing = true;
    options.paranoid_checks = opening.is_paranoid;
    options.reuse_logs = opening.reuses_logs;
    options.compression = leveldb::kNoCompression;
    options.write_buffer_size = 1; /* LevelDB takes what it allows at least */
    options.max_file_size = 1;
    options.block_size = 1;
    if (config.has_filter) options.filter_policy = leveldb::NewBloomFilterPolicy(kBloomBits);
    if (config.has_small_cache) options.block_cache = leveldb::NewLRUCache(kSmallCacheBytes);
    return options;
}

/* What a recovery has brought back must be a prefix of the order, and long enough. */
void check_recovered(const Model &model, const State &found, uint32_t position) {
    fv_log("recovered %u of %u batches, at least %u must be there", position, model.end(),
           model.required());
    FV_ALWAYS(position <= model.end(), "what is recovered is one state that the database has had");
    bool is_lost = position < model.required();
    /* What a lie loses may lie between batches that are there. */
    if (fv_disk_has_lied(fv_node_self())) is_lost |= found != model.at(position);
    if (is_lost && model.power_was_lost()) fv_bug("a synced write does not survive a power loss");
    if (is_lost) fv_bug("an acknowledged write does not survive the end of the process");
    FV_ALWAYS(found == model.at(position), "batches are recovered whole and in their order");
}

void check_gets(DB *db, const Model &model, const State &found) {
    ReadOptions options;
    options.verify_checksums = true;
    for (uint32_t key = 0; key < MODEL_KEYS; key++)
        FV_ALWAYS(store_get(db, options, model, key) == found.versions[key],
                  "Get() and iterators agree after a recovery");
}

/* Whether a key may hold a version, given what must be there: what it held then or at any
 * time since. */
bool may_hold(const Model &model, uint32_t key, Version version) {
    for (uint32_t position = model.required(); position <= model.end(); position++)
        if (model.at(position).versions[key] == version) return true;
    return false;
}

/* RepairDB() says that it may lose data; what was synced and is undamaged it should keep. It
 * does not know which tables are obsolete, so that keys that were deleted, then or since,
 * may come back. */
void check_repaired(const Model &model, const State &found) {
    for (uint32_t key = 0; key < MODEL_KEYS; key++)
        FV_ALWAYS(may_hold(model, key, 0) || may_hold(model, key, found.versions[key]),
                  "RepairDB() loses no value that was synced");
}

/* Takes what a repair has left for the truth, once everything is compacted. */
void settle(DB *db, Model *model) {
    db->CompactRange(nullptr, nullptr);
    State found = store_scan(db, ReadOptions(), *model);
    check_repaired(*model, found);
    check_gets(db, *model, found);
    model->BeginFrom(found);
}

void check_whole(DB *db, Model *model, const Opening &opening) {
    State found = store_scan(db, ReadOptions(), *model);
    uint32_t position = model->FindBatch(found.last);
    check_recovered(*model, found, position);
    marks_recovered(*model, opening, position);
    model->Recovered(position);
    check_gets(db, *model, found);
}

void repair(Model *model, const Config &config, const Opening &opening) {
    if (!fv_disk_has(DATABASE_NAME "/CURRENT")) return;
    Options options = options_of(model, config, opening);
    is_repairing = true;
    if (!kRepairLosesPower) fv_quiet_begin();
    store_must_be_ok(leveldb::RepairDB(DATABASE_NAME, options), "RepairDB()");
    marks_repaired(*model);
    DB *db = nullptr;
    store_must_be_ok(DB::Open(options, DATABASE_NAME, &db), "opening what RepairDB() has left");
    if (kTrustsRepairs)
        check_whole(db, model, opening);
    else
        settle(db, model);
    delete db;
    if (!kRepairLosesPower) {
        fv_disk_sync_names(); /* or the manifest of the repair may yet be the one that counts */
        fv_quiet_end();
    }
    is_repairing = false;
}

} // namespace

bool store_was_given_up() { return was_given_up; }
bool store_is_repairing() { return is_repairing; }
bool store_is_fragile() { return is_repairing && !kRepairLosesPower; }

void store_must_be_ok(const Status &status, const char *what) {
    if (status.ok()) return;
    fv_log("%s: %s", what, status.ToString().c_str());
    if (fv_disk_has_lied(fv_node_self())) {
        was_given_up = true;
        fv_node_kill(fv_node_self());
    }
    if (status.IsCorruption()) fv_bug("corruption is reported that no fault explains: %s", what);
    fv_bug("an operation fails without a fault: %s", what);
}

DB *store_open(Model *model, const Config &config, const Opening &opening) {
    is_repairing = false; /* a power loss may have ended one */
    if (opening.repairs) repair(model, config, opening);
    DB *db = nullptr;
    Options options = options_of(model, config, opening);
    store_must_be_ok(DB::Open(options, DATABASE_NAME, &db), "opening the database");
    check_whole(db, model, opening);
    return db;
}

State store_scan(DB *db, const ReadOptions &options, const Model &model) {
    State state = {};
    Iterator *iterator = db->NewIterator(options);
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
        Slice name = iterator->key(), value = iterator->value();
        uint32_t key;
        if (name == kLastKey && value.size() == sizeof state.last) {
            memcpy(&state.last, value.data(), sizeof state.last);
            continue;
        }
        if (!key_from(name, &key)) fv_bug("the database has a key that nobody wrote");
        state.versions[key] = model.VersionOf(value, key);
        FV_ALWAYS(state.versions[key] != VERSION_MADE_UP, "every value is one that was written");
    }
    store_must_be_ok(iterator->status(), "an iterator");
    delete iterator;
    return state;
}

Version store_get(DB *db, const ReadOptions &options, const Model &model, uint32_t key) {
    std::string value;
    Status status = db->Get(options, key_of(key), &value);
    if (status.IsNotFound()) return 0;
    store_must_be_ok(status, "Get()");
    return model.VersionOf(value, key);
}

Shape store_shape(DB *db) {
    Shape shape = {};
    std::string value, name = "leveldb.num-files-at-level0";
    for (int level = 0; level < STORE_LEVELS; level++, name.back()++)
        if (db->GetProperty(name, &value)) shape.files[level] = atoi(value.c_str());
    return shape;
}

/* Reads lines like "--- level 1 ---" and " 12:35867['keya' @ 3 : 1 .. 'keyl' @ 15 : 1]". */
Shape store_numbered_shape(DB *db) {
    Shape shape = {};
    std::string tables;
    if (!db->GetProperty("leveldb.sstables", &tables)) return shape;
    int level = -1;
    long above = LONG_MAX, least = LONG_MAX; /* numbers: of the levels above, and of this one too */
    for (const char *line = tables.c_str(); *line != '\0'; line = strchr(line, '\n') + 1) {
        if (*line == '-') {
            level++;
            above = least;
            continue;
        }
        long number = strtol(line, nullptr, 10);
        if (level < STORE_LEVELS) shape.files[level]++;
        shape.is_crossed |= number > above;
        least = std::min(least, number);
    }
    return shape;
}
