#include "kernel.h"

#if KERNEL_ODDS > 0 /* no other variant has these marks */

#include <fcntl.h>
#include <fuzzverse/fuzzverse.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OWN_ADDRESS ((void *)UINT64_C(0x250000000000)) /* where nothing else is ever mapped */

enum {
    PAGE_BYTES = 4096,
    AREA_PAGES = 16,
    AREA_BYTES = AREA_PAGES * PAGE_BYTES,
    DIRECTORY_BYTES = 4096,
    DESCRIPTOR_KEPT = 100, /* open from the start */
    DESCRIPTOR_NEW = 200   /* far from those that the engine may need */
};

static uint8_t *area;
static char directory[DIRECTORY_BYTES];
static volatile sig_atomic_t handled;

static int open_from(int lowest) {
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
    close(fd);
    return moved;
}

static uint8_t *map(void *at, size_t size) {
    uint8_t *memory = mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) abort();
    return memory;
}

void kernel_build(void) {
    area = map(NULL, AREA_BYTES);
    memset(area, 1, AREA_BYTES);
    if (open_from(DESCRIPTOR_KEPT) != DESCRIPTOR_KEPT) abort();
    if (getcwd(directory, sizeof directory) == NULL) abort();
}

/* ---- as it was built ------------------------------------------------------------------------- */

static bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

static bool is_where_it_was(void) {
    char now[DIRECTORY_BYTES];
    return getcwd(now, sizeof now) != NULL && strcmp(now, directory) == 0;
}

static bool is_default(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}

void kernel_check(void) {
    FV_ALWAYS(is_open(DESCRIPTOR_KEPT), "a descriptor of the start is open");
    FV_ALWAYS(!is_open(DESCRIPTOR_NEW), "no descriptor is left over");
    FV_ALWAYS(msync(area, AREA_BYTES, MS_ASYNC) == 0, "what was mapped at the start still is");
    FV_ALWAYS(msync(OWN_ADDRESS, PAGE_BYTES, MS_ASYNC) != 0, "no mapping is left over");
    FV_ALWAYS(is_default(SIGUSR1), "no signal handler is left over");
    FV_ALWAYS(is_where_it_was(), "the working directory is that of the start");
    for (int i = 0; i < AREA_PAGES; i++)
        FV_ALWAYS(area[i * PAGE_BYTES] == 1, "what was mapped at the start can be read");
}

/* ---- for good -------------------------------------------------------------------------------- */

static void keep_open(void) {
    FV_ALWAYS(open("/dev/null", O_RDONLY) >= 0, "a file is opened");
    FV_ALWAYS(open_from(DESCRIPTOR_NEW) == DESCRIPTOR_NEW,
              "a new descriptor has the lowest number");
}

static void close_kept(void) { close(DESCRIPTOR_KEPT); }

static void map_anywhere(void) { memset(map(NULL, AREA_BYTES), 3, AREA_BYTES); }

static void map_own(void) {
    uint8_t *memory = map(OWN_ADDRESS, PAGE_BYTES);
    FV_ALWAYS(memory == OWN_ADDRESS, "a new mapping lies where it was asked for");
    memset(memory, 4, PAGE_BYTES);
}

static uint8_t *some_page(void) { return area + fv_below(AREA_PAGES) * PAGE_BYTES; }

static void unmap(void) { munmap(some_page(), PAGE_BYTES); }
static void protect(void) { mprotect(some_page(), PAGE_BYTES, PROT_NONE); }

/* The page stays, what was in it does not. */
static void forget(void) { madvise(some_page(), PAGE_BYTES, MADV_DONTNEED); }

static void on_signal(int signal) {
    (void)signal;
    handled++;
}

static void handle_signal(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaction(SIGUSR1, &action, NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGUSR1);
    FV_ALWAYS(handled == 1, "a raised signal is handled once");
}

static void leave_directory(void) { FV_ALWAYS(chdir("/") == 0, "the working directory is left"); }

void kernel_change(void) {
    static void (*const ways[])(void) = {keep_open, close_kept,    map_anywhere,
                                         map_own,   unmap,         protect,
                                         forget,    handle_signal, leave_directory};
    ways[fv_pick("kernel", sizeof ways / sizeof *ways)]();
}

#endif
