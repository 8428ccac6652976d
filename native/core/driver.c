/* The engine: libFuzzer's driver, as atheris ships it, in a process of its own. It offers inputs
 * (struct fv_ask), a worker runs them, and what they had in features becomes counters that
 * libFuzzer was told of. Nothing here runs in the controller. */
#include "../common/ask.h"
#include "core.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/wait.h"
#include "counters.h"

enum { FV_ANSWER_MS = 1000, FV_NOT_FOR_THE_CORPUS = -1 };

typedef int fv_test_one(const uint8_t *data, size_t size);
typedef int fv_run_driver(int *argc, char ***argv, fv_test_one *test_one);
typedef size_t fv_mutate_bytes(uint8_t *data, size_t size, size_t max);
typedef void fv_init_counters(uint8_t *start, uint8_t *stop);
typedef void fv_init_pcs(const uintptr_t *start, const uintptr_t *stop);

/* libFuzzer's callback has no argument for it. */
static struct driver {
    const struct fv_header *header; /* the whole session, read-only */
    struct fv_ask *ask;
    uint8_t *offered;
    const uint8_t *hits;
    struct fv_counters counters;
    uint32_t registered; /* counters that libFuzzer knows of */
    uintptr_t *pcs;      /* pairs of a PC, which is no real one, and flags */
    fv_init_counters *init_counters;
    fv_init_pcs *init_pcs;
    fv_mutate_bytes *mutate;
    uint32_t seed_count, calls;
    struct fv_recipe *recipe; /* scratch */
    uint8_t *tape;
} driver;

/* ---- counters -------------------------------------------------------------------------------- */

/* By the chunk, because libFuzzer clears and reads through all that it knows for every input. It
 * takes new ones at any time, as it would those of a library that is loaded late. */
static void register_counters(struct driver *d, uint32_t used) {
    while (d->registered < used) {
        uint32_t from = d->registered, to = from + FV_COUNTERS_CHUNK;
        for (uint32_t i = from; i < to; i++) d->pcs[2 * i] = (uintptr_t)(d->counters.counters + i);
        d->init_counters(d->counters.counters + from, d->counters.counters + to);
        d->init_pcs(d->pcs + 2 * from, d->pcs + 2 * to);
        d->registered = to;
    }
}

/* ---- one input ------------------------------------------------------------------------------- */

/* What has the header of a recipe and is none cannot be run, and is no tape either. */
static bool is_runnable(struct driver *d, const uint8_t *data, size_t size) {
    static const char header[] = FV_INPUT_HEADER;
    if (size > FV_TAPE_BYTES_MAX) return false;
    if (size < sizeof header - 1 || memcmp(data, header, sizeof header - 1) != 0) return true;
    return fv_recipe_from_input(d->recipe, d->tape, data, size) == FV_ERR_NONE;
}

static void await_answer(const struct driver *d, uint32_t number) {
    uint32_t seen;
    while ((seen = __atomic_load_n(&d->ask->answers, __ATOMIC_ACQUIRE)) != number) {
        if (__atomic_load_n(&d->ask->is_over, __ATOMIC_RELAXED)) _exit(0);
        fv_wait_word(&d->ask->answers, seen, FV_ANSWER_MS);
    }
}

/* libFuzzer begins with no bytes at all, ignores what that brought, and never tries it again. */
static int test_one(const uint8_t *data, size_t size) {
    struct driver *d = &driver;
    if (size == 0 || !is_runnable(d, data, size)) return FV_NOT_FOR_THE_CORPUS;
    memcpy(d->offered, data, size);
    d->ask->size = (uint32_t)size;
    uint32_t number = __atomic_add_fetch(&d->ask->asks, 1, __ATOMIC_SEQ_CST);
    fv_wait_wake(&d->ask->asks);
    await_answer(d, number);
    register_counters(d, fv_counters_write(&d->counters, d->hits));
    return 0;
}

/* ---- mutations ------------------------------------------------------------------------------- */

/* Within libFuzzer's callback, where its mutators have what they need: a corpus to cross over with.
 * Never returns. */
