/* Drawn calls beside a simple model of what a disk holds and of what a power loss may leave. */
#include "disk_cases.h"

enum { PAGES = 6, BYTES = PAGES * PAGE, NAMES = 4, LIVES = 4, CALLS = 24 };
enum { INODES_MAX = LIVES * (CALLS + NAMES), STEPS_MAX = LIVES * CALLS * PAGES };

struct content {
    uint64_t size;
    char bytes[BYTES]; /* 0 behind the end */
};

/* A change of an inode that is not durable. */
struct step {
    int inode;
    struct content after;
};

struct names {
    int inodes[NAMES]; /* -1: there is none */
};

static struct content base[INODES_MAX], live[INODES_MAX]; /* durable, and as it is seen */
static struct step steps[STEPS_MAX];
static struct names durable_names, live_names, later_names[LIVES * CALLS + 1];
static int inode_count, step_count, later_count;
static bool is_ordered, loses_names;
static fv_file held; /* open across calls */
static int held_inode;

static const char *name_of(int n) {
    static const char *const names[NAMES] = {"a", "b", "c", "d"};
    return names[n];
}

/* ---- the model ------------------------------------------------------------------------------- */

static void note_step(int inode) {
    FV_ALWAYS(step_count < STEPS_MAX, "the model has room");
    steps[step_count++] = (struct step){inode, live[inode]};
}

static void note_names(void) {
    if (loses_names)
        later_names[later_count++] = live_names;
    else
        durable_names = live_names;
}

/* As pages, one after the other. */
static void model_write(int inode, const char *from, uint64_t size, uint64_t at) {
    struct content *content = &live[inode];
    for (uint64_t i = 0; i < size; i++) {
        content->bytes[at + i] = from[i];
        if (content->size < at + i + 1) content->size = at + i + 1;
        if ((at + i) % PAGE == PAGE - 1 || i == size - 1) note_step(inode);
    }
}

static void model_sync(int inode) {
    int left = 0;
    for (int i = 0; i < step_count; i++)
        if (steps[i].inode != inode) steps[left++] = steps[i];
    step_count = left;
    base[inode] = live[inode];
}

/* ---- what a power loss may leave ------------------------------------------------------------- */

static bool are_same(const struct content *one, const struct content *other) {
    return one->size == other->size && memcmp(one->bytes, other->bytes, BYTES) == 0;
}

/* With the first `kept` steps of all. */
static bool is_prefix(int inode, const struct content *seen, int kept) {
    const struct content *last = &base[inode];
    for (int i = 0; i < kept; i++)
        if (steps[i].inode == inode) last = &steps[i].after;
    return are_same(last, seen);
}

static bool is_page_of(const struct content *content, const struct content *seen, int page) {
    return memcmp(content->bytes + page * PAGE, seen->bytes + page * PAGE, PAGE) == 0;
}

static bool has_versions(int inode, const struct content *seen) {
    uint64_t least = base[inode].size, greatest = least;
    for (int i = 0; i < step_count; i++) {
        if (steps[i].inode != inode) continue;
        if (steps[i].after.size < least) least = steps[i].after.size;
        if (steps[i].after.size > greatest) greatest = steps[i].after.size;
    }
    if (seen->size < least || seen->size > greatest) return false;
    for (int page = 0; page < PAGES; page++) {
        bool is_version = is_page_of(&base[inode], seen, page);
        for (int i = 0; i < step_count; i++)
            is_version |= steps[i].inode == inode && is_page_of(&steps[i].after, seen, page);
        if (!is_version) return false;
    }
    return true;
}

static bool fits(const struct names *names, const struct names *seen, const struct content *found,
                 int kept) {
    for (int n = 0; n < NAMES; n++) {
        int inode = names->inodes[n];
        if ((inode < 0) != (seen->inodes[n] < 0)) return false;
        if (inode < 0) continue;
        bool may_be =
            is_ordered ? is_prefix(inode, &found[n], kept) : has_versions(inode, &found[n]);
        if (!may_be) return false;
    }
    return true;
}

static bool may_be_left(const struct names *seen, const struct content *found) {
    for (int later = 0; later <= later_count; later++) {
        const struct names *names = later == 0 ? &durable_names : &later_names[later - 1];
        for (int kept = is_ordered ? 0 : step_count; kept <= step_count; kept++)
            if (fits(names, seen, found, kept)) return true;
    }
    return false;
}

/* Into `content`; false: there is no such file. */
static bool is_found(const char *name, struct content *content) {
    *content = (struct content){0};
    int64_t size = content_of(name);
    if (size < 0) return false;
    FV_ALWAYS(size <= BYTES, "no file is longer than it was");
    content->size = (uint64_t)size;
    memcpy(content->bytes, bytes, content->size);
    return true;
}

