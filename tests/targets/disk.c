/* What the kit promises of disks, case by case: calls, names, and what a power loss may keep. */
#include "disk_cases.h"

/* ---- calls ----------------------------------------------------------------------------------- */

static void use_file(void) {
    FV_ALWAYS(fv_file_open("a", 0) == -ENOENT, "there is nothing yet");
    fv_file file = opened("a");
    FV_ALWAYS(fv_file_open("a", FV_OPEN_CREATE | FV_OPEN_EXCLUSIVE) == -EEXIST, "exclusive");
    FV_ALWAYS(fv_file_size(file) == 0 && fv_file_read(file, bytes, 10, 0) == 0, "it is empty");
    fill(file, 'x', 100, 30);
    FV_ALWAYS(content_of("a") == 130 && is_all(0, 0, 30) && is_all('x', 30, 130), "a gap is 0");
    fill(file, 'y', 10, 300);
    FV_ALWAYS(content_of("a") == 310 && is_all(0, 130, 300) && is_all('y', 300, 310), "a hole");
    FV_ALWAYS(fv_file_append(file, "zz", 2) == 2 && content_of("a") == 312, "append");
    FV_ALWAYS(fv_file_read(file, bytes, 50, 308) == 4, "reads are short at the end");
    FV_ALWAYS(fv_file_read(file, bytes, 50, 1000) == 0, "and empty behind it");
    FV_ALWAYS(fv_file_truncate(file, 70) == 0 && content_of("a") == 70, "truncation");
    FV_ALWAYS(fv_file_truncate(file, 320) == 0 && content_of("a") == 320, "and growth");
    FV_ALWAYS(is_all('x', 30, 70) && is_all(0, 70, 320), "what was cut is gone");
    FV_ALWAYS(fv_file_write(file, "", 0, 9999) == 0 && fv_file_size(file) == 320, "nothing");
    FV_ALWAYS(fv_file_write(file, "x", 1, UINT64_MAX) == -EFBIG, "no file is as big as that");
    fv_file again = fv_file_open("a", FV_OPEN_TRUNCATE);
    FV_ALWAYS(fv_file_size(file) == 0, "opening can truncate");
    fill(file, 'v', 64 << 1, (UINT64_C(1) << 30) + 5);
    FV_ALWAYS(fv_file_read(again, bytes, 200, (UINT64_C(1) << 30) - 1) == 134, "holes are free");
    FV_ALWAYS(is_all(0, 0, 6) && is_all('v', 6, 134), "and hold zeros");
    fv_file_close(again);
    fv_file_close(file);
}

static void use_names(void) {
    char name[FV_FILE_NAME_BYTES_MAX + 2] = "";
    memset(name, 'n', FV_FILE_NAME_BYTES_MAX + 1);
    FV_ALWAYS(fv_file_open(name, FV_OPEN_CREATE) == -ENAMETOOLONG, "names are short");
    FV_ALWAYS(fv_disk_rename("a", name) == -ENAMETOOLONG, "in all calls");
    name[FV_FILE_NAME_BYTES_MAX] = 0;
    fv_file_close(opened(name));
    FV_ALWAYS(fv_disk_unlink(name) == 0 && fv_disk_unlink(name) == -ENOENT, "unlink");
    FV_ALWAYS(fv_disk_rename("b", "c") == -ENOENT, "what is not there has no new name");
    fv_file c = opened("c"), b = opened("b");
    fill(b, 'b', 10, 0);
    fill(c, 'c', 20, 0);
    FV_ALWAYS(strcmp(fv_disk_name(0), "a") == 0 && strcmp(fv_disk_name(1), "b") == 0, "order");
    FV_ALWAYS(strcmp(fv_disk_name(2), "c") == 0 && fv_disk_name(3) == NULL, "of all names");
    FV_ALWAYS(fv_disk_rename("b", "c") == 0 && !fv_disk_has("b"), "rename");
    FV_ALWAYS(content_of("c") == 10 && fv_file_size(c) == 20, "replaces, and handles stay");
    fill(c, 'd', 5, 20);
    FV_ALWAYS(fv_file_read(c, bytes, 30, 0) == 25 && is_all('d', 20, 25), "without a name too");
    FV_ALWAYS(fv_disk_rename("c", "c") == 0 && fv_disk_has("c"), "to itself");
    FV_ALWAYS(fv_disk_unlink("c") == 0 && fv_disk_name(1) == NULL, "unlink of an open file");
    FV_ALWAYS(fv_file_append(b, "b", 1) == 1 && fv_file_size(b) == 11, "goes on");
    sync_file(c);
    fv_file_close(b);
    fv_file_close(c);
    FV_ALWAYS(fv_disk_sync_names() == 0, "the directory can be synced");
}

