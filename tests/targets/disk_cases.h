/* What disk.c, disk_faults.c and disk_random.c share: a case has a node of its own, and scripts
 * that run in it. They set the inside of the kit's model, so that every case has its own. */
#ifndef DISK_CASES_H
#define DISK_CASES_H

#include "../../native/sim/world.h"

#include <errno.h>
#include <fuzzverse/sim.h>
#include <string.h>

enum { PAGE = 64, ALWAYS_STRIKES = 1000000 };

static fv_node node;
static bool is_done;
static void (*script)(void);

static void boot(void *with) {
    (void)with;
    script();
    is_done = true;
}

/* A node of its own for each case, with nothing but this to go wrong. */
static void begin_case(struct fv_disk_model model) {
    memset(fv_faults.rates, 0, sizeof fv_faults.rates);
    model.page_bytes = PAGE;
    fv_faults.model.disk = model;
    node = fv_node_new("case", boot, NULL);
}

/* In the node, up to its end or that of the node. */
static void run(void (*what)(void)) {
    script = what;
    is_done = false;
    if (fv_node_is_up(node))
        fv_node_post(node, boot, NULL);
    else
        fv_node_start(node);
    while (!is_done && (fv_node_is_up(node))) fv_sleep(FV_US(100));
}

static inline void crash_and_run(void (*what)(void)) {
    fv_node_crash(node);
    run(what);
}

/* ---- for the scripts ------------------------------------------------------------------------- */

static char bytes[8 * PAGE];

static inline fv_file opened(const char *name) {
    fv_file file = fv_file_open(name, FV_OPEN_CREATE);
    FV_ALWAYS(file > 0, "a file can be made");
    return file;
}

static inline void fill(fv_file file, char with, uint64_t size, uint64_t at) {
    char content[8 * PAGE];
    memset(content, with, size);
    FV_ALWAYS(fv_file_write(file, content, size, at) == (int64_t)size, "all is written");
}

static inline void sync_file(fv_file file) {
    FV_ALWAYS(fv_file_sync(file) == 0, "a sync succeeds");
}

/* Into `bytes`; its size, or -1: there is none. */
static inline int64_t content_of(const char *name) {
    fv_file file = fv_file_open(name, 0);
    if (file == -ENOENT) return -1;
    memset(bytes, '?', sizeof bytes);
    int64_t size = fv_file_read(file, bytes, sizeof bytes, 0);
    FV_ALWAYS(size == fv_file_size(file), "a read goes up to the end");
    fv_file_close(file);
    return size;
}

static inline bool is_all(char what, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; i++)
        if (bytes[i] != what) return false;
    return true;
}

#endif
