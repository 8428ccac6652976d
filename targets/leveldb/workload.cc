/* The real LevelDB in a process that loses power, is killed or closes its database, and
 * starts again.
 *
 * * Writers write batches, some of them synced; readers hold iterators and snapshots open;
 * somebody flushes and compacts. Each of them is a task, and so is LevelDB's own background
 * work. */
#include <algorithm>
#include <vector>

#include "leveldb/iterator.h"
#include "store.h"

using leveldb::DB;
using leveldb::Iterator;
using leveldb::ReadOptions;
using leveldb::Slice;
using leveldb::Snapshot;
using leveldb::WriteBatch;
using leveldb::WriteOptions;

namespace {

enum { LIVES_MAX = 4, WRITERS_MAX = 3, READERS_MAX = 2, STEPS_MAX = 14, BATCH_PUTS_MAX = 4 };
enum { VALUE_BYTES_MAX = 400, BIG_VALUE_BYTES_MAX = 24000, MOVES_MAX = 6 };
enum Phase { PHASE_OPENING, PHASE_WORKING, PHASE_CLOSING };

const uint32_t kPowerLossPpm = 20000;
const uint64_t kKillUsMax = 3000; /* a life takes as long as its syncs */
/* With `reuse_logs` LevelDB goes on behind whatever a log ends with, and a record that a
 * power loss or the end of the process has cut swallows what comes behind it. So only closed
 * logs are reused, but in the variant that shows it. */
#ifdef FV_REUSE_CUT_LOGS
const bool kReusesCutLogs = true;
#else
const bool kReusesCutLogs = false;
#endif
/* Of what is appended to a file and not synced a power loss takes the end, as journalling
 * file systems have it that grow a file after its data is written; or, in a variant, any
 * pages. */
#ifdef FV_ANY_PAGES
const bool kAnyPages = true;
#else
const bool kAnyPages = false;
#endif
#ifdef FV_LYING_SYNCS
const uint32_t kLyingSyncsPpm = 1000;
#else
const uint32_t kLyingSyncsPpm = 0;
#endif
/* Of what a lie has damaged a repair may leave anything. */
#if defined FV_LYING_SYNCS || defined FV_NO_REPAIRS
const bool kRepairs = false;
#else
const bool kRepairs = true;
#endif

/* One life of the process, and what outlives it. */
struct World {
    Model model;
    Config config;
    uint32_t life;
    Phase phase;
    bool is_done;    /* with its work: may be killed */
    bool was_closed; /* the database, by the life before */
    DB *db;
    Shape shape;
    uint32_t compactions; /* in this life, by hand */
    uint32_t held;        /* snapshots and iterators */
};
World *world;

int capped(uint32_t value, uint32_t most) { return static_cast<int>(std::min(value, most)); }
int few(int value, int most) { return std::min(value, most); }

/* ---- marks ----------------------------------------------------------------------------------- */

/* How the tables lie on the levels, and how much is at stake. */
void mark_shape() {
    world->shape = store_shape(world->db);
    const int *files = world->shape.files;
    uint32_t unsynced = world->model.acked() - world->model.synced();
    FV_SOMETIMES_EACH("tables on levels",
                      FV_KEYS({"level 0", few(files[0], 5)}, {"level 1", few(files[1], 2)},
                              {"level 2", few(files[2], 2)}, {"level 3", few(files[3], 2)},
                              {"is compacting", env_work().is_background},
                              {"is unsynced", unsynced > 0}),
                      FV_QUALITY());
}

/* What a life leaves behind. Numbers that cross are what a repair gets wrong. */
void mark_end_of_work() {
    world->shape = store_numbered_shape(world->db);
    const int *files = world->shape.files;
    uint32_t unsynced = world->model.acked() - world->model.synced();
    FV_SOMETIMES_EACH("what a life leaves behind",
                      FV_KEYS({"level 0", few(files[0], 3)}, {"level 1", few(files[1], 2)},
                              {"level 2", few(files[2], 1)}, {"crossed", world->shape.is_crossed},
                              {"unsynced", capped(unsynced, 2)}, {"life", capped(world->life, 2)}),
                      FV_QUALITY());
}

/* What a power loss or the end of the process met. */
void mark_end(Ending ending) {
    const EnvWork &work = env_work();
    uint32_t unsynced = world->model.acked() - world->model.synced();
    FV_SOMETIMES_EACH("what the end of a life meets",
                      FV_KEYS({"power was lost", ending == ENDING_POWER_LOST},
                              {"phase", world->phase}, {"life", capped(world->life, 2)},
                              {"tables", capped(work.tables_open, 2)},
                              {"manifest", work.is_manifest_open},
                              {"compaction", work.is_background}, {"unsynced", capped(unsynced, 2)},
                              {"tables of level 0", few(world->shape.files[0], 3)}),
                      FV_QUALITY());
}

/* A disk that has lied, and what nothing but a power loss would show. */
#ifdef FV_LYING_SYNCS
void mark_stake(bool is_synced) {
    const EnvWork &work = env_work();
    if (!work.is_log_at_stake && !work.is_manifest_at_stake) return;
    FV_SOMETIMES_EACH("a lie is at stake",
                      FV_KEYS({"log", work.is_log_at_stake}, {"phase", world->phase},
                              {"is synced", is_synced}, {"life", capped(world->life, 2)}),
                      FV_QUALITY());
}
#else
void mark_stake(bool) {}
#endif

void mark_held(uint32_t since) {
    FV_SOMETIMES_EACH("snapshots and iterators outlive compactions",
                      FV_KEYS({"held", capped(world->held, 3)},
                              {"compactions since", capped(world->compactions - since, 3)},
                              {"tables of level 0", few(world->shape.files[0], 3)}),
                      FV_QUALITY());
}

/* ---- writers --------------------------------------------------------------------------------- */

size_t drawn_bytes() {
    if (world->config.has_big_values && fv_chance(1, 4)) return fv_below(BIG_VALUE_BYTES_MAX);
    return fv_below(VALUE_BYTES_MAX);
}

void write_batch() {
    Model &model = world->model;
    WriteBatch batch;
    for (uint64_t n = 1 + fv_below(BATCH_PUTS_MAX); n > 0; n--) {
        uint32_t key = static_cast<uint32_t>(fv_below(MODEL_KEYS));
        if (fv_chance(1, 4))
            model.Delete(&batch, key);
        else
            model.Put(&batch, key, drawn_bytes());
    }
    uint32_t number = model.Finish(&batch);
    WriteOptions options;
    options.sync = fv_chance(1, 3);
    store_must_be_ok(world->db->Write(options, &batch), "a write");
    model.Acknowledged(number, options.sync);
    mark_stake(options.sync);
    fv_log("batch %u is acknowledged%s", number, options.sync ? ", synced" : "");
}

void run_writer(void *) {
    for (uint64_t n = fv_below(world->config.steps + 1); n > 0; n--) {
        write_batch();
        if (fv_chance(1, 4)) mark_shape();
        fv_task_step();
    }
}

/* ---- readers --------------------------------------------------------------------------------- */

/* Something that shows one state of the database for as long as it is held. */
struct View {
    uint32_t position;
    uint32_t compactions; /* when it was made */
};

/* Which state the value of the last key names; it must be one that was there in between. */
uint32_t position_between(uint32_t number, uint32_t earliest) {
    uint32_t position = world->model.FindBatch(number);
    FV_ALWAYS(position >= earliest && position <= world->model.end(),
              "a reader sees every batch that was acknowledged before");
    return position;
}

uint32_t number_in(const Slice &value) {
    uint32_t number = 0;
    if (value.size() == sizeof number) memcpy(&number, value.data(), sizeof number);
    return number;
}

void get_key() {
    uint32_t key = static_cast<uint32_t>(fv_below(MODEL_KEYS)), earliest = world->model.acked();
    Version version = store_get(world->db, ReadOptions(), world->model, key);
    for (uint32_t position = earliest; position <= world->model.end(); position++)
        if (world->model.at(position).versions[key] == version) return;
    fv_bug("Get() answers what the key did not hold at the time");
}

/* A snapshot, read in a few steps between which anything may happen. */
void hold_snapshot() {
    uint32_t earliest = world->model.acked();
    ReadOptions options;
    options.snapshot = world->db->GetSnapshot();
    options.fill_cache = fv_chance(1, 2);
    View view = {0, world->compactions};
    world->held++;
    std::string value;
    leveldb::Status status = world->db->Get(options, kLastKey, &value);
    if (!status.IsNotFound()) store_must_be_ok(status, "Get() of a snapshot");
    view.position = position_between(number_in(value), earliest);
    const State &state = world->model.at(view.position);
    for (uint64_t n = fv_below(MOVES_MAX); n > 0; n--) {
        uint32_t key = static_cast<uint32_t>(fv_below(MODEL_KEYS));
        Version version = store_get(world->db, options, world->model, key);
        FV_ALWAYS(version == world->model.at(view.position).versions[key], "snapshots are stable");
        mark_held(view.compactions);
        fv_yield();
    }
    State scanned = store_scan(world->db, options, world->model);
    FV_ALWAYS(scanned == world->model.at(view.position), "a snapshot is one state");
    (void)state;
    world->db->ReleaseSnapshot(options.snapshot);
    world->held--;
}

/* Where an iterator stands among the keys of a state: 0 is the last key, 1 + n is key n. */
class Cursor {
  public:
    Cursor(const State &state) : state_(state) {}
    bool Has(int at) const { return at == 0 ? state_.last != 0 : state_.versions[at - 1] != 0; }
    bool is_valid() const { return at_ >= 0 && at_ <= MODEL_KEYS; }
    void GoOn(int from, int step) {
        for (at_ = from; is_valid() && !Has(at_);) at_ += step;
    }
    int at() const { return at_; }

