/* Queues: INSERT at the end, REMOVE from the head.
 *
 * The content of a queue is a node of a trie, so that equal contents are equal numbers: the path
 * from the root is the queue from its head to its end. Of values that are inserted and removed once
 * it is known between which events they enter and leave. That cuts the search short:
 *
 * - none is inserted behind one that begins to leave only after it has left itself;
 * - of two whose entering and leaving may change places, the earlier goes first: where a begins and
 *   ends to enter and to leave no later than b does, each could have been in the other's place;
 * - a remove of unknown end takes none whose remove is known;
 * - values that nobody is known to have removed are all the same.
 *
 * Of values that are inserted twice nothing is known ahead. */
#include <stdlib.h>
#include <string.h>

#include "linear.h"

enum { FV_EMPTY = 0, FV_NODES_FIRST = 64, FV_NO_VALUE = -1 };

struct content {
    uint32_t before; /* the content without its end */
    uint32_t value, head;
    uint32_t rest;    /* the content without its head; 0: not known yet, or empty */
    uint32_t latest;  /* when the last of its values begins to leave */
    bool is_inverted; /* its end could be in the place of one before it, and should */
    uint32_t next;    /* of the same place in the table */
};

struct value {
    int64_t value;
    uint32_t inserts;                     /* sure and unsure */
    uint32_t removes;                     /* sure ones */
    uint32_t leaves_after, leaves_before; /* between which events; 0 and FV_NEVER: who knows */
    uint32_t last_remove;                 /* 1 + a sure act; 0: none */
    uint32_t enters_after, enters_before;
    bool is_known; /* inserted once and removed once, for sure */
};

struct queue {
    struct value *values; /* ascending */
    uint32_t value_count;
    struct content *contents; /* contents[0] is the empty one */
    uint32_t content_count, room;
    uint32_t *table;
    uint32_t *path; /* of without_head() */
    uint32_t path_room;
};

/* ---- contents -------------------------------------------------------------------------------- */

static uint32_t *place_in_table(const struct queue *q, uint32_t before, uint32_t value) {
    uint64_t hash = ((uint64_t)before << 32 | value) * UINT64_C(0x9e3779b97f4a7c15);
    return &q->table[(hash >> 32) & (q->room - 1)];
}

static void grow(struct queue *q) {
    q->room = q->room > 0 ? 2 * q->room : FV_NODES_FIRST;
    q->contents = fv_record_grown(q->contents, q->room, sizeof *q->contents);
    q->table = fv_record_grown(q->table, q->room, sizeof *q->table);
    memset(q->table, 0xff, q->room * sizeof *q->table);
    for (uint32_t i = 1; i < q->content_count; i++) {
        uint32_t *first = place_in_table(q, q->contents[i].before, q->contents[i].value);
        q->contents[i].next = *first;
        *first = i;
    }
}

/* Whether a could always be where b is. */
static bool goes_before(const struct value *a, const struct value *b) {
    return a->enters_after <= b->enters_after && a->enters_before <= b->enters_before &&
           a->leaves_after <= b->leaves_after && a->leaves_before <= b->leaves_before;
}

static bool inverts(const struct queue *q, uint32_t content, const struct value *value) {
    if (!value->is_known) return false;
    for (; content != FV_EMPTY; content = q->contents[content].before) {
        const struct value *other = &q->values[q->contents[content].value];
        if (other->is_known && goes_before(value, other)) return true;
    }
    return false;
}

static uint32_t with_end(struct queue *q, uint32_t before, uint32_t value) {
    uint32_t i = *place_in_table(q, before, value);
    while (i != FV_NEVER && (q->contents[i].before != before || q->contents[i].value != value))
        i = q->contents[i].next;
    if (i != FV_NEVER) return i;
    if (q->content_count == q->room) grow(q);
    bool is_inverted = inverts(q, before, &q->values[value]);
    uint32_t *first = place_in_table(q, before, value);
    uint32_t latest = q->values[value].leaves_after;
    if (latest < q->contents[before].latest) latest = q->contents[before].latest;
    q->contents[q->content_count] =
        (struct content){.before = before,
                         .value = value,
                         .head = before == FV_EMPTY ? value : q->contents[before].head,
                         .latest = latest,
                         .is_inverted = is_inverted,
                         .next = *first};
    *first = q->content_count;
    return q->content_count++;
}