/* What is there is all that is known from now on. */
static void look_after_loss(void) {
    struct content found[NAMES];
    struct names seen;
    for (int n = 0; n < NAMES; n++) seen.inodes[n] = is_found(name_of(n), &found[n]) ? n : -1;
    FV_ALWAYS(may_be_left(&seen, found), "a power loss leaves what was there at some time");
    FV_SOMETIMES(step_count > 4, "much is at risk");
    for (int n = 0; n < NAMES; n++) base[n] = live[n] = found[n];
    durable_names = live_names = seen;
    inode_count = NAMES;
    step_count = later_count = 0;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void check_content(fv_file file, int inode) {
    uint64_t at = fv_below(BYTES), size = fv_below(BYTES);
    const struct content *content = &live[inode];
    uint64_t readable = at < content->size ? content->size - at : 0;
    if (readable > size) readable = size;
    FV_ALWAYS(fv_file_size(file) == (int64_t)content->size, "the size is the model's");
    FV_ALWAYS(fv_file_read(file, bytes, size, at) == (int64_t)readable, "as much is read");
    FV_ALWAYS(memcmp(bytes, content->bytes + at, readable) == 0, "what is read is the model's");
}

static void write_some(fv_file file, int inode) {
    static char filling;
    bool appends = fv_chance(1, 3) && live[inode].size < BYTES;
    uint64_t at = appends ? live[inode].size : fv_below(BYTES);
    uint64_t size = 1 + fv_below(fv_chance(1, 2) ? PAGE : 3 * PAGE);
    if (size > BYTES - at) size = BYTES - at;
    char content[BYTES];
    memset(content, ++filling, size);
    int64_t written =
        appends ? fv_file_append(file, content, size) : fv_file_write(file, content, size, at);
    FV_ALWAYS(written == (int64_t)size, "a write writes all");
    model_write(inode, content, size, at);
}

static void truncate_some(fv_file file, int inode) {
    uint64_t size = fv_chance(1, 4) ? 0 : fv_below(BYTES);
    FV_ALWAYS(fv_file_truncate(file, size) == 0, "a truncation succeeds");
    struct content *content = &live[inode];
    if (size == content->size) return;
    if (size < content->size) memset(content->bytes + size, 0, BYTES - size);
    content->size = size;
    note_step(inode);
}

static void use_inode(fv_file file, int inode) {
    switch (fv_below(8)) {
    case 0: truncate_some(file, inode); break;
    case 1:
        sync_file(file);
        model_sync(inode);
        break;
    case 2:
    case 3: check_content(file, inode); break;
    default: write_some(file, inode);
    }
}

static void use_name(int n) {
    int inode = live_names.inodes[n];
    bool is_new = inode < 0;
    fv_file file = fv_file_open(name_of(n), is_new ? FV_OPEN_CREATE : 0);
    FV_ALWAYS(file > 0, "a file is opened");
    if (is_new) {
        inode = inode_count++;
        base[inode] = live[inode] = (struct content){0};
        live_names.inodes[n] = inode;
        note_names();
    }
    use_inode(file, inode);
    if (held == 0 && fv_chance(1, 4)) {
        held = file;
        held_inode = inode;
    } else {
        fv_file_close(file);
    }
}

static void change_name(int n) {
    int to = (int)fv_below(NAMES + 1);
    bool is_there = live_names.inodes[n] >= 0;
    if (to == NAMES)
        FV_ALWAYS(fv_disk_unlink(name_of(n)) == (is_there ? 0 : -ENOENT), "unlink");
    else
        FV_ALWAYS(fv_disk_rename(name_of(n), name_of(to)) == (is_there ? 0 : -ENOENT), "rename");
    if (!is_there || to == n) return;
    if (to < NAMES) live_names.inodes[to] = live_names.inodes[n];
    live_names.inodes[n] = -1;
    note_names();
}

static void use_held(void) {
    if (held != 0) use_inode(held, held_inode);
    if (held == 0 || fv_chance(2, 3)) return;
    fv_file_close(held);
    held = 0;
}

static void check_listing(void) {
    uint32_t place = 0;
    for (int n = 0; n < NAMES; n++) {
        FV_ALWAYS(fv_disk_has(name_of(n)) == (live_names.inodes[n] >= 0), "names are the model's");
        if (live_names.inodes[n] < 0) continue;
        FV_ALWAYS(strcmp(fv_disk_name(place++), name_of(n)) == 0, "names are in order");
    }
    FV_ALWAYS(fv_disk_name(place) == NULL, "no further name");
}

static void sync_names(void) {
    FV_ALWAYS(fv_disk_sync_names() == 0, "names are synced");
    durable_names = live_names;
    later_count = 0;
}

static void live_on(void) {
    held = 0;
    for (uint64_t calls = fv_below(CALLS); calls > 0; calls--) {
        switch (fv_below(10)) {
        case 0: sync_names(); break;
        case 1:
        case 2: change_name((int)fv_below(NAMES)); break;
        case 3: check_listing(); break;
        case 4:
        case 5: use_held(); break;
        default: use_name((int)fv_below(NAMES));
        }
    }
}

FV_TARGET(disk_random) {
    fv_sim_open(&(struct fv_model){0});
    is_ordered = fv_chance(1, 2);
    loses_names = fv_chance(1, 2);
    begin_case((struct fv_disk_model){.is_ordered = is_ordered, .loses_names = loses_names});
    for (int n = 0; n < NAMES; n++) live_names.inodes[n] = durable_names.inodes[n] = -1;
    for (int life = 0; life < LIVES; life++) {
        run(live_on);
        if (fv_chance(1, 4)) {
            fv_node_kill(node);
        } else {
            crash_and_run(look_after_loss);
        }
    }
}