_Noreturn static void grant_wishes(const struct driver *d) {
    for (uint32_t done = 0;;) {
        uint32_t seen = __atomic_load_n(&d->ask->wishes, __ATOMIC_ACQUIRE);
        if (__atomic_load_n(&d->ask->is_over, __ATOMIC_RELAXED)) _exit(0);
        if (seen == done) {
            fv_wait_word(&d->ask->wishes, seen, FV_ANSWER_MS);
            continue;
        }
        uint32_t room = d->ask->room, size = d->ask->size;
        bool fits = room <= FV_TAPE_BYTES_MAX && size > 0 && size <= room;
        d->ask->size = fits ? (uint32_t)d->mutate(d->offered, size, room) : 0;
        __atomic_store_n(&d->ask->granted, ++done, __ATOMIC_RELEASE);
        fv_wait_wake(&d->ask->granted);
    }
}

/* The inputs that it begins with become its corpus, because each has a counter of its own; the call
 * after that is the first mutated one. */
static int test_one_for_mutations(const uint8_t *data, size_t size) {
    struct driver *d = &driver;
    (void)data;
    if (size == 0) return 0;
    if (d->calls++ >= d->seed_count) grant_wishes(d);
    d->counters.counters[d->calls % FV_COUNTERS_CHUNK] = 1;
    return 0;
}

/* ---- the process ----------------------------------------------------------------------------- */

static int fail(char *error, const char *what, const char *why) {
    snprintf(error, FV_ERROR_BYTES, "%s: %s", what, why);
    return -1;
}

/* Dies with its controller, however that ends. */
static int follow_controller(const struct fv_header *h, char *error) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == h->controller_pid ? 0 : fail(error, "the session", "its owner has gone");
}

static int map_session(struct driver *d, int memory_fd, char *error) {
    struct stat st;
    if (fstat(memory_fd, &st) != 0) return fail(error, "the session", strerror(errno));
    struct fv_header *h = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, memory_fd, 0);
    if (h == MAP_FAILED) return fail(error, "the session", strerror(errno));
    if (!fv_layout_valid(h, (uint64_t)st.st_size) || h->engine == FV_ENGINE_NONE)
        return fail(error, "the session", "it has no place for an engine");
    size_t size = FV_LAYOUT_PAGE_BYTES + FV_TAPE_BYTES_MAX;
    void *ask = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, (off_t)h->ask_at);
    if (ask == MAP_FAILED) return fail(error, "the session", strerror(errno));
    d->header = h;
    d->ask = ask;
    d->offered = (uint8_t *)ask + FV_LAYOUT_PAGE_BYTES;
    if (h->engine == FV_ENGINE_ASKS) d->hits = fv_layout_told(h, fv_layout_tree(h, 0));
    return follow_controller(h, error);
}

static int allocate(struct driver *d, char *error) {
    d->pcs = calloc(2 * FV_COUNTERS_MAX, sizeof *d->pcs);
    d->recipe = malloc(sizeof *d->recipe);
    d->tape = malloc(FV_TAPE_BYTES_MAX);
    bool is_all = d->pcs != NULL && d->recipe != NULL && d->tape != NULL &&
                  fv_counters_open(&d->counters, d->header->map_size, FV_COUNTERS_MAX);
    return is_all ? 0 : fail(error, "the engine", "no memory for its counters");
}

/* RTLD_LOCAL: its malloc hooks and sanitizer callbacks are nobody else's. */
static fv_run_driver *load(struct driver *d, const char *library, char *error) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fail(error, library, dlerror());
        return NULL;
    }
    d->init_counters = (fv_init_counters *)dlsym(handle, "__sanitizer_cov_8bit_counters_init");
    d->init_pcs = (fv_init_pcs *)dlsym(handle, "__sanitizer_cov_pcs_init");
    d->mutate = (fv_mutate_bytes *)dlsym(handle, "LLVMFuzzerMutate");
    fv_run_driver *run = (fv_run_driver *)dlsym(handle, "LLVMFuzzerRunDriver");
    if (run == NULL || d->mutate == NULL || d->init_counters == NULL || d->init_pcs == NULL) {
        fail(error, library, "it has no libFuzzer");
        return NULL;
    }
    return run;
}

int fv_driver_run(int memory_fd, const char *library, uint32_t seed_count, int argc, char **argv,
                  char *error) {
    if (map_session(&driver, memory_fd, error) != 0 || allocate(&driver, error) != 0) return -1;
    fv_run_driver *run = load(&driver, library, error);
    if (run == NULL) return -1;
    driver.seed_count = seed_count;
    register_counters(&driver, 1);
    bool asks = driver.header->engine == FV_ENGINE_ASKS;
    return run(&argc, &argv, asks ? test_one : test_one_for_mutations);
}