/* Without recursion: back to the first content whose rest is known, then forth again. */
static uint32_t without_head(struct queue *q, uint32_t content) {
    uint32_t length = 0;
    for (uint32_t at = content; q->contents[at].before != FV_EMPTY && q->contents[at].rest == 0;
         at = q->contents[at].before) {
        if (length == q->path_room) {
            q->path_room = q->path_room > 0 ? 2 * q->path_room : FV_NODES_FIRST;
            q->path = fv_record_grown(q->path, q->path_room, sizeof *q->path);
        }
        q->path[length++] = at;
    }
    while (length > 0) {
        uint32_t at = q->path[--length], before = q->contents[at].before;
        uint32_t rest = with_end(q, q->contents[before].rest, q->contents[at].value);
        q->contents[at].rest = rest;
    }
    return q->contents[content].rest;
}

static bool apply(void *self, int64_t state, const struct fv_place *act, bool is_sure,
                  int64_t *next) {
    struct queue *q = self;
    uint32_t content = (uint32_t)state;
    *next = state;
    if (act->operation == FV_OP_INSERT) {
        const struct value *value = &q->values[act->value];
        if (q->contents[content].latest > value->leaves_before) return false;
        content = with_end(q, content, (uint32_t)act->value);
        *next = content;
        return !q->contents[content].is_inverted;
    }
    if (content == FV_EMPTY) return is_sure && act->result == FV_NO_VALUE;
    uint32_t head = q->contents[content].head;
    if (is_sure ? act->result != head : q->values[head].is_known) return false;
    *next = without_head(q, content);
    return true;
}

/* ---- the puzzle ------------------------------------------------------------------------------ */

static bool is_greater(const void *values, uint32_t a, uint32_t b) {
    const int64_t *all = values;
    return all[a] > all[b];
}

static bool gives_value(const struct fv_place *act, int64_t absent) {
    return act->operation == FV_OP_REMOVE && act->result != absent;
}

static void list_values(struct queue *q, const struct fv_puzzle *p, int64_t absent) {
    uint32_t n = 0, all = p->sure_count + p->unsure_count;
    int64_t *values = fv_record_room(all, sizeof *values);
    for (uint32_t i = 0; i < p->sure_count; i++) {
        const struct fv_place *act = &p->sure[i];
        if (act->operation == FV_OP_INSERT)
            values[n++] = act->value;
        else if (gives_value(act, absent))
            values[n++] = act->result;
    }
    for (uint32_t i = 0; i < p->unsure_count; i++)
        if (p->unsure[i].operation == FV_OP_INSERT) values[n++] = p->unsure[i].value;
    uint32_t *order = fv_record_room(n, sizeof *order);
    for (uint32_t i = 0; i < n; i++) order[i] = i;
    fv_record_sort(order, n, is_greater, values);
    q->values = fv_record_room(n, sizeof *q->values);
    for (uint32_t i = 0; i < n; i++) {
        int64_t value = values[order[i]];
        if (q->value_count == 0 || q->values[q->value_count - 1].value != value)
            q->values[q->value_count++].value = value;
    }
    free(order);
    free(values);
}

