#include "watch.h"

#include <fuzzverse/fuzzverse.h>
#include <string.h>

/* Words of the index: those of the header, which is there twice, and what is behind it. */
enum { INDEX_FRAMES = 4, INDEX_PAGES = 5, INDEX_SALT = 8, INDEX_BACKFILLED = 24 };

enum {
    LOCK_WRITE = 1,
    LOCK_CHECKPOINT = 2,
    LOCK_RECOVER = 4,
    LOCK_READ_DATABASE = 8, /* of who needs no frame of the log */
    LOCK_READ_LOG = 0xf0
};

static int64_t step_of(uint32_t n) { return n == 0 ? 0 : n < 4 ? 1 : n < 16 ? 2 : 3; }

enum { CALLS_MANY = 8, FRAME_HEADER_BYTES = 24 };

static bool is_copied(const struct watch_log *log) {
    return log->frames > 0 && log->backfilled == log->frames;
}

static int64_t backfill_step(const struct watch_log *log) {
    return log->backfilled == 0 ? 0 : log->backfilled < log->frames ? 1 : is_copied(log) ? 2 : 3;
}

/* What a connection is at, by its locks. */
enum part { PART_NONE, PART_READ, PART_WRITE, PART_CHECKPOINT, PART_BOTH, PART_RECOVER, PARTS };

static enum part part_of(const struct vfs_locks *locks) {
    if (locks->exclusive & LOCK_RECOVER) return PART_RECOVER;
    if (locks->exclusive & LOCK_CHECKPOINT)
        return locks->exclusive & LOCK_WRITE ? PART_BOTH : PART_CHECKPOINT;
    if (locks->exclusive & LOCK_WRITE) return PART_WRITE;
    return locks->shared ? PART_READ : PART_NONE;
}

/* False: there is no index. */
static bool read_log(struct watch *w) {
    const uint32_t *index = w->vfs->shared[0];
    if (!index) return false;
    w->log = (struct watch_log){index[INDEX_SALT], index[INDEX_FRAMES], index[INDEX_BACKFILLED],
                                index[INDEX_PAGES]};
    return true;
}

/* ---- checkpoints that are held up ------------------------------------------------------------ */

/* Nobody keeps a checkpoint from copying all there is. */
static bool is_unread(const struct watch *w) {
    for (uint32_t i = 0; i < VFS_OPEN_MAX; i++)
        if (w->vfs->locks[i].shared & LOCK_READ_LOG) return false;
    return true;
}

/* What there is for a checkpoint to mistake that takes the log for an older one: pages that it does
 * not know of, or frames that are not there yet. */
static uint32_t harm_of(const struct watch_log *old, const struct watch_log *new) {
    return new->frames == 0 ? 0 : (new->pages > old->pages) + 2 * (new->frames < old->frames);
}

static enum watch_change change_of(const struct watch *w, const struct watch_log *seen) {
    if (seen->salt == w->log.salt) return WATCH_SAME;
    if (w->log.frames == 0) return WATCH_RESTARTED;
    return harm_of(seen, &w->log) && is_unread(w) ? WATCH_HARMFUL : WATCH_WRITTEN;
}

/* The longer it is held up and the more others do meanwhile, the better. */
static void note_held(const struct watch *w, struct watch_connection *held) {
    enum watch_change change = change_of(w, &held->seen);
    bool is_long = ++held->calls == CALLS_MANY;
    if (change <= held->change && held->calls > 1 && !is_long) return;
    held->change = change;
    FV_SOMETIMES_EACH("others go on while a checkpoint looks at the log",
                      FV_KEYS({"change", change}, {"long", held->calls >= CALLS_MANY},
                              {"harm", harm_of(&held->seen, &w->log)}),
                      FV_QUALITY());
}

/* It has looked at a log with nothing left to copy, not yet at how far the last checkpoint came. */
static bool is_held(const struct watch *w, uint32_t handle) {
    const struct watch_connection *c = &w->of[handle];
    return w->vfs->locks[handle].exclusive == LOCK_CHECKPOINT && is_copied(&c->seen) &&
           fv_task_touching(c->task) == (const uint32_t *)w->vfs->shared[0] + INDEX_BACKFILLED;
}

static void note_held_ones(struct watch *w) {
    if (!w->tells_checkpoints || !read_log(w)) return;
    for (uint32_t i = 0; i < VFS_OPEN_MAX; i++)
        if (is_held(w, i)) note_held(w, &w->of[i]);
}