static void use_up(void) {
    for (int i = 0; i < FV_OPEN_FILES_MAX; i++) FV_ALWAYS(fv_file_open("a", 0) > 0, "many");
    FV_ALWAYS(fv_file_open("a", 0) == -EMFILE, "and no more");
}

static void check_after_crash(void) {
    FV_ALWAYS(!fv_disk_has("c") && fv_disk_has("a"), "names are durable at once");
}

static void check_calls(void) {
    begin_case((struct fv_disk_model){0});
    run(use_file);
    run(use_names);
    run(use_up);
    crash_and_run(check_after_crash);
}

static void write_much(void) {
    fv_file file = opened("a");
    fill(file, 'a', 150, 0);
    FV_ALWAYS(fv_file_write(file, bytes, 60, 145) == -ENOSPC, "the disk is full");
    FV_ALWAYS(fv_file_size(file) == 150, "and nothing of it is written");
    fill(file, 'b', 50, 150);
    fv_file other = opened("b");
    FV_ALWAYS(fv_file_append(other, "x", 1) == -ENOSPC, "for all files");
    FV_ALWAYS(fv_file_truncate(other, 1) == -ENOSPC, "and for growth");
    fill(file, 'c', 200, 0);
    FV_ALWAYS(fv_disk_unlink("a") == 0 && fv_file_append(other, "x", 1) == -ENOSPC, "held open");
    fv_file_close(file);
    FV_ALWAYS(fv_file_append(other, "x", 1) == 1, "room comes back");
}

static void check_capacity(void) {
    begin_case((struct fv_disk_model){.capacity_bytes = 200});
    run(write_much);
}

/* ---- what a power loss keeps ----------------------------------------------------------------- */

static void write_versions(void) {
    fv_file file = opened("f");
    fill(file, 'a', 2 * PAGE, 0);
    sync_file(file);
    fill(file, 'b', PAGE, 0);
    fill(file, 'c', PAGE, 0);
    fill(file, 'd', PAGE, PAGE);
    fill(file, 'e', PAGE, 3 * PAGE);
    fill(file, 'f', 10, 5 * PAGE);
}

static void check_versions(void) {
    int64_t size = content_of("f");
    FV_ALWAYS(size == 2 * PAGE || size == 4 * PAGE || size == 5 * PAGE + 10, "size is of a page");
    FV_ALWAYS(is_all('a', 0, PAGE) || is_all('b', 0, PAGE) || is_all('c', 0, PAGE), "a version");
    FV_ALWAYS(is_all('a', PAGE, 2 * PAGE) || is_all('d', PAGE, 2 * PAGE), "or the other");
    if (size > 2 * PAGE) FV_ALWAYS(is_all(0, 2 * PAGE, 3 * PAGE), "a hole stays one");
    bool has_lower = size > 2 * PAGE && is_all('e', 3 * PAGE, 4 * PAGE);
    if (size == 4 * PAGE) FV_ALWAYS(has_lower, "a page that makes the file longer is there");
    if (size > 4 * PAGE) {
        FV_ALWAYS(has_lower || is_all(0, 3 * PAGE, 4 * PAGE), "or zeros below what was kept");
        FV_ALWAYS(is_all(0, 4 * PAGE, 5 * PAGE) && is_all('f', 5 * PAGE, size), "and what was");
    }
    FV_SOMETIMES(is_all('b', 0, PAGE), "an older version is kept");
    FV_SOMETIMES(size > 4 * PAGE && !has_lower, "a later page is kept alone");
    FV_SOMETIMES_EACH("what is kept", FV_KEYS({"size", size}, {"0", bytes[0]}, {"1", bytes[PAGE]}),
                      FV_QUALITY());
}

static void check_subset(void) {
    begin_case((struct fv_disk_model){0});
    run(write_versions);
    crash_and_run(check_versions);
}

static void check_kept(void) {
    FV_ALWAYS(content_of("f") == 5 * PAGE + 10 && is_all('c', 0, PAGE), "a kill loses nothing");
}

static void check_synced(void) {
    check_kept();
    fv_file file = fv_file_open("f", 0);
    sync_file(file);
    fv_node_crash(fv_node_self());
}

