#include "model.h"

#include <fuzzverse/fuzzverse.h>

#include <algorithm>
#include <cstring>

#include "db/write_batch_internal.h"

using leveldb::Slice;
using leveldb::WriteBatch;

namespace {

const size_t kVersionBytes = sizeof(Version);

char fill_of(Version version) { return static_cast<char>('a' + version % 23); }

} // namespace

const char kLastKey[] = "!last";

bool State::operator==(const State &other) const {
    return last == other.last && memcmp(versions, other.versions, sizeof versions) == 0;
}

std::string key_of(uint32_t key) {
    std::string name = "key";
    name += static_cast<char>('a' + key);
    return name;
}

bool key_from(const Slice &name, uint32_t *key) {
    if (name.size() != 4 || !name.starts_with("key")) return false;
    *key = static_cast<uint32_t>(name[3] - 'a');
    return *key < MODEL_KEYS;
}

Model::Model() : batches_(1), states_(1), versions_(1) {}

/* ---- batches --------------------------------------------------------------------------------- */

void Model::Put(WriteBatch *batch, uint32_t key, size_t bytes) {
    Version version = static_cast<Version>(versions_.size());
    bytes = std::max(bytes, kVersionBytes);
    versions_.push_back({key, static_cast<uint32_t>(bytes)});
    std::string value(bytes, fill_of(version));
    memcpy(&value[0], &version, kVersionBytes);
    batch->Put(key_of(key), value);
    open_.changes[open_.count++] = {key, version};
}

void Model::Delete(WriteBatch *batch, uint32_t key) {
    batch->Delete(key_of(key));
    open_.changes[open_.count++] = {key, 0};
}

uint32_t Model::Finish(WriteBatch *batch) {
    uint32_t number = static_cast<uint32_t>(batches_.size());
    batch->Put(kLastKey, Slice(reinterpret_cast<const char *>(&number), sizeof number));
    batches_.push_back(open_);
    open_ = {};
    return number;
}

/* Finds the numbers of the batches that LevelDB has put into one record. */
class LastKeys final : public WriteBatch::Handler {
  public:
    explicit LastKeys(Model *model) : model_(model) {}
    void Put(const Slice &key, const Slice &value) override {
        uint32_t number;
        if (key != kLastKey) return;
        memcpy(&number, value.data(), sizeof number);
        model_->Append(number);
    }
    void Delete(const Slice &) override {}

  private:
    Model *const model_;
};

void Model::Logged(const Slice &record) {
    WriteBatch batch;
    leveldb::WriteBatchInternal::SetContents(&batch, record);
    LastKeys keys(this);
    batch.Iterate(&keys);
}

void Model::Append(uint32_t number) {
    Batch &batch = batches_[number];
    State state = states_.back();
    for (uint32_t i = 0; i < batch.count; i++)
        state.versions[batch.changes[i].key] = batch.changes[i].version;
    state.last = number;
    states_.push_back(state);
    batch.position = end();
}

void Model::Acknowledged(uint32_t number, bool is_synced) {
    uint32_t position = batches_[number].position;
    if (position == 0) fv_bug("a batch is acknowledged that was never logged");
    acked_ = required_ = std::max(acked_, position);
    if (is_synced) synced_ = std::max(synced_, position);
}

uint32_t Model::FindBatch(uint32_t number) const {
    for (uint32_t position = end() + 1; position-- > 0;)
        if (states_[position].last == number) return position;
    return end() + 1;
}

Version Model::VersionOf(const Slice &value, uint32_t key) const {
    Version version;
    if (value.size() < kVersionBytes) return VERSION_MADE_UP;
    memcpy(&version, value.data(), kVersionBytes);
    if (version == 0 || version >= versions_.size()) return VERSION_MADE_UP;
    const Written &written = versions_[version];
    if (written.key != key || written.bytes != value.size()) return VERSION_MADE_UP;
    const char *fill = value.data() + kVersionBytes, *end = value.data() + value.size();
    if (fill == end) return version;
    bool is_filled = *fill == fill_of(version) &&
                     memcmp(fill, fill + 1, static_cast<size_t>(end - fill - 1)) == 0;
    return is_filled ? version : VERSION_MADE_UP;
}

/* ---- lives ----------------------------------------------------------------------------------- */

void Model::Ended(Ending ending) {
    if (ending == ENDING_POWER_LOST) {
        required_ = std::min(required_, synced_);
        power_was_lost_ = true;
    }
}

void Model::Recovered(uint32_t position) {
    states_.resize(position + 1);
    acked_ = required_ = position;
    /* What was there after a power loss is durable, whoever wrote it. */
    if (power_was_lost_) synced_ = position;
    power_was_lost_ = false;
}

void Model::BeginFrom(const State &state) {
    states_.assign(1, state);
    acked_ = synced_ = required_ = 0;
    power_was_lost_ = false;
}
