/* Threads of the standard library of C++ as tasks. */
#include <fuzzverse/sim.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#if __cplusplus >= 202002L
#include <latch>
#include <semaphore>
#endif
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int THREADS = 3;

// AddressSanitizer keeps thread-local variables of its own among the target's: they are one.
#if __has_feature(address_sanitizer)
constexpr bool has_own_variables = false;
#else
constexpr bool has_own_variables = true;
#endif

struct Counted {
    std::atomic<int> *count = nullptr;
    ~Counted() {
        if (count != nullptr) ++*count;
    }
};

std::mutex mutex;
std::condition_variable changed;
std::shared_mutex readers;
std::once_flag flag;
std::atomic<int> destroyed{0}, begun{0};
thread_local Counted local;
int arrived = 0;

void throw_across_switches(int number) {
    const std::string words = "thread " + std::to_string(number);
    try {
        try {
            throw std::runtime_error(words);
        } catch (const std::exception &) {
            std::this_thread::sleep_for(std::chrono::milliseconds(number));
            throw;
        }
    } catch (const std::runtime_error &error) {
        FV_ALWAYS(!has_own_variables || words == error.what(), "exceptions are a thread's own");
    }
}

void work(int number, std::shared_ptr<int> kept) {
    local.count = &destroyed;
    std::call_once(flag, [] {
        begun++;
        std::this_thread::yield();
    });
    FV_ALWAYS(begun == 1, "what is called once has been");
    throw_across_switches(number);
    {
        std::shared_lock<std::shared_mutex> shared(readers);
        std::this_thread::yield();
    }
    {
        std::unique_lock<std::shared_mutex> alone(readers);
        ++*kept;
    }
    std::lock_guard<std::mutex> guard(mutex);
    arrived++;
    changed.notify_all();
}

#if __cplusplus >= 202002L
// What the library does with futexes.
void wait_in_atomics() {
    std::atomic<int> turn{0};
    std::counting_semaphore<4> places(0);
    std::latch done(2);
    std::thread other([&] {
        turn.wait(0);
        turn = 2;
        turn.notify_one();
        places.acquire();
        done.arrive_and_wait();
    });
    turn = 1;
    turn.notify_all();
    turn.wait(1);
    FV_ALWAYS(turn == 2, "atomics are waited for");
    FV_ALWAYS(!places.try_acquire_for(std::chrono::milliseconds(5)), "nobody gives a place");
    places.release();
    done.arrive_and_wait();
    other.join();
}
#endif

} // namespace

FV_TARGET(threads) {
    fv_share_all();
    auto kept = std::make_shared<int>(0);
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; i++) threads.emplace_back(work, i, kept);
    {
        std::unique_lock<std::mutex> guard(mutex);
        bool all =
            changed.wait_for(guard, std::chrono::seconds(10), [] { return arrived == THREADS; });
        FV_ALWAYS(all, "all arrive in time");
    }
    for (auto &thread : threads) thread.join();
    FV_ALWAYS(!has_own_variables || destroyed == THREADS,
              "thread_local objects go with their threads");
    FV_ALWAYS(*kept == THREADS && kept.use_count() == 1, "references are counted atomically");
    FV_ALWAYS(std::async(std::launch::async, [] { return 7; }).get() == 7, "futures come");
#if __cplusplus >= 202002L
    wait_in_atomics();
#endif
    auto before = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    auto slept = std::chrono::steady_clock::now() - before;
    FV_ALWAYS(slept >= std::chrono::seconds(1), "sleep takes its time");
    FV_SOMETIMES(fv_shared_accesses() > 0, "accesses are seen");
}
