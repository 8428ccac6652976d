#include "env.h"

#include <cerrno>
#include <cstring>
#include <deque>
#include <set>

using leveldb::FileLock;
using leveldb::Logger;
using leveldb::RandomAccessFile;
using leveldb::SequentialFile;
using leveldb::Slice;
using leveldb::Status;
using leveldb::WritableFile;

namespace {

const size_t kWriteBufferBytes = 65536; /* as LevelDB's own Env for POSIX has it */
const size_t kLogBlockBytes = 32768;
const size_t kLogHeaderBytes = 7;
const uint64_t kNsPerMicro = 1000;

/* LevelDB goes on to the next log without a sync of the one it leaves, and replays one that
 * a killed process has left as it is: a power loss may then lose batches and keep later
 * ones, even synced ones. This Env syncs such logs, but in the variant that shows it. */
#ifdef FV_LOGS_LEFT_UNSYNCED
const bool kSyncsLogsLeft = false;
#else
const bool kSyncsLogsLeft = true;
#endif
/* As journalling file systems have it, the sync of a file makes all names durable that were given
 * before. POSIX does not ask for it. */
#ifdef FV_NAMES_NEED_SYNC
const bool kSyncsNames = false;
#else
const bool kSyncsNames = true;
#endif

EnvWork work;

/* Files lie in directories of one level, which the names of the kit's disk hold as they are. */
bool EndsWith(const std::string &name, const char *end) {
    size_t bytes = strlen(end);
    return name.size() >= bytes && name.compare(name.size() - bytes, bytes, end) == 0;
}

void NoteLogs(bool is_synced) {
    const char *name;
    work.logs = 0;
    for (uint32_t n = 0; (name = fv_disk_name(n)) != nullptr; n++)
        work.logs += EndsWith(name, ".log");
    work.is_log_synced &= is_synced;
}

bool IsManifest(const std::string &name) { return name.find("/MANIFEST") != std::string::npos; }

Status Failed(const std::string &name, int64_t error) {
    if (error == -ENOENT) return Status::NotFound(name, "no such file");
    return Status::IOError(name, strerror(static_cast<int>(-error)));
}

class SimSequentialFile final : public SequentialFile {
  public:
    SimSequentialFile(const std::string &name, fv_file file) : name_(name), file_(file) {}
    ~SimSequentialFile() override { fv_file_close(file_); }

    Status Read(size_t n, Slice *result, char *scratch) override {
        int64_t got = fv_file_read(file_, scratch, n, at_);
        *result = Slice(scratch, got < 0 ? 0 : static_cast<size_t>(got));
        if (got < 0) return Failed(name_, got);
        at_ += static_cast<uint64_t>(got);
        return Status::OK();
    }

    Status Skip(uint64_t n) override {
        at_ += n;
        return Status::OK();
    }

  private:
    const std::string name_;
    const fv_file file_;
    uint64_t at_ = 0;
};

class SimRandomAccessFile final : public RandomAccessFile {
  public:
    SimRandomAccessFile(const std::string &name, fv_file file) : name_(name), file_(file) {}
    ~SimRandomAccessFile() override { fv_file_close(file_); }

    Status Read(uint64_t offset, size_t n, Slice *result, char *scratch) const override {
        int64_t got = fv_file_read(file_, scratch, n, offset);
        *result = Slice(scratch, got < 0 ? 0 : static_cast<size_t>(got));
        return got < 0 ? Failed(name_, got) : Status::OK();
    }

  private:
    const std::string name_;
    const fv_file file_;
};

/* Puts the records of a log together again from what its writer appends. */
class LogRecords {
  public:
    LogRecords(LogObserver *observer, uint64_t at) : observer_(observer), at_(at) {}

    void Appended(const Slice &data) {
        for (size_t i = 0; i < data.size();) i += Take(data.data() + i, data.size() - i);
    }

  private:
    size_t Take(const char *bytes, size_t count) {
        size_t left = kLogBlockBytes - at_ % kLogBlockBytes;
        size_t taken;
        if (payload_left_ > 0) {
            taken = std::min(count, payload_left_);
            record_.append(bytes, taken);
            payload_left_ -= taken;
            if (payload_left_ == 0 && is_last_) Complete();
        } else if (header_.empty() && left < kLogHeaderBytes) {
            taken = std::min(count, left); /* the end of a block is filled up */
        } else {
            taken = std::min(count, kLogHeaderBytes - header_.size());
            header_.append(bytes, taken);
            if (header_.size() == kLogHeaderBytes) Begin();
        }
        at_ += taken;
        return taken;
    }

    void Begin() {
        enum { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };
        payload_left_ = static_cast<uint8_t>(header_[4]) | static_cast<uint8_t>(header_[5]) << 8;
        is_last_ = header_[6] == kFull || header_[6] == kLast;
        if (header_[6] == kFull || header_[6] == kFirst) record_.clear();
        header_.clear();
        if (payload_left_ == 0 && is_last_) Complete();
    }

    void Complete() { observer_->Logged(record_); }

