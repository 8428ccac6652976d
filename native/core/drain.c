#include "drain.h"

#include <stdio.h>
#include <string.h>

#include "../common/public.h"
#include "bridge.h"
#include "detail.h"
#include "queue.h"
#include "tree.h"

enum { FV_LANE_RECORDS_MAX = 8 << 20 };

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

static uint64_t discoveries_at(const struct fv_record *r) {
    return sizeof *r + r->segment_count * sizeof(struct fv_segment);
}

static uint64_t compares_at(const struct fv_record *r) {
    return discoveries_at(r) + r->discovery_count * sizeof(struct fv_discovery);
}

static uint64_t texts_at(const struct fv_record *r) {
    return compares_at(r) + r->compare_count * sizeof(struct fv_comparison);
}

static uint64_t tape_at(const struct fv_record *r) {
    return texts_at(r) + r->message_size + r->identity_size;
}

static uint64_t owned_at(const struct fv_record *r) { return tape_at(r) + r->tape_size; }

static uint64_t words_at(const struct fv_record *r) {
    return owned_at(r) + r->owned_count * sizeof(uint32_t);
}

static bool record_is_sound(const struct fv_record *r, uint64_t available) {
    if (r->size < sizeof *r || r->size > FV_RECORD_BYTES_MAX || r->size > available) return false;
    if (r->segment_count > FV_SEGMENTS_MAX || r->message_size >= FV_TEXT_BYTES ||
        r->identity_size >= FV_IDENTITY_BYTES || r->verdict >= FV_VERDICT_COUNT ||
        r->discovery_count > FV_JOURNAL_MAX || r->compare_count > FV_COMPARES_MAX ||
        r->tape_size > FV_TAPE_BYTES_MAX || r->owned_count > FV_OWNED_MAX ||
        r->word_size > FV_WORD_BYTES)
        return false;
    uint64_t bytes = words_at(r) + r->word_size;
    return (bytes + 7) / 8 * 8 == r->size;
}