/* ---- leaving WAL mode ------------------------------------------------------------------------ */

/* What others have, while a connection that has done away with the log changes the header; at last,
 * that they have gone and left a new log. */
enum came { CAME_NOBODY, CAME_READER, CAME_LOG, CAME_FRAMES, CAME_AND_GONE };

static enum came came_of(const struct watch *w, const struct vfs_locks *other) {
    if (other->level < SQLITE_LOCK_SHARED) return CAME_NOBODY;
    if (!other->is_mapped) return CAME_READER;
    return w->log.frames > 0 ? CAME_FRAMES : CAME_LOG;
}

static void note_others(struct watch *w, uint32_t leaver) {
    enum came came = CAME_NOBODY;
    for (uint32_t i = 0; i < VFS_OPEN_MAX; i++) {
        enum came other = i == leaver ? CAME_NOBODY : came_of(w, &w->vfs->locks[i]);
        if (other > came) came = other;
    }
    if (came == CAME_NOBODY && w->came == CAME_FRAMES) came = CAME_AND_GONE;
    if ((int64_t)came <= w->came) return;
    if (w->came < 0) w->log = (struct watch_log){0}; /* it is gone */
    w->came = came;
    FV_SOMETIMES_EACH("others come while a connection leaves WAL mode", FV_KEYS({"have", came}),
                      FV_QUALITY());
}

static void note_leaver(struct watch *w) {
    if (w->leavers == 0) w->came = -1;
    for (uint32_t i = 0; w->leavers > 0 && i < VFS_OPEN_MAX; i++) {
        const struct vfs_locks *locks = &w->vfs->locks[i];
        if (locks->level == SQLITE_LOCK_RESERVED && !locks->is_mapped) note_others(w, i);
    }
}

static void note_call(void *with) {
    note_held_ones(with);
    note_leaver(with);
}

/* ---- the log --------------------------------------------------------------------------------- */

/* A checkpoint that lets others write looks at the log, of which nothing is left to copy. */
static void note_look(void *with, uint32_t handle) {
    struct watch *w = with;
    int64_t others[PARTS] = {0};
    bool is_checkpoint = w->vfs->locks[handle].exclusive == LOCK_CHECKPOINT;
    if (!w->tells_checkpoints || !is_checkpoint || !is_copied(&w->of[handle].seen)) return;
    for (uint32_t i = 0; i < VFS_OPEN_MAX; i++)
        if (i != handle && w->vfs->locks[i].is_mapped) others[part_of(&w->vfs->locks[i])]++;
    if (others[PART_NONE] + others[PART_READ] + others[PART_WRITE] == 0) return;
    FV_SOMETIMES_EACH("a checkpoint with nothing to do looks at the log",
                      FV_KEYS({"frames", step_of(w->of[handle].seen.frames)},
                              {"idle", others[PART_NONE]}, {"readers", others[PART_READ]},
                              {"writers", others[PART_WRITE]}),
                      FV_QUALITY());
}

/* A frame's header, which begins with the number of its page, is written by itself. */
static void note_write(void *with, const char *name, const uint8_t *bytes, size_t length) {
    static const uint8_t first[] = {0, 0, 0, 1};
    struct watch *w = with;
    bool is_header = length == FRAME_HEADER_BYTES && strcmp(name, "db-wal") == 0;
    w->headers += is_header && memcmp(bytes, first, sizeof(first)) == 0;
}

static void note_log(const struct watch *w) {
    FV_SOMETIMES_EACH(
        "the log under locks",
        FV_KEYS({"frames", step_of(w->log.frames)}, {"checkpointed", backfill_step(&w->log)}),
        FV_QUALITY());
}

static void note_lock(void *with, uint32_t handle) {
    struct watch *w = with;
    if (!read_log(w)) return;
    note_log(w);
    w->of[handle] = (struct watch_connection){.task = fv_self(), .seen = w->log};
}

void watch_start(struct watch *watch, struct vfs *vfs, bool tells_checkpoints) {
    memset(watch, 0, sizeof(*watch));
    watch->vfs = vfs;
    watch->tells_checkpoints = tells_checkpoints;
    vfs->locked = note_lock;
    vfs->looked = note_look;
    vfs->written = note_write;
    vfs->called = note_call;
    vfs->with = watch;
}