    LogObserver *const observer_;
    uint64_t at_;
    std::string header_, record_;
    size_t payload_left_ = 0;
    bool is_last_ = false;
};

class SimWritableFile final : public WritableFile {
  public:
    SimWritableFile(const std::string &name, fv_file file, LogObserver *observer)
        : name_(name), file_(file), is_manifest_(IsManifest(name)),
          is_table_(EndsWith(name, ".ldb")), written_(static_cast<uint64_t>(fv_file_size(file))),
          synced_(written_), records_(observer, written_), is_log_(EndsWith(name, ".log")) {
        if (is_table_) work.tables_open++;
        if (is_manifest_) work.is_manifest_unsynced = true;
        if (is_log_) NoteLogs(false);
    }
    ~SimWritableFile() override {
        if (is_open_) Close();
    }

    Status Append(const Slice &data) override {
        if (is_log_) records_.Appended(data);
        if (is_manifest_) work.is_manifest_unsynced = true;
        buffer_.append(data.data(), data.size());
        return buffer_.size() < kWriteBufferBytes ? Status::OK() : Flush();
    }

    Status Flush() override {
        if (buffer_.empty()) return Status::OK();
        is_unsynced_ = true;
        uint64_t at = written_;
        int64_t wrote = fv_file_append(file_, buffer_.data(), buffer_.size());
        if (wrote > 0) written_ += static_cast<uint64_t>(wrote);
        if (is_log_ && at / kLogBlockBytes > synced_ / kLogBlockBytes) work.records_behind++;
        buffer_.clear();
        return wrote < 0 ? Failed(name_, wrote) : Status::OK();
    }

    Status Sync() override {
        if (is_manifest_) {
            int32_t error = fv_disk_sync_names();
            if (error < 0) return Failed(name_, error);
        }
        Status status = Flush();
        return status.ok() ? SyncFile() : status;
    }

    Status Close() override {
        Status status = Flush();
        if (kSyncsLogsLeft && status.ok() && is_log_ && is_unsynced_) status = SyncFile();
        fv_file_close(file_);
        is_open_ = false;
        if (is_table_) work.tables_open--;
        workload_moment();
        return status;
    }

  private:
    Status SyncFile() {
        workload_moment();
        bool has_lied = fv_disk_has_lied(fv_node_self());
        int32_t error = fv_file_sync(file_);
        bool is_lie = fv_disk_has_lied(fv_node_self()) != has_lied;
        if (is_log_) work.is_log_at_stake = is_lie;
        if (is_manifest_) work.is_manifest_at_stake = is_lie;
        if (is_lie) MarkLie();
        is_unsynced_ = false;
        synced_ = written_;
        if (is_log_) work.records_behind = 0;
        if (is_log_) work.is_log_synced = true;
        if (is_manifest_) work.is_manifest_unsynced = false;
        if (kSyncsNames && error >= 0) error = fv_disk_sync_names();
        workload_moment();
        return error < 0 ? Failed(name_, error) : Status::OK();
    }

    /* The first lie of a disk: what it was told about, and what else is under way. */
    void MarkLie() const {
#ifdef FV_LYING_SYNCS
        FV_SOMETIMES_EACH("a sync that was a lie",
                          FV_KEYS({"log", is_log_}, {"manifest", is_manifest_},
                                  {"table", is_table_}, {"compaction", work.is_background}),
                          FV_QUALITY());
#endif
    }

    const std::string name_;
    const fv_file file_;
    const bool is_manifest_, is_table_;
    std::string buffer_;
    uint64_t written_, synced_;
    LogRecords records_;
    const bool is_log_;
    bool is_open_ = true, is_unsynced_ = false;
};

class SimLock final : public FileLock {
  public:
    explicit SimLock(const std::string &name) : name(name) {}
    const std::string name;
};

/* Formats what LevelDB tells, on replay. */
class SimLogger final : public Logger {
  public:
    void Logv(const char *format, va_list arguments) override {
        if (!fv_log_is_on()) return;
        char line[512];
        vsnprintf(line, sizeof line, format, arguments);
        fv_log("LevelDB: %s", line);
    }
};

class SimEnv final : public leveldb::Env {
  public:
    explicit SimEnv(LogObserver *observer) : observer_(observer) {}

    Status NewSequentialFile(const std::string &name, SequentialFile **result) override {
        fv_file file = fv_file_open(name.c_str(), FV_OPEN_EXISTING);
        if (file >= 0 && EndsWith(name, ".log")) {
            work.logs_read++;
            if (kSyncsLogsLeft) fv_file_sync(file);
        }
        *result = file < 0 ? nullptr : new SimSequentialFile(name, file);
        return file < 0 ? Failed(name, file) : Status::OK();
    }
    Status NewRandomAccessFile(const std::string &name, RandomAccessFile **result) override {
        fv_file file = fv_file_open(name.c_str(), FV_OPEN_EXISTING);
        *result = file < 0 ? nullptr : new SimRandomAccessFile(name, file);
        return file < 0 ? Failed(name, file) : Status::OK();
    }
    Status NewWritableFile(const std::string &name, WritableFile **result) override {
        return Writable(name, FV_OPEN_CREATE | FV_OPEN_TRUNCATE, result);
    }
    Status NewAppendableFile(const std::string &name, WritableFile **result) override {
        return Writable(name, FV_OPEN_CREATE, result);
    }