/* Every value that is asked for is there. */
static uint32_t number_of(const struct queue *q, int64_t value) {
    uint32_t low = 0, high = q->value_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (q->values[middle].value <= value)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void note_insert(struct queue *q, struct fv_place *act) {
    act->value = number_of(q, act->value);
    struct value *value = &q->values[act->value];
    value->inserts++;
    value->enters_after = act->begin;
    value->enters_before = act->end;
}

static void number_values(struct queue *q, struct fv_puzzle *p, int64_t absent) {
    for (uint32_t i = 0; i < p->sure_count; i++) {
        struct fv_place *act = &p->sure[i];
        if (act->operation == FV_OP_INSERT) {
            note_insert(q, act);
        } else if (gives_value(act, absent)) {
            struct value *value = &q->values[number_of(q, act->result)];
            act->result = value - q->values;
            value->removes++;
            value->last_remove = i + 1;
            value->leaves_after = act->begin;
            value->leaves_before = act->end;
        } else {
            act->result = FV_NO_VALUE;
            act->is_idle = true;
        }
    }
}

/* Unsure inserts of what nobody is known to have removed, and unsure removes after which nothing
 * was, change nothing that anybody saw. */
static void weigh_unsure(struct queue *q, struct fv_puzzle *p) {
    bool *drop = fv_record_room(p->unsure_count, sizeof *drop);
    for (uint32_t i = 0; i < p->unsure_count; i++) {
        struct fv_place *act = &p->unsure[i];
        uint32_t matters = p->sure_count;
        bool inserts = act->operation == FV_OP_INSERT;
        if (inserts) matters = q->values[number_of(q, act->value)].last_remove;
        drop[i] = matters == 0 || p->sure[matters - 1].end < act->begin;
        if (!drop[i] && inserts) note_insert(q, act);
        if (!inserts) act->value = FV_NO_VALUE;
    }
    fv_puzzle_keep(p, drop);
    free(drop);
    uint32_t last_remove = FV_NEVER,
             *last_insert = fv_record_room(q->value_count, sizeof *last_insert);
    for (uint32_t i = 0; i < p->unsure_count; i++) {
        const struct fv_place *act = &p->unsure[i];
        bool inserts = act->operation == FV_OP_INSERT;
        p->matters_until[i] = (inserts ? q->values[act->value].last_remove : p->sure_count) - 1;
        uint32_t last = inserts ? last_insert[act->value] : 0;
        p->same_before[i] = inserts ? last - 1 : last_remove; /* 0 - 1: FV_NEVER */
        if (inserts)
            last_insert[act->value] = i + 1;
        else
            last_remove = i;
    }
    free(last_insert);
}

static bool has_unsure_remove(const struct fv_puzzle *p) {
    for (uint32_t i = 0; i < p->unsure_count; i++)
        if (p->unsure[i].operation == FV_OP_REMOVE) return true;
    return false;
}

/* After all has been counted. */
static void foresee(struct queue *q, struct fv_puzzle *p) {
    uint32_t never = has_unsure_remove(p) ? 0 : FV_NEVER, anonymous = FV_NEVER;
    for (uint32_t i = 0; i < q->value_count; i++) {
        struct value *value = &q->values[i];
        value->is_known = value->inserts == 1 && value->removes == 1;
        bool is_early = value->is_known && value->leaves_before < value->enters_after;
        if (value->removes > value->inserts || is_early) p->misfit = value->last_remove - 1;
        if (value->is_known) continue;
        value->leaves_before = FV_NEVER;
        value->leaves_after = value->removes == 0 ? never : 0;
    }
    for (uint32_t i = 0; i < p->sure_count; i++) {
        struct fv_place *act = &p->sure[i];
        if (act->operation != FV_OP_INSERT || q->values[act->value].removes > 0) continue;
        if (anonymous == FV_NEVER) anonymous = (uint32_t)act->value;
        act->value = anonymous;
    }
}

static void pose(struct fv_puzzle *p, const struct fv_record *record) {
    struct queue *q = fv_record_room(1, sizeof *q);
    for (uint32_t i = 0; i < p->sure_count + p->unsure_count; i++) {
        bool is_sure = i < p->sure_count;
        uint8_t does = is_sure ? p->sure[i].operation : p->unsure[i - p->sure_count].operation;
        if (does != FV_OP_INSERT && does != FV_OP_REMOVE)
            fv_bug("misuse of the kit: a queue is checked that is a register or a set");
    }
    list_values(q, p, record->absent);
    number_values(q, p, record->absent);
    weigh_unsure(q, p);
    foresee(q, p);
    grow(q);
    q->contents[0] = (struct content){.before = FV_EMPTY};
    q->content_count = 1;
    p->model = (struct fv_model_of_key){apply, q, FV_EMPTY};
}

static void unpose(struct fv_puzzle *p) {
    struct queue *q = p->model.self;
    free(q->values);
    free(q->contents);
    free(q->table);
    free(q->path);
    free(q);
}

enum fv_linear fv_record_check_queue(const struct fv_record *record, uint64_t steps_max) {
    return fv_linear_by_key(record, steps_max, pose, unpose);
}
