/* The real LevelDB in a process that loses power, is killed or closes its database, and
 * starts again.
 *
 * * Writers write batches, some of them synced; readers hold iterators and snapshots open;
 * somebody flushes and compacts. Each of them is a task, and so is LevelDB's own background
 * work. */
#include <algorithm>
#include <vector>

#include "leveldb/iterator.h"
#include "marks.h"

using leveldb::DB;
using leveldb::Iterator;
using leveldb::ReadOptions;
using leveldb::Slice;
using leveldb::Snapshot;
using leveldb::WriteBatch;
using leveldb::WriteOptions;

namespace {

enum { LIVES_MAX = 3, WRITERS_MAX = 3, READERS_MAX = 2, STEPS_MAX = 14, BATCH_PUTS_MAX = 4 };
enum { VALUE_BYTES_MAX = 400, BIG_VALUE_BYTES_MAX = 24000, MOVES_MAX = 6 };
/* A root draws how rare it is what befalls the process; each rate is half of the one before.
 * Random seeds then see the good days for the most part. What the search tries beside them are
 * extreme draws, at which a chance strikes. */
enum {
    FAULT_ONE_IN_MIN = 32768,
    END_ONE_IN_MIN = 512,
    REPAIR_ONE_IN_MIN = 512,
    SYNC_ONE_IN_MIN = 2,
    RATES = 3
};

const uint32_t kPowerLossPpm = 8;
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
    bool is_last;  /* only to be looked at: nothing befalls it */
    bool is_done;  /* with its work: may be killed */
    Ending ending; /* of this life, or of the one before */
    Opening opening;
    DB *db;
    Shape shape;
    uint32_t compactions; /* in this life, by hand */
    uint32_t held;        /* snapshots and iterators */
};
World *world;

/* ---- what befalls the process ---------------------------------------------------------------- */

/* The node goes down; does not return. A repair is not killed. */
void fault() {
    enum { POWER_LOSS, KILL, KINDS };
    if (store_is_repairing() || fv_pick("fault", KINDS) == POWER_LOSS)
        fv_node_crash(fv_node_self());
    world->ending = ENDING_KILLED;
    fv_node_kill(fv_node_self());
}

void chance_of_fault(uint32_t one_in) {
    if (world->is_last || store_is_fragile() || !fv_chance(1, one_in)) return;
    fault();
}

void look_at_shape() {
    world->shape = store_shape(world->db);
    marks_shape(world->shape);
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
    options.sync = fv_chance(1, world->config.sync_one_in);
    store_must_be_ok(world->db->Write(options, &batch), "a write");
    model.Acknowledged(number, options.sync);
    marks_stake(world->phase, options.sync);
    fv_log("batch %u is acknowledged%s", number, options.sync ? ", synced" : "");
    workload_moment();
}

void run_writer(void *) {
    for (uint64_t n = fv_below(world->config.steps + 1); n > 0; n--) {
        write_batch();
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

void mark_held(uint32_t since) {
    marks_held(world->shape, world->held, world->compactions - since);
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
        look_at_shape();
        fv_task_step();
    }
}

/* ---- lives ----------------------------------------------------------------------------------- */

Opening drawn_opening() {
    Opening opening = {};
    opening.repairs = kRepairs && world->life > 1 && fv_chance(1, world->config.repair_one_in);
    if (!kAnyPages) opening.is_paranoid = fv_chance(1, 2); /* or it refuses what is damaged */
    if (opening.repairs) return opening; /* with reused logs its manifest would be kept */
    if (kReusesCutLogs || world->ending == ENDING_CLOSED) opening.reuses_logs = fv_chance(1, 2);
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
    world->db = store_open(&world->model, world->config, world->opening);
    look_at_shape();
    world->phase = PHASE_WORKING;
    if (!world->is_last) work();
    world->phase = PHASE_CLOSING;
    world->shape = store_numbered_shape(world->db);
    marks_stake(world->phase, false);
    chance_of_fault(world->config.end_one_in);
    delete world->db;
    workload_moment();
    world->ending = ENDING_CLOSED;
    world->is_done = true;
}

void boot(void *) { fv_spawn("process", run_process, nullptr); }

/* Until the process is done or gone, or its time is up, but never in the middle of a repair. */
void wait_for(fv_node node) {
    if (!world->is_last && fv_chance(1, world->config.end_one_in))
        fv_sleep(FV_US(fv_below(kKillUsMax)));
    else
        while (fv_node_is_up(node) && !world->is_done) fv_sleep(FV_MS(10));
    while (fv_node_is_up(node) && store_is_repairing()) fv_sleep(FV_MS(10));
}

void live(fv_node node) {
    world->life++;
    if (world->life > 1) marks_found(world->shape, world->ending);
    world->opening = drawn_opening();
    world->ending = ENDING_POWER_LOST;
    world->is_done = false;
    world->held = world->compactions = 0;
    marks_begin();
    fv_node_start(node);
    wait_for(node);
    fv_atomic_begin();
    if (fv_node_is_up(node)) {
        if (!world->is_done) world->ending = ENDING_KILLED;
        fv_node_kill(node);
    }
    fv_atomic_end();
    marks_ended(world->model, world->phase, world->ending);
    world->model.Ended(world->ending);
}

/* What is left in the end. */
void live_once_more(fv_node node) {
    world->is_last = true;
    fv_quiet_begin();
    live(node);
}

uint32_t drawn_rate(uint32_t one_in_min) { return one_in_min << fv_below(RATES); }

Config drawn_config() {
    Config config;
    config.has_big_values = fv_chance(1, 3);
    config.has_filter = fv_chance(1, 3);
    config.has_small_cache = fv_chance(1, 3);
    config.lives = 1 + static_cast<uint32_t>(fv_below(LIVES_MAX));
    config.writers = 1 + static_cast<uint32_t>(fv_below(WRITERS_MAX));
    config.readers = static_cast<uint32_t>(fv_below(READERS_MAX + 1));
    config.steps = 2 + static_cast<uint32_t>(fv_below(STEPS_MAX - 1));
    config.sync_one_in = drawn_rate(SYNC_ONE_IN_MIN);
    config.fault_one_in = drawn_rate(FAULT_ONE_IN_MIN);
    config.end_one_in = drawn_rate(END_ONE_IN_MIN);
    config.repair_one_in = drawn_rate(REPAIR_ONE_IN_MIN);
    return config;
}

} // namespace

void workload_moment() {
    marks_look(world->model, world->phase);
    chance_of_fault(world->config.fault_one_in);
}

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
    if (!store_was_given_up()) live_once_more(node);
}
