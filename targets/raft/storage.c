/* What a server keeps on its disk, and how it finds it again after a power loss.
 *
 * votes     two slots, each on a page of its own and written in turn: {sum, generation, term,
 *           vote}. The newer one that is whole counts, so a torn write leaves the older one.
 * log       records of one size, {sum, index, entry}. The first is the base; a record whose index
 *           was there before cuts what followed. Every sum covers the sum before it, so a record
 *           that an earlier life left behind a lost one is no continuation: the log ends before
 *           the first record that does not fit.
 * snapshot  written beside, synced and renamed: there is always a whole one, or none yet. */
#include "observer.h"

#include <string.h>

enum { PAGE_BYTES = 4096, NO_VOTE = NOBODY };

struct vote_slot {
    uint32_t sum, generation, term, vote;
};

struct record {
    uint32_t sum, index;
    struct entry entry;
};

struct saved_snapshot {
    uint32_t sum;
    struct snapshot snapshot;
};

/* FNV-1a over whole words. */
static uint32_t sum_of(uint32_t seed, const void *at, size_t bytes) {
    uint32_t sum = seed ^ UINT32_C(2166136261), word;
    for (size_t i = 0; i + sizeof(word) <= bytes; i += sizeof(word)) {
        memcpy(&word, (const char *)at + i, sizeof(word));
        sum = (sum ^ word) * UINT32_C(16777619);
        sum ^= sum >> 15;
    }
    return sum;
}

static void write_all(fv_file file, const void *from, size_t bytes, uint64_t at) {
    server_needs(fv_file_write(file, from, bytes, at) == (int64_t)bytes);
}

/* ---- term and vote --------------------------------------------------------------------------- */

static uint32_t sum_of_slot(const struct vote_slot *slot) {
    return sum_of(1, &slot->generation, sizeof(*slot) - sizeof(slot->sum));
}

void storage_save_vote(struct server *s) {
    struct vote_slot slot = {0, ++s->storage.generation, s->term, s->vote};
    slot.sum = sum_of_slot(&slot);
    write_all(s->storage.votes, &slot, sizeof(slot), slot.generation % 2 * PAGE_BYTES);
    server_needs(fv_file_sync(s->storage.votes) == 0);
}

static void recover_vote(struct server *s) {
    s->vote = NO_VOTE;
    for (uint32_t i = 0; i < 2; i++) {
        struct vote_slot slot;
        if (fv_file_read(s->storage.votes, &slot, sizeof(slot), i * PAGE_BYTES) != sizeof(slot))
            continue;
        if (slot.sum != sum_of_slot(&slot) || slot.generation <= s->storage.generation) continue;
        s->storage.generation = slot.generation;
        s->term = slot.term;
        s->vote = (uint8_t)slot.vote;
    }
}

/* ---- the log --------------------------------------------------------------------------------- */

static void write_record(struct server *s, struct record *r, uint32_t index,
                         const struct entry *entry) {
    r->index = index;
    r->entry = *entry;
    r->sum = sum_of(s->storage.log_sum, &r->index, sizeof(*r) - sizeof(r->sum));
    s->storage.log_sum = r->sum;
}

static void write_records(struct server *s, const struct record *records, uint32_t count) {
    size_t bytes = count * sizeof(*records);
    write_all(s->storage.log, records, bytes, s->storage.log_bytes);
    s->storage.log_bytes += (uint32_t)bytes;
}

void storage_append(struct server *s, uint32_t from) {
    struct record records[BATCH_ENTRIES_MAX];
    uint32_t count = 0;
    for (uint32_t index = from; index <= log_last(&s->log); index++)
        write_record(s, &records[count++], index, log_at(&s->log, index));
    if (count > 0) write_records(s, records, count);
}

void storage_sync(struct server *s) { server_needs(fv_file_sync(s->storage.log) == 0); }

/* In a file of its own, which takes the place of the old one when it is whole. */
void storage_rewrite_log(struct server *s) {
    struct record records[LOG_ENTRIES_MAX + 1];
    struct entry base = {.term = s->log.base_term, .kind = ENTRY_BASE};
    s->storage.log_sum = 0;
    s->storage.log_bytes = 0;
    write_record(s, &records[0], s->log.base, &base);
    for (uint32_t i = 0; i < s->log.count; i++)
        write_record(s, &records[1 + i], s->log.base + 1 + i, &s->log.entries[i]);
    if (s->storage.log > 0) fv_file_close(s->storage.log);
    s->storage.log = fv_file_open("log.new", FV_OPEN_CREATE | FV_OPEN_TRUNCATE);
    server_needs(s->storage.log > 0);
    write_records(s, records, 1 + s->log.count);
    storage_sync(s);
    server_needs(fv_disk_rename("log.new", "log") == 0 && fv_disk_sync_names() == 0);
}