/* The head is the one that was found sound, whatever is in the ring by now. */
static void keep(const struct fv_campaign *c, struct fv_lane *lane, const struct fv_record *head,
                 uint64_t at) {
    lane->records_read++;
    if (lane->records_read <= lane->records_kept) return; /* of an attempt before */
    uint8_t *to = fv_queue_extend(&lane->records, head->size);
    if (to == NULL) return;
    memcpy(to, head, sizeof *head);
    copy_out(c, lane, at + sizeof *head, to + sizeof *head, head->size - sizeof *head);
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
    while (tail < head && has_room(c, lane)) {
        struct fv_record record;
        copy_out(c, lane, tail, &record, sizeof record);
        if (!record_is_sound(&record, head - tail)) {
            tail = head; /* the rest cannot be read; the tree's totals still count it */
            c->known->totals.mark_overflows++;
            break;
        }
        keep(c, lane, &record, tail);
        tail += record.size;
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
    if (r->kind != FV_RECORD_TIMELINE) return true;
    if (r->verdict == FV_VERDICT_OK) return r->fresh > 0;
    const char *texts = (const char *)r + texts_at(r);
    bool is_lost = r->verdict == FV_VERDICT_LOST; /* these have a message, not an identity */
    uint64_t key = is_lost ? fv_bugs_key(r->verdict, texts, r->message_size)
                           : fv_bugs_key(r->verdict, texts + r->message_size, r->identity_size);
    bool is_better = fv_bugs_note(&c->bugs, key, r->segment_count, r->draws);
    return is_better || r->fresh > 0;
}

/* Python has no use for what only strategies read. */
static void cut_journal(struct fv_record *r) {
    uint64_t at = discoveries_at(r), texts = texts_at(r);
    uint64_t size = r->message_size + r->identity_size + r->tape_size;
    memmove((uint8_t *)r + at, (uint8_t *)r + texts, size);
    r->size = (uint32_t)((at + size + 7) / 8 * 8);
    r->discovery_count = r->compare_count = r->owned_count = r->word_size = 0;
}

static void tell(struct fv_campaign *c, struct fv_record *r, uint64_t base) {
    r->ordinal += base;
    if (!is_worth_telling(c, r)) return;
    if (r->kind == FV_RECORD_TIMELINE && r->verdict != FV_VERDICT_OK) c->has_bug = 1;
    cut_journal(r);
    fv_bridge_tell_tape(c, r);
    fv_queue_append(&c->records, r, r->size);
}

/* The next record of what a lane holds, where it is: sizes are multiples of eight. NULL: none. */
static struct fv_record *next_record(struct fv_lane *lane) {
    size_t size = 0;
    void *record = fv_queue_front(&lane->records, &size);
    return size > 0 ? record : NULL;
}

void fv_drain_tell(struct fv_campaign *c, struct fv_lane *lane, uint64_t base) {
    struct fv_record *r;
    while ((r = next_record(lane)) != NULL) {
        uint32_t size = r->size;
        lane->discoveries += r->kind == FV_RECORD_DISCOVERY;
        tell(c, r, r->kind == FV_RECORD_TRIAL ? lane->job : base);
        fv_queue_drop(&lane->records, size);
    }
}

/* ---- what the frontier learns ---------------------------------------------------------------- */

/* A discovery as the other strategies record theirs; its timeline is told before it, with the
 * recipe. */
static void tell_discovery(struct fv_campaign *c, const struct fv_record *timeline,
                           const struct fv_bucket *b, const struct fv_discovery *d) {
    union {
        struct fv_record head;
        uint8_t bytes[sizeof(struct fv_record) + FV_TEXT_BYTES];
    } record = {.head = {.kind = FV_RECORD_DISCOVERY,
                         .mark = (int32_t)c->mark_of[b->mark],
                         .ordinal = timeline->ordinal,
                         .root = timeline->root,
                         .draws = d->draws}};
    struct fv_mark *m = &fv_layout_marks(c->header, c->known)[c->mark_of[b->mark]];
    char *text = (char *)record.bytes + sizeof record.head;
    int n = fv_detail_print(m, b->keys, b->key_count, b->qualities, text, FV_TEXT_BYTES - 8);
    m->bucket_count += m->kind == FV_KIND_SOMETIMES_EACH;
    record.head.message_size = (uint32_t)(n < FV_TEXT_BYTES - 9 ? n : FV_TEXT_BYTES - 9);
    record.head.size = (uint32_t)(sizeof record.head + record.head.message_size + 7) / 8 * 8;
    fv_queue_append(&c->records, record.bytes, record.head.size);
}

static struct fv_sighting sighting_of(const struct fv_campaign *c, const struct fv_lane *lane,
                                      const struct fv_record *r) {
    bool is_input = lane->errands->orders[0].kind == FV_ORDER_INPUT;
    struct fv_sighting s = {
        .order = r->order,
        .child = r->child,
        .root = r->root,
        .draws = r->draws,
        .fresh = r->fresh,
        .discoveries = (const void *)((const uint8_t *)r + discoveries_at(r)),
        .discovery_count = r->discovery_count,
        .compares = (const void *)((const uint8_t *)r + compares_at(r)),
        .compare_count = r->compare_count,
        .is_input = is_input,
        .tape = FV_NOTHING,
    };
    if (!is_input) return s;
    const struct fv_recipe *recipe = c->inputs[lane->job].recipe;
    s.root = recipe->root;
    s.tape = recipe->has_tape ? (uint32_t)lane->job : FV_NOTHING;
    s.segments = recipe->segments;
    s.segment_count = recipe->segment_count;
    return s;
}

static void learn(struct fv_campaign *c, struct fv_lane *lane, struct fv_record *record,
                  uint64_t base, uint64_t stamp) {
    uint32_t news[FV_JOURNAL_MAX];
    struct fv_source source = {lane->tree, c->mark_of, fv_tree_marks(c->header, lane->tree), stamp};
    struct fv_sighting seen = sighting_of(c, lane, record);
    bool is_input = seen.is_input;
    uint32_t n =
        fv_frontier_learn(c->frontier, is_input ? NULL : lane->errands, &source, &seen, news);
    lane->discoveries += n;
    struct fv_discovery found[FV_JOURNAL_MAX];
    for (uint32_t i = 0; i < n; i++) found[i] = seen.discoveries[news[i]];
    if (n > 0 && record->fresh == 0) record->fresh = 1; /* worth an entry */
    tell(c, record, base);
    for (uint32_t i = 0; i < n; i++) {
        const struct fv_bucket *b = &fv_layout_buckets(c->header, lane->tree)[found[i].bucket];
        if (b->mark < source.mark_count && c->mark_of[b->mark] != UINT32_MAX)
            tell_discovery(c, record, b, &found[i]);
    }
}

void fv_drain_learn(struct fv_campaign *c, struct fv_lane *lane, uint64_t base, uint64_t stamp) {
    struct fv_record *r;
    while ((r = next_record(lane)) != NULL) {
        uint32_t size = r->size;
        if (r->kind == FV_RECORD_TIMELINE) learn(c, lane, r, base, stamp);
        fv_queue_drop(&lane->records, size);
    }
}

/* ---- what the mutation strategy keeps -------------------------------------------------------- */

/* The input that the job has, or the one that the record brings along; false: neither. */
static bool find_tape(const struct fv_campaign *c, const struct fv_lane *lane,
                      const struct fv_record *r, struct fv_told *told) {
    told->tape = (const uint8_t *)r + tape_at(r);
    told->tape_size = r->tape_size;
    if (r->has_tape == FV_TAPE_INSIDE) return true;
    uint32_t number = lane->errands->tape;
    if (r->has_tape != FV_TAPE_KNOWN || number == FV_NOTHING || r->segment_count > 0) return false;
    told->tape = c->inputs[number].tape;
    told->tape_size = c->inputs[number].recipe->tape_size;
    return true;
}

/* Of features that several jobs found at once the first to be folded has brought them. */
static void adopt(struct fv_campaign *c, struct fv_lane *lane, struct fv_record *r) {
    const uint8_t *bytes = (const uint8_t *)r;
    uint32_t owned[FV_OWNED_MAX];
    memcpy(owned, bytes + owned_at(r), r->owned_count * sizeof *owned);
    struct fv_told told = {.owned = owned,
                           .owned_count = r->owned_count,
                           .word = bytes + words_at(r),
                           .word_size = r->word_size,
                           .replaces = r->replaces,
                           .cost = r->cost < FV_COST_MAX ? r->cost : FV_COST_MAX,
                           .now = c->known->totals.timelines};
    if (r->verdict != FV_VERDICT_OK || !find_tape(c, lane, r, &told)) return;
    uint32_t fresh = fv_mutation_learn(c->mutation, &told);
    if (r->owned_count == r->fresh) r->fresh = fresh;
}

void fv_drain_adopt(struct fv_campaign *c, struct fv_lane *lane, uint64_t base) {
    struct fv_record *r;
    while ((r = next_record(lane)) != NULL) {
        uint32_t size = r->size;
        lane->discoveries += r->kind == FV_RECORD_DISCOVERY;
        if (r->kind == FV_RECORD_TIMELINE) adopt(c, lane, r);
        tell(c, r, base);
        fv_queue_drop(&lane->records, size);
    }
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
