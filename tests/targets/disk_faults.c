/* Every fault of a disk, one at a time. -DMISUSE=n does what is not allowed. */
#include "disk_cases.h"

/* ---- faults ---------------------------------------------------------------------------------- */

static void write_synced(void) {
    fv_file file = opened("f");
    fill(file, 'a', 2 * PAGE, 0);
    sync_file(file);
}

/* Writes in `write_synced` are sound, and those of `then` struck. */
static void strike(enum fv_fault fault, void (*then)(void)) {
    begin_case((struct fv_disk_model){0});
    run(write_synced);
    FV_ALWAYS(!fv_disk_has_lied(node), "an honest disk");
    fv_faults.rates[fault] = ALWAYS_STRIKES;
    run(then);
    fv_faults.rates[fault] = 0;
}

static void overwrite(void) {
    fv_file file = fv_file_open("f", 0);
    fill(file, 'b', PAGE, 0);
    fill(file, 'b', PAGE, 2 * PAGE);
    sync_file(file);
    fv_file_close(file);
    FV_ALWAYS(content_of("f") == 3 * PAGE && is_all('b', 0, PAGE), "it looks well");
}

static void check_lied_to(void) {
    int64_t size = content_of("f");
    FV_ALWAYS(size == 2 * PAGE || is_all('b', 2 * PAGE, 3 * PAGE), "as if there was no sync");
    FV_ALWAYS(is_all('a', 0, PAGE) || is_all('b', 0, PAGE), "any page may be lost");
    FV_SOMETIMES(is_all('a', 0, PAGE), "a sync was a lie");
}

static void check_write_lost(void) {
    FV_ALWAYS(content_of("f") == 3 * PAGE && is_all('a', 0, 2 * PAGE), "the old content");
    FV_ALWAYS(is_all(0, 2 * PAGE, 3 * PAGE), "or none");
}

static void write_once_more(void) {
    fv_file file = fv_file_open("f", 0);
    fill(file, 'c', 10, 0);
    sync_file(file);
}

static void check_made_whole(void) {
    FV_ALWAYS(content_of("f") == 3 * PAGE && is_all('c', 0, 10) && is_all('b', 10, PAGE),
              "a later write of the page writes all of it");
    FV_ALWAYS(is_all(0, 2 * PAGE, 3 * PAGE), "but not of another one");
}

static void write_astray(void) {
    fv_file file = fv_file_open("f", 0);
    fill(file, 'b', PAGE, 0);
}

static void check_astray(void) {
    FV_ALWAYS(content_of("f") == 2 * PAGE && is_all('a', 0, PAGE), "not where it should be");
    FV_ALWAYS(is_all('b', PAGE, 2 * PAGE), "but elsewhere");
}

static void check_rotten(void) {
    FV_ALWAYS(content_of("f") == 2 * PAGE, "rot changes no size");
    int bits = 0;
    for (int i = 0; i < 2 * PAGE; i++) bits += __builtin_popcount((uint8_t)(bytes[i] ^ 'a'));
    FV_ALWAYS(bits == 1, "one bit has flipped, once for all");
}

static void read_once(void) {
    fv_file file = fv_file_open("f", 0);
    fv_file_read(file, bytes, 2 * PAGE, 0);
}

static void cut_short(void) {
    fv_file file = fv_file_open("f", 0);
    FV_ALWAYS(fv_file_truncate(file, 10) == 0, "what looks well can be cut");
    sync_file(file);
}

static void check_short(void) {
    FV_ALWAYS(content_of("f") == 10, "the cut is durable");
    FV_ALWAYS(fv_file_truncate(fv_file_open("f", 0), PAGE) == 0, "and can be taken back");
    FV_ALWAYS(content_of("f") == PAGE && is_all(0, 10, PAGE), "but not what was cut");
}

static void check_lies(void) {
    strike(FV_FAULT_LYING_SYNC, overwrite);
    FV_ALWAYS(fv_disk_has_lied(node), "a lying sync is a lie");
    crash_and_run(check_lied_to);
    strike(FV_FAULT_LOST_WRITE, overwrite);
    FV_ALWAYS(fv_disk_has_lied(node), "a lost write is a lie");
    switch (fv_below(3)) {
    case 0: crash_and_run(check_write_lost); break;
    case 1:
        run(write_once_more);
        crash_and_run(check_made_whole);
        break;
    default: run(cut_short); crash_and_run(check_short);
    }
    strike(FV_FAULT_MISDIRECTED, write_astray);
    FV_ALWAYS(fv_disk_has_lied(node), "a misdirected write is a lie");
    run(check_astray);
    strike(FV_FAULT_BIT_ROT, read_once);
    FV_ALWAYS(fv_disk_has_lied(node), "rot is a lie");
    run(check_rotten);
    crash_and_run(check_rotten);
}