static bool take_record(struct server *s, const struct record *r) {
    uint32_t sum = sum_of(s->storage.log_sum, &r->index, sizeof(*r) - sizeof(r->sum));
    bool is_base = s->storage.log_bytes == 0;
    if (sum != r->sum || is_base != (r->entry.kind == ENTRY_BASE)) return false;
    if (is_base) {
        log_reset(&s->log, r->index, r->entry.term);
    } else {
        if (r->index <= s->log.base || r->index > log_last(&s->log) + 1) return false;
        log_truncate(&s->log, r->index - 1);
        log_append(&s->log, &r->entry);
    }
    s->storage.log_sum = sum;
    s->storage.log_bytes += sizeof(*r);
    return true;
}

/* What follows the last whole record is cut off before anything is written there. */
static void recover_log(struct server *s) {
    int64_t size = fv_file_size(s->storage.log);
    server_needs(size >= 0);
    struct record *records = fv_node_alloc((size_t)size + 1);
    server_needs(fv_file_read(s->storage.log, records, (size_t)size, 0) == size);
    for (size_t i = 0; i < (size_t)size / sizeof(*records); i++)
        if (!take_record(s, &records[i])) break;
    if (s->storage.log_bytes == (uint64_t)size) return;
    FV_REACHABLE("a log's torn tail is cut off");
    server_needs(fv_file_truncate(s->storage.log, s->storage.log_bytes) == 0);
    storage_sync(s);
}

/* ---- the snapshot ---------------------------------------------------------------------------- */

void storage_save_snapshot(struct server *s) {
    struct saved_snapshot saved = {.snapshot = s->snapshot};
    saved.sum = sum_of(2, &saved.snapshot, sizeof(saved.snapshot));
    fv_file file = fv_file_open("snapshot.new", FV_OPEN_CREATE | FV_OPEN_TRUNCATE);
    server_needs(file > 0);
    write_all(file, &saved, sizeof(saved), 0);
    server_needs(fv_file_sync(file) == 0);
    fv_file_close(file);
    server_needs(fv_disk_rename("snapshot.new", "snapshot") == 0 && fv_disk_sync_names() == 0);
}

static void recover_snapshot(struct server *s) {
    struct saved_snapshot saved;
    fv_file file = fv_file_open("snapshot", FV_OPEN_EXISTING);
    if (file <= 0) {
        s->snapshot.voters = settings.voters >> s->id & 1 ? settings.voters : 0;
        return;
    }
    server_needs(fv_file_read(file, &saved, sizeof(saved), 0) == sizeof(saved));
    fv_file_close(file);
    FV_ALWAYS_OR_UNREACHABLE(saved.sum == sum_of(2, &saved.snapshot, sizeof(saved.snapshot)),
                             "a snapshot that has its name is whole");
    s->snapshot = saved.snapshot;
}

/* A crash may come between the two: the log may begin before the snapshot ends, never behind it. */
static void join_snapshot_and_log(struct server *s) {
    const struct snapshot *snapshot = &s->snapshot;
    FV_ALWAYS(s->log.base <= snapshot->index, "a log goes back to the snapshot");
    if (s->log.base == snapshot->index) return;
    FV_REACHABLE("a crash came between a snapshot and its log");
    if (log_last(&s->log) >= snapshot->index &&
        log_term(&s->log, snapshot->index) == snapshot->term)
        log_forget(&s->log, snapshot->index);
    else
        log_reset(&s->log, snapshot->index, snapshot->term);
    storage_rewrite_log(s);
}

void storage_open(struct server *s) {
    s->storage.votes = fv_file_open("votes", FV_OPEN_CREATE);
    server_needs(s->storage.votes > 0);
    recover_vote(s);
    recover_snapshot(s);
    if (fv_disk_has("log")) {
        s->storage.log = fv_file_open("log", FV_OPEN_EXISTING);
        server_needs(s->storage.log > 0);
        recover_log(s);
        join_snapshot_and_log(s);
    } else {
        storage_rewrite_log(s); /* syncs the names, that of the votes as well */
    }
}