    bool FileExists(const std::string &name) override { return fv_disk_has(name.c_str()); }

    Status GetChildren(const std::string &directory, std::vector<std::string> *result) override {
        result->clear();
        std::string start = directory + "/";
        const char *name;
        for (uint32_t n = 0; (name = fv_disk_name(n)) != nullptr; n++) {
            if (strncmp(name, start.c_str(), start.size()) != 0) continue;
            const char *child = name + start.size();
            if (strchr(child, '/') == nullptr) result->push_back(child);
        }
        return Status::OK();
    }

    /* Not marked as overriding, as LevelDB called them otherwise before 1.23. */
    Status RemoveFile(const std::string &name) {
        int32_t error = fv_disk_unlink(name.c_str());
        if (EndsWith(name, ".log")) NoteLogs(true);
        workload_moment();
        return error < 0 ? Failed(name, error) : Status::OK();
    }
    Status DeleteFile(const std::string &name) { return RemoveFile(name); }
    Status RemoveDir(const std::string &) { return Status::OK(); }
    Status DeleteDir(const std::string &) { return Status::OK(); }
    Status CreateDir(const std::string &) override { return Status::OK(); }

    Status GetFileSize(const std::string &name, uint64_t *size) override {
        *size = 0;
        fv_file file = fv_file_open(name.c_str(), FV_OPEN_EXISTING);
        if (file < 0) return Failed(name, file);
        int64_t found = fv_file_size(file);
        fv_file_close(file);
        if (found < 0) return Failed(name, found);
        *size = static_cast<uint64_t>(found);
        return Status::OK();
    }

    Status RenameFile(const std::string &from, const std::string &to) override {
        int32_t error = fv_disk_rename(from.c_str(), to.c_str());
        workload_moment();
        return error < 0 ? Failed(from, error) : Status::OK();
    }

    Status LockFile(const std::string &name, FileLock **lock) override {
        *lock = nullptr;
        if (!locked_.insert(name).second) return Status::IOError(name, "locked already");
        *lock = new SimLock(name);
        return Status::OK();
    }
    Status UnlockFile(FileLock *lock) override {
        SimLock *held = static_cast<SimLock *>(lock);
        locked_.erase(held->name);
        delete held;
        return Status::OK();
    }

    void Schedule(void (*function)(void *), void *with) override {
        fv_mutex_lock(&mutex_);
        if (!is_started_) fv_spawn("background", RunBackground, this);
        is_started_ = true;
        jobs_.push_back({function, with});
        fv_condition_signal(&has_job_);
        fv_mutex_unlock(&mutex_);
    }
    void StartThread(void (*function)(void *), void *with) override {
        fv_spawn("thread", function, with);
    }

    Status GetTestDirectory(std::string *path) override {
        *path = DATABASE_NAME;
        return Status::OK();
    }
    Status NewLogger(const std::string &, Logger **result) override {
        *result = new SimLogger;
        return Status::OK();
    }
    uint64_t NowMicros() override { return fv_local_now() / kNsPerMicro; }
    void SleepForMicroseconds(int micros) override {
        fv_sleep(static_cast<uint64_t>(micros) * kNsPerMicro);
    }

  private:
    struct Job {
        void (*function)(void *);
        void *with;
    };

    Status Writable(const std::string &name, uint32_t flags, WritableFile **result) {
        fv_file file = fv_file_open(name.c_str(), flags);
        *result = file < 0 ? nullptr : new SimWritableFile(name, file, observer_);
        workload_moment();
        return file < 0 ? Failed(name, file) : Status::OK();
    }

    static void RunBackground(void *with) {
        fv_task_is_server();
        SimEnv *self = static_cast<SimEnv *>(with);
        for (;;) {
            fv_mutex_lock(&self->mutex_);
            while (self->jobs_.empty())
                fv_condition_wait(&self->has_job_, &self->mutex_, FV_FOREVER);
            Job job = self->jobs_.front();
            self->jobs_.pop_front();
            fv_mutex_unlock(&self->mutex_);
            work.is_background = true;
            job.function(job.with);
            work.is_background = false;
        }
    }

    LogObserver *const observer_;
    std::set<std::string> locked_;
    fv_mutex mutex_ = {};
    fv_condition has_job_ = {};
    std::deque<Job> jobs_;
    bool is_started_ = false;
};

} // namespace

leveldb::Env *env_new(LogObserver *observer) {
    work = {};
    return new SimEnv(observer);
}

const EnvWork &env_work() { return work; }

/* What LevelDB's options hold until they are given another. */
leveldb::Env *leveldb::Env::Default() { return nullptr; }