  private:
    const State state_;
    int at_ = -1;
};

void check_cursor(const Cursor &cursor, const State &state, Iterator *iterator) {
    store_must_be_ok(iterator->status(), "an iterator that is held");
    FV_ALWAYS(iterator->Valid() == cursor.is_valid(), "iterators end where their state does");
    if (!cursor.is_valid()) return;
    bool is_last = cursor.at() == 0;
    uint32_t key = static_cast<uint32_t>(cursor.at() - 1);
    std::string name = is_last ? kLastKey : key_of(key);
    FV_ALWAYS(iterator->key() == name, "iterators see the keys of their state");
    bool is_same = is_last ? number_in(iterator->value()) == state.last
                           : world->model.VersionOf(iterator->value(), key) == state.versions[key];
    FV_ALWAYS(is_same, "iterators see the values of their state");
}

void move_iterator(Cursor *cursor, Iterator *iterator) {
    int target = static_cast<int>(fv_below(MODEL_KEYS + 1));
    switch (fv_below(cursor->is_valid() ? 6 : 3)) {
    case 0: iterator->SeekToFirst(); return cursor->GoOn(0, 1);
    case 1: iterator->SeekToLast(); return cursor->GoOn(MODEL_KEYS, -1);
    case 2:
        iterator->Seek(target == 0 ? kLastKey : key_of(static_cast<uint32_t>(target - 1)));
        return cursor->GoOn(target, 1);
    case 3: iterator->Prev(); return cursor->GoOn(cursor->at() - 1, -1);
    default: iterator->Next(); return cursor->GoOn(cursor->at() + 1, 1);
    }
}

void hold_iterator() {
    uint32_t earliest = world->model.acked(), compactions = world->compactions;
    ReadOptions options;
    options.verify_checksums = fv_chance(1, 2);
    Iterator *iterator = world->db->NewIterator(options);
    world->held++;
    iterator->Seek(kLastKey);
    bool has_last = iterator->Valid() && iterator->key() == kLastKey;
    uint32_t number = has_last ? number_in(iterator->value()) : 0;
    State state = world->model.at(position_between(number, earliest));
    Cursor cursor(state);
    cursor.GoOn(0, 1);
    check_cursor(cursor, state, iterator);
    for (uint64_t n = fv_below(2 * MOVES_MAX); n > 0; n--) {
        move_iterator(&cursor, iterator);
        check_cursor(cursor, state, iterator);
        mark_held(compactions);
        if (fv_chance(1, 2)) fv_yield();
    }
    delete iterator;
    world->held--;
}

void run_reader(void *) {
    for (uint64_t n = fv_below(world->config.steps + 1); n > 0; n--) {
        switch (fv_below(4)) {
        case 0: hold_snapshot(); break;
        case 1: hold_iterator(); break;
        default: get_key();
        }
        fv_task_step();
    }
}

/* ---- flushes and compactions ----------------------------------------------------------------- */

/* A range without keys: what is in memory becomes a table, and nothing else happens. */
void flush() {
    Slice none("~");
    world->db->CompactRange(&none, &none);
}

void compact() {
    std::string from = key_of(static_cast<uint32_t>(fv_below(MODEL_KEYS)));
    std::string to = key_of(static_cast<uint32_t>(fv_below(MODEL_KEYS)));
    Slice begin(std::min(from, to)), end(std::max(from, to));
    bool is_whole = fv_chance(1, 4);
    world->db->CompactRange(is_whole ? nullptr : &begin, is_whole ? nullptr : &end);
    world->compactions++;
}

void run_compactor(void *) {
    for (uint64_t n = fv_below(world->config.steps / 2 + 1); n > 0; n--) {
        if (fv_chance(1, 4))
            compact();
        else
            flush();
        mark_shape();
        fv_task_step();
    }
}

/* ---- lives ----------------------------------------------------------------------------------- */

Opening drawn_opening() {
    Opening opening;
    opening.is_paranoid =
        !kAnyPages && fv_chance(1, 2); /* or it refuses what is damaged, rightly */
    opening.reuses_logs = fv_chance(1, 2);
    if (!kReusesCutLogs && !world->was_closed) opening.reuses_logs = false;
    opening.repairs = kRepairs && world->life > 1 && fv_chance(1, 12);
    if (opening.repairs) opening.reuses_logs = false; /* or the manifest of the repair is kept */
    world->was_closed = false;
    return opening;
}

void work() {
    std::vector<fv_task> tasks;
    for (uint32_t n = 0; n < world->config.writers; n++)
        tasks.push_back(fv_spawn("writer", run_writer, nullptr));
    for (uint32_t n = 0; n < world->config.readers; n++)
        tasks.push_back(fv_spawn("reader", run_reader, nullptr));
    tasks.push_back(fv_spawn("compactor", run_compactor, nullptr));
    for (fv_task task : tasks) fv_join(task);
}

void run_process(void *) {
    world->phase = PHASE_OPENING;
    world->db = store_open(&world->model, world->config, drawn_opening());
    mark_shape();
    world->phase = PHASE_WORKING;
    work();
    world->phase = PHASE_CLOSING;
    mark_end_of_work();
    mark_stake(false);
    switch (fv_below(3)) {
    case 0: fv_node_crash(fv_node_self()); break;
    case 1: delete world->db; break;
    default: break;
    }
    world->is_done = true;
}

void boot(void *) { fv_spawn("process", run_process, nullptr); }

/* Until the process is done or gone, or its time is up, but never in the middle of a repair. */
void wait_for(fv_node node) {
    if (fv_chance(1, 4))
        fv_sleep(FV_US(fv_below(kKillUsMax)));
    else
        while (fv_node_is_up(node) && !world->is_done) fv_sleep(FV_MS(10));
    while (fv_node_is_up(node) && store_is_repairing()) fv_sleep(FV_MS(10));
}

void live(fv_node node) {
    world->life++;
    world->is_done = false;
    world->held = world->compactions = 0;
    fv_node_start(node);
    wait_for(node);
    Ending ending = ENDING_POWER_LOST;
    fv_atomic_begin();
    if (fv_node_is_up(node)) {
        ending = ENDING_KILLED;
    }
    mark_end(ending);
    if (ending == ENDING_KILLED) fv_node_kill(node);
    fv_atomic_end();
    world->model.Ended(ending);
}

Config drawn_config() {
    Config config;
    config.has_big_values = fv_chance(1, 3);
    config.has_filter = fv_chance(1, 3);
    config.has_small_cache = fv_chance(1, 3);
    config.lives = 2 + static_cast<uint32_t>(fv_below(LIVES_MAX - 1));
    config.writers = 1 + static_cast<uint32_t>(fv_below(WRITERS_MAX));
    config.readers = static_cast<uint32_t>(fv_below(READERS_MAX + 1));
    config.steps = 2 + static_cast<uint32_t>(fv_below(STEPS_MAX - 1));
    return config;
}

} // namespace

FV_TARGET(leveldb) {
    fv_model model = {};
    fv_disk_model &disk = model.disk;
    disk.loses_names = true;
    disk.page_bytes = 512;
    disk.power_loss = kPowerLossPpm;
    disk.torn_pages = 500000;
    disk.is_ordered = !kAnyPages;
    disk.sync_ns = FV_US(100);
    disk.lying_syncs = kLyingSyncsPpm;
    fv_sim_open(&model);
    if (fv_chance(1, 4)) fv_share_all(); /* memtables are read while they are written */
    world = new World();
    world->config = drawn_config();
    fv_node node = fv_node_new("leveldb", boot, nullptr);
    while (world->life < world->config.lives && !store_was_given_up()) live(node);
}
