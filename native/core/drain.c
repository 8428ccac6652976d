#include "drain.h"

#include <stdio.h>
#include <string.h>

#include "queue.h"

enum { FV_LANE_RECORDS_MAX = 8 << 20, FV_RECORD_BYTES_MAX = 8192 };

static_assert(sizeof(struct fv_record) == sizeof(struct fv_record_head), "cdef.h and layout.h");

/* ---- reading a ring that a target may have scribbled over ------------------------------------ */

static void copy_out(const struct fv_campaign *c, const struct fv_lane *lane, uint64_t at, void *to,
                     size_t n) {
    const uint8_t *ring = fv_layout_ring(c->header, lane->tree);
    size_t offset = at % FV_RING_BYTES;
    size_t first = n < FV_RING_BYTES - offset ? n : FV_RING_BYTES - offset;
    memcpy(to, ring + offset, first);
    memcpy((uint8_t *)to + first, ring, n - first);
}

static bool record_is_sound(const struct fv_record *r, uint64_t available) {
    if (r->size < sizeof *r || r->size > FV_RECORD_BYTES_MAX || r->size > available) return false;
    if (r->segment_count > FV_SEGMENTS_MAX || r->message_size >= FV_TEXT_BYTES ||
        r->identity_size >= FV_TEXT_BYTES || r->verdict >= FV_VERDICT_COUNT)
        return false;
    uint64_t bytes = sizeof *r + r->segment_count * sizeof(struct fv_segment) + r->message_size +
                     r->identity_size;
    return (bytes + 7) / 8 * 8 == r->size;
}

static void keep(struct fv_lane *lane, const uint8_t *record, uint32_t size) {
    lane->records_read++;
    if (lane->records_read <= lane->records_kept) return; /* of an attempt before */
    if (!fv_queue_append(&lane->records, record, size)) return;
    lane->records_kept++;
}

/* Jobs whose turn has not come are read up to a bound; then their ring fills and they wait. */
static bool has_room(const struct fv_campaign *c, const struct fv_lane *lane) {
    return lane->job == c->next_fold ||
           lane->records.size - lane->records.taken < FV_LANE_RECORDS_MAX;
}

static void drain_lane(struct fv_campaign *c, struct fv_lane *lane) {
    struct fv_tree *t = lane->tree;
    uint64_t head = __atomic_load_n(&t->ring_head, __ATOMIC_ACQUIRE), tail = t->ring_tail;
    uint64_t start = tail;
    union {
        struct fv_record head;
        uint8_t bytes[FV_RECORD_BYTES_MAX];
    } record;
    while (tail < head && has_room(c, lane)) {
        copy_out(c, lane, tail, &record.head, sizeof record.head);
        if (!record_is_sound(&record.head, head - tail)) {
            tail = head; /* the rest cannot be read; the tree's totals still count it */
            c->known->totals.mark_overflows++;
            break;
        }
        uint32_t size = record.head.size;
        copy_out(c, lane, tail, record.bytes, size);
        keep(lane, record.bytes, size);
        tail += size;
    }
    if (tail == start) return;
    __atomic_store_n(&t->ring_tail, tail, __ATOMIC_RELEASE);
    __atomic_fetch_add(&t->ring_space, 1, __ATOMIC_RELEASE);
    fv_wait_wake(&t->ring_space);
}

void fv_drain_rings(struct fv_campaign *c) {
    for (uint32_t i = 0; i < c->plan.window; i++)
        if (c->lanes[i].state == FV_LANE_RUNNING || c->lanes[i].state == FV_LANE_ENDED)
            drain_lane(c, &c->lanes[i]);
}

/* ---- telling --------------------------------------------------------------------------------- */

static bool is_worth_telling(struct fv_campaign *c, const struct fv_record *r) {
    if (r->kind != FV_RECORD_TIMELINE || r->verdict == FV_VERDICT_OK) return true;
    const char *texts = (const char *)(r + 1) + r->segment_count * sizeof(struct fv_segment);
    bool is_lost = r->verdict == FV_VERDICT_LOST; /* these have a message, not an identity */
    uint64_t key = is_lost ? fv_bugs_key(r->verdict, texts, r->message_size)
                           : fv_bugs_key(r->verdict, texts + r->message_size, r->identity_size);
    bool is_better = fv_bugs_note(&c->bugs, key, r->segment_count, r->draws);
    return is_better || r->fresh > 0;
}

static void tell(struct fv_campaign *c, struct fv_record *r, uint64_t base) {
    r->ordinal += base;
    if (!is_worth_telling(c, r)) return;
    if (r->kind == FV_RECORD_TIMELINE && r->verdict != FV_VERDICT_OK) c->has_bug = 1;
    fv_queue_append(&c->records, r, r->size);
}

void fv_drain_tell(struct fv_campaign *c, struct fv_lane *lane, uint64_t base) {
    size_t size = 0;
    const uint8_t *bytes = fv_queue_front(&lane->records, &size);
    union {
        struct fv_record head;
        uint8_t bytes[FV_RECORD_BYTES_MAX];
    } record;
    size_t at = 0;
    while (at < size) {
        memcpy(&record.head, bytes + at, sizeof record.head);
        memcpy(record.bytes, bytes + at, record.head.size);
        at += record.head.size;
        lane->discoveries += record.head.kind == FV_RECORD_DISCOVERY;
        tell(c, &record.head, base);
    }
    fv_queue_drop(&lane->records, size);
}

void fv_drain_tell_lost(struct fv_campaign *c, uint64_t ordinal, uint64_t root, const char *why) {
    union {
        struct fv_record head;
        uint8_t bytes[sizeof(struct fv_record) + FV_TEXT_BYTES];
    } record = {
        .head = {.kind = FV_RECORD_TIMELINE, .verdict = FV_VERDICT_LOST, .mark = -1, .root = root}};
    uint32_t n = (uint32_t)strnlen(why, FV_TEXT_BYTES - 8);
    memcpy(record.bytes + sizeof record.head, why, n);
    record.head.message_size = n;
    record.head.size = (uint32_t)(sizeof record.head + n + 7) / 8 * 8;
    tell(c, &record.head, ordinal);
}
