/* All faults of disks at once, under attrition and from several tasks of a node: whatever happens,
 * what was synced is there unless the disk has lied, sizes and zeros are right, and no file is out
 * of bounds. */
#include <errno.h>
#include <fuzzverse/sim.h>
#include <string.h>

enum { PAGE = 128, TASKS = 3, CALLS = 30, NAMES = 3, CAPACITY = 64 * PAGE };

static fv_node node;
static uint64_t acknowledged[TASKS], attempted[TASKS]; /* by each task's own file */
static char bytes[TASKS][CAPACITY];                    /* to read into */

static bool is_error(int64_t result) { return result == -EIO || result == -ENOSPC; }

static void name_of(uintptr_t task, char name[2]) {
    name[0] = (char)('0' + task);
    name[1] = 0;
}

/* ---- a page that counts up, synced ----------------------------------------------------------- */

static void check_counter(uintptr_t task, fv_file file) {
    uint64_t seen = 0;
    int64_t size = fv_file_read(file, &seen, sizeof seen, 0);
    if (is_error(size) || fv_disk_has_lied(node)) return;
    FV_ALWAYS(seen >= acknowledged[task], "what was synced is there");
    FV_ALWAYS(seen <= attempted[task], "and nothing else");
    FV_SOMETIMES(seen > acknowledged[task], "what was not synced may be there too");
}

static void count_up(uintptr_t task) {
    char name[2];
    name_of(task, name);
    fv_file file = fv_file_open(name, FV_OPEN_CREATE);
    FV_ALWAYS(file > 0, "the counter is opened");
    check_counter(task, file);
    uint64_t next = ++attempted[task];
    if (fv_file_write(file, &next, sizeof next, 0) == sizeof next && fv_file_sync(file) == 0 &&
        fv_disk_sync_names() == 0)
        acknowledged[task] = next;
    fv_file_close(file);
}

/* ---- files that all tasks use ---------------------------------------------------------------- */

static void check_bounds(uintptr_t task, fv_file file) {
    int64_t size = fv_file_size(file);
    FV_ALWAYS(size >= 0 && size <= CAPACITY, "no file is bigger than its disk");
    int64_t got = fv_file_read(file, bytes[task], CAPACITY, 0);
    FV_ALWAYS(got <= CAPACITY, "no read is longer than it may be");
}

/* Alone in the file, as nothing yields to others in between. */
static void check_growth(uintptr_t task, fv_file file) {
    char *seen = bytes[task];
    fv_atomic_begin();
    if (fv_file_truncate(file, 5) == 0 && fv_file_truncate(file, 3 * PAGE) == 0) {
        int64_t got = fv_file_read(file, seen, CAPACITY, 0);
        bool is_zero = got == 3 * PAGE;
        for (int i = 5; i < 3 * PAGE; i++) is_zero &= seen[i] == 0;
        bool may_be = is_zero || is_error(got) || fv_disk_has_lied(node);
        FV_ALWAYS(may_be, "where a file grows there are zeros");
    }
    fv_atomic_end();
}

static void use_file(uintptr_t task, fv_file file) {
    char content[4 * PAGE];
    memset(content, (int)fv_below(256), sizeof content);
    uint64_t size = 1 + fv_below(sizeof content - 1);
    int64_t written = (int64_t)size;
    switch (fv_below(6)) {
    case 0: written = fv_file_append(file, content, size); break;
    case 1: fv_file_sync(file); break;
    case 2: check_bounds(task, file); break;
    case 3: check_growth(task, file); break;
    default: written = fv_file_write(file, content, size, fv_below(8 * PAGE));
    }
    FV_ALWAYS(written == (int64_t)size || is_error(written), "a write is all, or an error");
}

static void use_names(uintptr_t task) {
    const char *const names[NAMES] = {"a", "b", "c"};
    const char *name = names[fv_below(NAMES)];
    if (fv_chance(1, 6)) fv_disk_rename(name, names[fv_below(NAMES)]);
    if (fv_chance(1, 8)) fv_disk_unlink(name);
    fv_file file =
        fv_file_open(name, fv_chance(1, 6) ? FV_OPEN_CREATE | FV_OPEN_TRUNCATE : FV_OPEN_CREATE);
    for (uint64_t i = fv_below(4); i > 0; i--) use_file(task, file);
    fv_file_close(file);
}

static void use_disk(void *with) {
    for (int i = 0; i < CALLS; i++) {
        if (fv_chance(1, 3))
            count_up((uintptr_t)with);
        else
            use_names((uintptr_t)with);
    }
}

static void boot(void *with) {
    (void)with;
    for (uintptr_t task = 0; task < TASKS; task++) fv_spawn("user", use_disk, (void *)task);
}

FV_TARGET(disk_chaos) {
    struct fv_disk_model disk = {
        .page_bytes = PAGE,
        .power_loss = 20000,
        .torn_pages = 500000,
        .lying_syncs = 50000,
        .bit_rot = 20000,
        .misdirected = 50000,
        .lost_writes = 50000,
        .read_errors = 20000,
        .write_errors = 50000,
        .slow_syncs = 100000,
        .sync_ns = FV_US(100),
        .slow_sync_max_ns = FV_MS(20),
        .capacity_bytes = CAPACITY,
        .is_ordered = fv_chance(1, 2),
        .loses_names = fv_chance(1, 2),
    };
    struct fv_node_model faults = {.crashes = 50000000, .kills = 50000000};
    faults.down_max_ns = FV_MS(10);
    faults.down_at_once_max = 1;
    fv_sim_open(&(struct fv_model){.disk = disk, .node = faults});
    node = fv_node_new("chaos", boot, NULL);
    fv_node_start(node);
    fv_attrition(node, 1);
    fv_sleep(FV_MS(300));
}
