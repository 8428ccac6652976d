/* What the database must hold: every batch in the order in which LevelDB logged it, which of
 * them it has acknowledged, and which of them it has acknowledged as synced. It outlives the
 * process. */
#ifndef FV_LEVELDB_MODEL_H
#define FV_LEVELDB_MODEL_H

#include <cstdint>
#include <string>
#include <vector>

#include "env.h"
#include "leveldb/slice.h"
#include "leveldb/write_batch.h"

enum { MODEL_KEYS = 12, MODEL_BATCH_OPS_MAX = 6 };

/* A version is one value of one key, never written twice; 0: the key is absent. */
typedef uint32_t Version;
#define VERSION_MADE_UP UINT32_MAX /* bytes that nobody wrote */

struct State {
    uint32_t last; /* the batch that made it; 0: none */
    Version versions[MODEL_KEYS];
    bool operator==(const State &other) const;
    bool operator!=(const State &other) const { return !(*this == other); }
};

/* How a life of the process ended. */
enum Ending { ENDING_CLOSED, ENDING_KILLED, ENDING_POWER_LOST };

std::string key_of(uint32_t key);
bool key_from(const leveldb::Slice &name, uint32_t *key);
/* Every batch writes its own number here: a state tells which batch was its last. Sorts first. */
extern const char kLastKey[];

class Model final : public LogObserver {
  public:
    Model();

    /* ---- batches ---- */
    void Put(leveldb::WriteBatch *batch, uint32_t key, size_t bytes);
    void Delete(leveldb::WriteBatch *batch, uint32_t key);
    /* Ends the batch that was put together; returns its number. */
    uint32_t Finish(leveldb::WriteBatch *batch);
    void Logged(const leveldb::Slice &record) override;
    void Acknowledged(uint32_t batch, bool is_synced);

    /* ---- positions: how many batches of the order a state has in it ---- */
    uint32_t acked() const { return acked_; }
    uint32_t synced() const { return synced_; }
    uint32_t end() const { return static_cast<uint32_t>(states_.size() - 1); }
    const State &at(uint32_t position) const { return states_[position]; }
    /* Where a batch is in the order; `end() + 1` when it is not. */
    uint32_t FindBatch(uint32_t batch) const;

    /* ---- values ---- */
    Version VersionOf(const leveldb::Slice &value, uint32_t key) const;
    size_t bytes_of(Version version) const { return versions_[version].bytes; }

    /* ---- lives ---- */
    void Ended(Ending ending);
    /* How many batches must have survived since the process ended. */
    uint32_t required() const { return required_; }
    bool power_was_lost() const { return power_was_lost_; }
    /* `position` is what a recovery found: what is behind it must never come back. */
    void Recovered(uint32_t position);
    /* After a repair, which promises less: the database begins anew from what it holds. */
    void BeginFrom(const State &state);

  private:
    struct Change {
        uint32_t key;
        Version version;
    };
    struct Batch {
        uint32_t count, position;
        Change changes[MODEL_BATCH_OPS_MAX];
    };
    struct Written {
        uint32_t key, bytes;
    };

    void Append(uint32_t batch);

    std::vector<Batch> batches_;
    std::vector<State> states_;
    std::vector<Written> versions_;
    Batch open_ = {};
    uint32_t acked_ = 0, synced_ = 0, required_ = 0;
    bool power_was_lost_ = false;

    friend class LastKeys;
};

#endif
