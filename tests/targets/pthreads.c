/* What is promised of POSIX threads that are tasks. */
#define _GNU_SOURCE
#include <errno.h>
#include <fuzzverse/sim.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 3, ROUNDS = 3 };

/* AddressSanitizer keeps thread-local variables of its own among the target's: they are one. */
#if __has_feature(address_sanitizer)
enum { HAS_OWN_VARIABLES = false };
#else
enum { HAS_OWN_VARIABLES = true };
#endif

static uint64_t order;

static void run_threads(void *(*body)(void *number)) {
    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++)
        FV_ALWAYS(pthread_create(&threads[i], NULL, body, (void *)i) == 0, "threads are made");
    for (intptr_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        FV_ALWAYS(pthread_join(threads[i], &result) == 0, "threads are joined");
        FV_ALWAYS((intptr_t)result == i + 1, "a thread's result is its own");
    }
}

/* ---- what a thread has of its own ------------------------------------------------------------ */

static __thread int mine = 5;
static pthread_key_t key;
static int destroyed;

static void destroy(void *value) { destroyed += (int)(intptr_t)value; }

static void *have_own(void *number) {
    FV_ALWAYS(!HAS_OWN_VARIABLES || mine == 5,
              "a thread begins with what variables are initialised to");
    FV_ALWAYS(pthread_getspecific(key) == NULL, "a key has no value yet");
    pthread_setspecific(key, (void *)((intptr_t)number + 1));
    for (int i = 0; i < ROUNDS; i++) {
        mine++;
        errno = 100 * i + (int)(intptr_t)number;
        sched_yield();
        FV_ALWAYS(errno == 100 * i + (int)(intptr_t)number, "errno is a thread's own");
    }
    FV_ALWAYS(!HAS_OWN_VARIABLES || mine == 5 + ROUNDS,
              "thread-local variables are a thread's own");
    return pthread_getspecific(key);
}

static void check_own(void) {
    pthread_key_create(&key, destroy);
    mine = 17;
    run_threads(have_own);
    FV_ALWAYS(!HAS_OWN_VARIABLES || mine == 17, "the first thread's, too");
    FV_ALWAYS(destroyed == 1 + 2 + 3, "values are destroyed with their threads");
    FV_ALWAYS(pthread_key_delete(key) == 0 && pthread_setspecific(key, &key) == EINVAL,
              "a key that is deleted is none");
}

/* ---- mutexes --------------------------------------------------------------------------------- */

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t again = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int inside, total;

static void *count_up(void *number) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&again);
        pthread_mutex_lock(&again);
        FV_ALWAYS(++inside == 1, "one thread at a time");
        usleep(100);
        order = order * 5 + (uint64_t)(intptr_t)number;
        inside--;
        total++;
        pthread_mutex_unlock(&again);
        pthread_mutex_unlock(&again);
    }
    return (void *)((intptr_t)number + 1);
}

static void *try_locked(void *number) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 1000000;
    FV_ALWAYS(pthread_mutex_trylock(&plain) == EBUSY, "who tries a locked mutex is told");
    FV_ALWAYS(pthread_mutex_timedlock(&plain, &until) == ETIMEDOUT, "and waits no longer");
    return (void *)((intptr_t)number + 1);
}

static void check_mutexes(void) {
    pthread_mutex_t careful;
    pthread_mutexattr_t kind;
    run_threads(count_up);
    FV_ALWAYS(total == THREADS * ROUNDS, "nothing is lost");
    pthread_mutex_lock(&plain);
    run_threads(try_locked);
    pthread_mutex_unlock(&plain);
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&careful, &kind);
    FV_ALWAYS(pthread_mutex_unlock(&careful) == EPERM, "an error-checking mutex checks");
    pthread_mutex_lock(&careful);
    FV_ALWAYS(pthread_mutex_lock(&careful) == EDEADLK, "both ways");
    pthread_mutex_unlock(&careful);
}

/* --- conditions, locks of readers and writers, barriers, semaphores, once -------------------- */

static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static sem_t semaphore;
static int ready, readers, serials, begun;

static void begin(void) {
    sched_yield();
    begun++;
}

static void *meet(void *number) {
    pthread_once(&once, begin);
    FV_ALWAYS(begun == 1, "once is once, and over");
    pthread_rwlock_rdlock(&rwlock);
    readers++;
    sched_yield();
    readers--;
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_wrlock(&rwlock);
    FV_ALWAYS(readers == 0, "a writer is alone");
    pthread_rwlock_unlock(&rwlock);
    pthread_mutex_lock(&plain);
    ready++;
    pthread_cond_broadcast(&changed);
    while (ready < THREADS) pthread_cond_wait(&changed, &plain);
    pthread_mutex_unlock(&plain);
    serials += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
    sem_wait(&semaphore);
    sem_post(&semaphore);
    return (void *)((intptr_t)number + 1);
}

static void check_meeting(void) {
    struct timespec until;
    pthread_barrier_init(&barrier, NULL, THREADS);
    sem_init(&semaphore, 0, 1);
    run_threads(meet);
    FV_ALWAYS(serials == 1, "one thread of a barrier is told");
    sem_wait(&semaphore);
    FV_ALWAYS(sem_trywait(&semaphore) == -1 && errno == EAGAIN, "a semaphore counts");
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    pthread_mutex_lock(&plain);
    int answer;
    do answer = pthread_cond_timedwait(&changed, &plain, &until);
    while (answer == 0); /* nobody signals: it was woken for no reason */
    FV_ALWAYS(answer == ETIMEDOUT, "a wait has its end");
    pthread_mutex_unlock(&plain);
}

/* ---- names, and threads that nobody waits for ------------------------------------------------ */

static void *leave(void *with) {
    char name[16];
    pthread_setname_np(pthread_self(), "leaver");
    pthread_getname_np(pthread_self(), name, sizeof name);
    FV_ALWAYS(strcmp(name, "leaver") == 0, "a thread has the name that it was given");
    ready += (int)(intptr_t)with;
    pthread_exit(with);
}

static void check_detached(void) {
    pthread_t thread;
    ready = 0;
    pthread_create(&thread, NULL, leave, (void *)1);
    FV_ALWAYS(!pthread_equal(thread, pthread_self()), "another thread is another");
    FV_ALWAYS(pthread_detach(thread) == 0, "a thread can be left to itself");
    while (ready == 0) sched_yield();
    FV_ALWAYS(pthread_join(thread, NULL) != 0, "and is not joined then");
}

FV_TARGET(pthreads) {
    check_own();
    check_mutexes();
    check_meeting();
    check_detached();
    FV_SOMETIMES_EACH("an order", FV_KEYS({"order", (int64_t)(order % 1021)}), FV_QUALITY());
}