static void fail_to_write(void) {
    fv_file file = fv_file_open("f", 0);
    memset(bytes, 'b', sizeof bytes);
    FV_ALWAYS(fv_file_write(file, bytes, 4 * PAGE, 0) == -EIO, "a write fails");
    FV_ALWAYS(fv_file_truncate(file, 0) == -EIO, "so does a truncation");
    FV_ALWAYS(fv_file_sync(file) == -EIO && fv_disk_sync_names() == -EIO, "and a sync");
    int64_t size = content_of("f"), written = 0;
    while (written < size && bytes[written] == 'b') written += PAGE;
    FV_ALWAYS(written < 4 * PAGE && size == (written > 2 * PAGE ? written : 2 * PAGE),
              "some pages are written, not all");
    FV_SOMETIMES(written > 0, "a write fails in the middle");
}

static void fail_to_read(void) {
    FV_ALWAYS(fv_file_read(fv_file_open("f", 0), bytes, 9, 0) == -EIO, "a read fails");
}

static void check_still_there(void) {
    FV_ALWAYS(content_of("f") >= 2 * PAGE && (bytes[0] == 'a' || bytes[0] == 'b'), "no loss");
}

static void check_errors(void) {
    strike(FV_FAULT_WRITE_ERROR, fail_to_write);
    crash_and_run(check_still_there);
    strike(FV_FAULT_READ_ERROR, fail_to_read);
    FV_ALWAYS(!fv_disk_has_lied(node), "an error is no lie");
}

static void check_torn(void) {
    int64_t size = content_of("f");
    FV_ALWAYS(size == 3 * PAGE, "what is synced is not torn");
    FV_ALWAYS(is_all('a', PAGE, 2 * PAGE), "no page that was not written is torn");
    int changes = 0;
    for (int i = 1; i < PAGE; i++) changes += bytes[i] != bytes[i - 1];
    FV_ALWAYS(changes <= 1, "a beginning or an end is new");
    FV_SOMETIMES(changes == 1, "a page is torn");
}

static void overwrite_page(void) {
    fv_file file = fv_file_open("f", 0);
    fill(file, 'd', PAGE, 2 * PAGE);
    sync_file(file);
    fill(file, 'b', PAGE, 0);
}

static void check_tears(bool is_ordered) {
    begin_case((struct fv_disk_model){.is_ordered = is_ordered});
    run(write_synced);
    run(overwrite_page);
    fv_faults.rates[FV_FAULT_TORN_PAGE] = ALWAYS_STRIKES;
    crash_and_run(check_torn);
    FV_ALWAYS(!fv_disk_has_lied(node), "a torn page was not synced");
}

static void check_one_of_both(void) {
    int64_t size = content_of("f");
    FV_ALWAYS(size == -1 || size == 0, "the call had its effect or had not");
    FV_SOMETIMES(size == -1, "the power fails before a call");
    FV_SOMETIMES(size == 0, "the power fails behind a call");
}

static void check_power(void) {
    begin_case((struct fv_disk_model){0});
    fv_faults.rates[FV_FAULT_POWER_LOSS] = ALWAYS_STRIKES;
    run(write_synced);
    FV_ALWAYS(!is_done && !fv_node_is_up(node), "a call may be the last");
    fv_faults.rates[FV_FAULT_POWER_LOSS] = 0;
    run(check_one_of_both);
}

/* ---- misuse ---------------------------------------------------------------------------------- */

#ifdef MISUSE
static fv_file left_open;

static void leave_open(void) { left_open = opened("f"); }

static void misuse(void) {
    if (MISUSE == 0) fv_file_size(7);
    if (MISUSE == 1) fv_file_sync(-ENOENT);
    fv_file file = opened("g");
    if (MISUSE == 2) fv_file_size(left_open);
    fv_file_close(file);
    fv_file_close(opened("g"));
    if (MISUSE == 3) fv_file_close(file);
    if (MISUSE == 4) fv_file_open("g", 8);
}

static void check_misuse(void) {
    begin_case((struct fv_disk_model){0});
    if (MISUSE == 5) fv_disk_has("f");
    if (MISUSE == 6) fv_faults.model.disk.page_bytes = 100;
    run(leave_open);
    fv_node_kill(node);
    run(misuse);
}
#endif

FV_TARGET(disk_faults) {
    fv_sim_open(&(struct fv_model){0});
#ifdef MISUSE
    check_misuse();
#else
    check_lies();
    check_errors();
    check_tears(false);
    check_tears(true);
    check_power();
#endif
}
