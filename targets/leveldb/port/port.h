/* LevelDB's port layer: its mutexes and conditions are the simulation kit's, so that its
 * threads are tasks and every lock is a point where another of them may run. */
#ifndef STORAGE_LEVELDB_PORT_PORT_H_
#define STORAGE_LEVELDB_PORT_PORT_H_

#include <fuzzverse/sim/task.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "port/thread_annotations.h"

namespace leveldb {
namespace port {

class CondVar;

class LOCKABLE Mutex {
  public:
    Mutex() = default;
    Mutex(const Mutex &) = delete;
    Mutex &operator=(const Mutex &) = delete;

    void Lock() EXCLUSIVE_LOCK_FUNCTION() { fv_mutex_lock(&mutex_); }
    void Unlock() UNLOCK_FUNCTION() { fv_mutex_unlock(&mutex_); }
    void AssertHeld() ASSERT_EXCLUSIVE_LOCK() {
        if (mutex_.owner != fv_self() + 1) fv_bug("LevelDB does not hold a mutex that it must");
    }

  private:
    friend class CondVar;
    fv_mutex mutex_ = {};
};

class CondVar {
  public:
    explicit CondVar(Mutex *mutex) : mutex_(mutex) {}
    CondVar(const CondVar &) = delete;
    CondVar &operator=(const CondVar &) = delete;

    void Wait() { fv_condition_wait(&condition_, &mutex_->mutex_, FV_FOREVER); }
    void Signal() { fv_condition_signal(&condition_); }
    void SignalAll() { fv_condition_broadcast(&condition_); }

  private:
    fv_condition condition_ = {};
    Mutex *const mutex_;
};

static const bool kLittleEndian = true; /* asked for before 1.23 */

/* Tables are not compressed, and checksums are LevelDB's own. */
inline bool Snappy_Compress(const char *, size_t, std::string *) { return false; }
inline bool Snappy_GetUncompressedLength(const char *, size_t, size_t *) { return false; }
inline bool Snappy_Uncompress(const char *, size_t, char *) { return false; }
inline bool Zstd_Compress(int, const char *, size_t, std::string *) { return false; }
inline bool Zstd_GetUncompressedLength(const char *, size_t, size_t *) { return false; }
inline bool Zstd_Uncompress(const char *, size_t, char *) { return false; }
inline bool GetHeapProfile(void (*)(void *, const char *, int), void *) { return false; }
inline uint32_t AcceleratedCRC32C(uint32_t, const char *, size_t) { return 0; }

} // namespace port
} // namespace leveldb

#endif