static void check_kill(void) {
    begin_case((struct fv_disk_model){0});
    run(write_versions);
    fv_node_kill(node);
    run(check_synced);
    run(check_kept);
}

static void truncate_and_go_on(void) {
    fv_file file = opened("f");
    fill(file, 'a', 4 * PAGE, 0);
    sync_file(file);
    FV_ALWAYS(fv_file_truncate(file, PAGE + 10) == 0, "it is cut");
    fill(file, 'b', PAGE, 3 * PAGE);
    fill(file, 'c', PAGE, 0);
}

static void check_truncated(void) {
    int64_t size = content_of("f");
    FV_ALWAYS(is_all('a', 0, PAGE) || is_all('c', 0, PAGE), "below the cut all is free");
    FV_ALWAYS(is_all('a', PAGE, PAGE + 10), "or as it was");
    FV_ALWAYS(size == 4 * PAGE || size == PAGE + 10, "the cut is kept or lost");
    if (size == 4 * PAGE) {
        bool is_cut = is_all(0, PAGE + 10, 3 * PAGE) && is_all('b', 3 * PAGE, size);
        FV_ALWAYS(is_cut || is_all('a', PAGE, size), "what was cut does not come back in part");
        FV_SOMETIMES(is_cut, "a write behind a cut is kept");
        FV_SOMETIMES(!is_cut && is_all('c', 0, PAGE), "a later write survives a cut");
    }
}

static void check_truncation(void) {
    begin_case((struct fv_disk_model){0});
    run(truncate_and_go_on);
    crash_and_run(check_truncated);
}

enum { WRITES = 12, FILES = 3 };

static void write_in_turn(void) {
    fv_file files[FILES] = {opened("0"), opened("1"), opened("2")};
    for (int i = 0; i < WRITES; i++)
        fill(files[i % FILES], (char)('a' + i), 2 * PAGE, (uint64_t)(i / FILES) * 2 * PAGE);
}

/* A byte of every page in the order in which they were written. */
static void check_prefix(void) {
    char seen[2 * WRITES + 1] = "";
    for (int file = 0; file < FILES; file++) {
        char name[2] = {(char)('0' + file), 0};
        int64_t size = content_of(name);
        FV_ALWAYS(size % PAGE == 0, "pages are kept as a whole");
        for (int64_t page = 0; page * PAGE < size; page++)
            seen[2 * (page / 2 * FILES + file) + page % 2] = bytes[page * PAGE];
    }
    size_t kept = strlen(seen);
    for (size_t i = 0; i < 2 * WRITES; i++)
        FV_ALWAYS(seen[i] == (i < kept ? 'a' + (char)(i / 2) : 0), "a prefix is kept");
    FV_SOMETIMES_EACH("a prefix", FV_KEYS({"kept", (int64_t)kept}), FV_QUALITY());
}

