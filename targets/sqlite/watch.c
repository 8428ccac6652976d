#include "watch.h"

#include <fuzzverse/fuzzverse.h>
#include <string.h>

/* Words of the index: the header's, and those behind its two copies. */
enum { INDEX_FRAMES = 4, INDEX_SALT = 8, INDEX_BACKFILLED = 24 };

enum { LOCK_WRITE = 1, LOCK_CHECKPOINT = 2, LOCK_RECOVER = 4, LOCK_READ_DATABASE = 8 };

static int64_t step_of(uint32_t n) { return n == 0 ? 0 : n < 4 ? 1 : n < 16 ? 2 : 3; }

static int64_t backfill_step(const struct watch_log *log) {
    return log->backfilled == 0             ? 0
           : log->backfilled < log->frames  ? 1
           : log->backfilled == log->frames ? 2
                                            : 3;
}

/* What a connection is at, by its locks. */
enum part { PART_NONE, PART_READ, PART_WRITE, PART_CHECKPOINT, PART_BOTH, PART_RECOVER };

static enum part part_of(const struct vfs_locks *locks) {
    if (locks->exclusive & LOCK_RECOVER) return PART_RECOVER;
    if (locks->exclusive & LOCK_CHECKPOINT)
        return locks->exclusive & LOCK_WRITE ? PART_BOTH : PART_CHECKPOINT;
    if (locks->exclusive & LOCK_WRITE) return PART_WRITE;
    return locks->shared ? PART_READ : PART_NONE;
}

/* A log that begins again does so with none of its frames needed. Who has looked at the old one,
 * and has not come to its next lock since, may still go by it. */
static void note_restart(const struct watch *w, uint32_t handle, const struct watch_log *before) {
    for (uint32_t i = 0; i < VFS_OPEN_MAX; i++) {
        const struct vfs_locks *other = &w->vfs->locks[i];
        if (i == handle || !other->is_mapped || w->seen[i].salt != before->salt) continue;
        FV_SOMETIMES_EACH("the log begins again behind a connection's back",
                          FV_KEYS({"by", part_of(&w->vfs->locks[handle])},
                                  {"other", part_of(other)}, {"had", step_of(before->frames)},
                                  {"filled", backfill_step(&w->seen[i])}),
                          FV_QUALITY());
    }
}

static void note_beyond(const struct watch *w) {
    uint32_t missing = w->log.backfilled - w->log.frames;
    FV_SOMETIMES_EACH("the log is checkpointed beyond its end", FV_KEYS({"by", step_of(missing)}),
                      FV_QUALITY());
}

static void note_locks(const struct watch *w) {
    uint32_t parts = 0;
    for (uint32_t i = 0; i < VFS_OPEN_MAX; i++)
        if (w->vfs->locks[i].is_mapped) parts |= 1U << part_of(&w->vfs->locks[i]);
    FV_SOMETIMES_EACH("the log under locks",
                      FV_KEYS({"frames", step_of(w->log.frames)},
                              {"checkpointed", backfill_step(&w->log)}, {"parts", parts}),
                      FV_QUALITY());
}

static void notice(void *with, uint32_t handle) {
    struct watch *w = with;
    const uint32_t *index = w->vfs->shared[0];
    if (!index) return;
    struct watch_log before = w->log;
    w->log = (struct watch_log){index[INDEX_SALT], index[INDEX_FRAMES], index[INDEX_BACKFILLED]};
    if (w->log.salt != before.salt && before.frames > 0) note_restart(w, handle, &before);
    if (w->log.frames > 0 && w->log.backfilled > w->log.frames) note_beyond(w);
    note_locks(w);
    w->seen[handle] = w->log;
}

void watch_start(struct watch *watch, struct vfs *vfs) {
    memset(watch, 0, sizeof(*watch));
    watch->vfs = vfs;
    vfs->noticed = notice;
    vfs->noticed_with = watch;
}