static void check_order(void) {
    begin_case((struct fv_disk_model){.is_ordered = true});
    run(write_in_turn);
    crash_and_run(check_prefix);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void change_names(void) {
    fv_file a = opened("a");
    fill(a, 'a', 10, 0);
    sync_file(a);
    fill(opened("b"), 'b', 10, 0);
    FV_ALWAYS(fv_disk_sync_names() == 0, "two names are durable");
    fill(opened("c"), 'c', 10, 0);
    FV_ALWAYS(fv_disk_rename("a", "b") == 0, "a takes the place of b");
    FV_ALWAYS(fv_disk_rename("b", "d") == 0, "and moves on");
    FV_ALWAYS(fv_disk_unlink("d") == 0, "to be deleted");
    FV_ALWAYS(fv_disk_name(1) == NULL && fv_disk_has("c"), "one is left");
}

static void check_names(void) {
    static const char *const states[] = {"ab", "abc", "bc", "cd", "c"};
    char names[8] = "";
    for (uint32_t i = 0; fv_disk_name(i) != NULL; i++) names[i] = fv_disk_name(i)[0];
    int state = 0;
    while (state < 5 && strcmp(names, states[state]) != 0) state++;
    FV_ALWAYS(state < 5, "the names are those of one moment");
    const char *synced = state < 2 ? "a" : state == 2 ? "b" : "d";
    FV_ALWAYS(state == 4 || (content_of(synced) == 10 && is_all('a', 0, 10)),
              "a file comes back with its content");
    FV_SOMETIMES_EACH("names", FV_KEYS({"state", state}), FV_QUALITY());
}

static void check_directory(void) {
    begin_case((struct fv_disk_model){.loses_names = true});
    run(change_names);
    crash_and_run(check_names);
    fv_node_kill(node);
    run(check_names);
}

/* ---- syncs ----------------------------------------------------------------------------------- */

static fv_file shared;

static void write_during_sync(void *with) {
    (void)with;
    fv_sleep(FV_MS(1));
    fill(shared, 'b', PAGE, 0);
    FV_ALWAYS(fv_file_truncate(shared, 2 * PAGE) == 0, "a sync does not hold others up");
}

static void sync_slowly(void) {
    shared = opened("f");
    fill(shared, 'a', 3 * PAGE, 0);
    fv_task other = fv_spawn("other", write_during_sync, NULL);
    uint64_t before = fv_now();
    sync_file(shared);
    FV_ALWAYS(fv_now() >= before + FV_MS(5), "a sync takes its time");
    fv_join(other);
}

static void check_sync_is_durable(void) {
    int64_t size = content_of("f");
    FV_ALWAYS(size == 2 * PAGE || size == 3 * PAGE, "the size is durable");
    FV_ALWAYS(is_all('a', PAGE, (uint64_t)size), "so is what was written before");
    FV_ALWAYS(is_all('a', 0, PAGE) || is_all('b', 0, PAGE), "what came later may be");
}

static void close_during_sync(void *with) {
    (void)with;
    fv_sleep(FV_MS(1));
    fv_disk_unlink("f");
    fv_file_close(shared);
}

static void sync_what_goes(void) {
    shared = opened("f");
    fv_spawn("other", close_during_sync, NULL);
    sync_file(shared);
}

static void check_syncs(void) {
    begin_case((struct fv_disk_model){.sync_ns = FV_MS(5), .slow_sync_max_ns = FV_MS(50)});
    if (fv_chance(1, 2)) fv_faults.rates[FV_FAULT_SLOW_SYNC] = ALWAYS_STRIKES;
    run(sync_slowly);
    crash_and_run(check_sync_is_durable);
    run(sync_what_goes);
    script = sync_what_goes;
    fv_node_post(node, boot, NULL);
    fv_sleep(FV_MS(2));
    fv_node_crash(node);
}

/* ---- what nobody ever syncs ------------------------------------------------------------------ */

#ifdef NEVER_SYNCED
enum { BIG_PAGE = 1 << 20, TURNS = 100, TURNS_SURELY_KEPT = 30 };

static char big[BIG_PAGE];

static void write_and_write(void) {
    fv_file files[2] = {opened("0"), opened("1")};
    for (int turn = 0; turn < TURNS; turn++) {
        memset(big, turn, sizeof big);
        FV_ALWAYS(fv_file_write(files[turn % 2], big, sizeof big, 0) == sizeof big, "a big page");
    }
}

static int turn_of(const char *name) {
    fv_file file = fv_file_open(name, 0);
    FV_ALWAYS(fv_file_size(file) == BIG_PAGE, "the size is durable too");
    FV_ALWAYS(fv_file_read(file, big, sizeof big, 0) == BIG_PAGE, "a page is read as a whole");
    FV_ALWAYS(memcmp(big, big + 1, sizeof big - 1) == 0, "and is one version");
    return big[0];
}

static void check_turns(void) {
    int even = turn_of("0"), odd = turn_of("1");
    FV_ALWAYS(even > TURNS_SURELY_KEPT, "what is old has been written back");
    FV_ALWAYS(odd == even - 1 || odd == even + 1, "and a prefix is kept still");
    FV_SOMETIMES(even != TURNS - 2 || odd != TURNS - 1, "what is new may be lost");
}

FV_TARGET(disk_never_synced) {
    fv_sim_open(&(struct fv_model){0});
    begin_case((struct fv_disk_model){.is_ordered = true});
    fv_faults.model.disk.page_bytes = BIG_PAGE;
    run(write_and_write);
    crash_and_run(check_turns);
}
#else
FV_TARGET(disk) {
    fv_schedule_use(FV_SCHEDULE_RANDOM_WALK); /* time passes when nobody can run */
    fv_sim_open(&(struct fv_model){0});
    check_calls();
    check_capacity();
    check_subset();
    check_kill();
    check_truncation();
    check_order();
    check_directory();
    check_syncs();
}
#endif
