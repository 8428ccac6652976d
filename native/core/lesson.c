/* The frontier's other half: what is learnt from a job's timelines, and from its end. */
#include <string.h>

#include "../common/mix.h"
#include "frontier.h"
#include "rare.h"
#include "weigh.h"

enum {
    FV_PAST_VISITS_MAX = 1024, /* then the past counts half */
    FV_DOOM_VISITS = 32,       /* barren children until another exemplar is welcome */
    FV_DOOMS_MAX = 8,          /* exemplars tried of a state that is always barren */
};

/* ---- learning -------------------------------------------------------------------------------- */

struct lesson {
    struct fv_frontier *f;
    struct fv_job_plan *plan;
    const struct fv_source *source;
    const struct fv_sighting *seen;
    const struct fv_errand *errand;
    uint32_t node; /* of this timeline, once it is worth keeping */
    uint32_t places;
};

static uint32_t consumed(const struct fv_step *steps, uint32_t n, uint64_t draws) {
    uint32_t count = 0;
    while (count < n && steps[count].at < draws) count++;
    return count;
}

static uint32_t own_steps(const struct lesson *l, struct fv_step *to) {
    const struct fv_sighting *s = l->seen;
    if (s->is_input) {
        fv_archive_unrelate(s->segments, s->segment_count, to);
        return consumed(to, s->segment_count, s->draws);
    }
    if (l->errand->node == FV_NOTHING) return 0;
    const struct fv_order *o = &l->plan->orders[s->order];
    const struct fv_child *child = &l->plan->children[o->children_at + s->child];
    fv_archive_unrelate(l->plan->pool + child->segments_at, child->segment_count, to);
    uint64_t base = l->errand->base;
    for (uint32_t i = 0; i < child->segment_count; i++) to[i].at += base;
    return consumed(to, child->segment_count, s->draws);
}

static uint64_t root_of(const struct lesson *l) {
    if (l->errand == NULL || l->errand->node != FV_NOTHING) return l->seen->root;
    const struct fv_order *o = &l->plan->orders[l->seen->order];
    return fv_mix_root_seed(l->f->campaign_seed, o->first_root + l->seen->child);
}

static uint32_t node_of(struct lesson *l) {
    if (l->node != FV_NOTHING) return l->node;
    struct fv_step steps[FV_SEGMENTS_MAX];
    struct fv_node node = {
        .root = root_of(l),
        .cut = l->errand != NULL && l->errand->node != FV_NOTHING ? l->errand->draws : 0,
        .draws = l->seen->draws,
        .parent = l->errand != NULL ? l->errand->node : FV_NOTHING,
        .tape = l->seen->tape,
    };
    node.step_count = own_steps(l, steps);
    l->node = fv_archive_add_node(&l->f->archive, &node, steps);
    return l->node;
}

static void add_place(struct lesson *l, uint32_t state, uint64_t draws, bool is_second) {
    struct fv_place place = {
        .state = state, .node = node_of(l), .draws = draws, .is_second = is_second};
    if (place.node == FV_NOTHING) return;
    uint32_t index = fv_archive_add_place(&l->f->archive, &place);
    if (index == FV_NOTHING) return;
    l->places++;
    fv_weigh_new(l->f, index);
}

static void replace_exemplar(struct lesson *l, uint32_t index, uint64_t draws) {
    struct fv_place *place = &l->f->archive.places[index];
    uint32_t node = node_of(l);
    if (node == FV_NOTHING) return;
    l->places++;
    place->visits_before = (place->visits_before + place->visits) / 2;
    place->visits = place->yields = 0;
    place->is_closed = 0;
    place->node = node;
    place->draws = draws;
    fv_weigh_again(l->f, index);
}

static bool bucket_of(const struct lesson *l, const struct fv_discovery *d, struct fv_bucket *to) {
    const struct fv_tree *t = l->source->tree;
    if (d->bucket >= FV_BUCKETS_MAX || d->bucket >= t->bucket_count) return false;
    *to = fv_layout_buckets(l->f->header, l->source->tree)[d->bucket];
    if (to->mark >= l->source->mark_count) return false;
    to->mark = l->source->mark_of[to->mark];
    if (to->mark == FV_NOTHING || to->key_count > FV_LAYOUT_KEYS_MAX) return false;
    if (to->quality_count > FV_LAYOUT_QUALITIES_MAX) return false;
    to->hash = fv_layout_bucket_hash(to->mark, to->keys, to->key_count);
    return true;
}

/* A discovery behind the last draw cannot be gone on from: any other way to the state is better.
 * After some such ways the state is taken to be an end by its nature. */
static struct fv_version version_of(const struct lesson *l, const struct fv_discovery *d,
                                    bool is_end) {
    struct fv_version v = {.stamp = l->source->stamp, .draws = d->draws};
    memcpy(v.qualities, d->qualities, sizeof v.qualities);
    if (is_end) v.is_open = 1;
    return v;
}

static bool is_end(const struct lesson *l, const struct fv_discovery *d) {
    return d->draws >= l->seen->draws;
}

static uint32_t add_state(struct lesson *l, const struct fv_discovery *d, const struct fv_bucket *b,
                          uint32_t place) {
    struct fv_state state = {.hash = b->hash,
                             .born = l->source->stamp,
                             .mark = b->mark,
                             .key_count = b->key_count,
                             .quality_count = b->quality_count};
    memcpy(state.keys, b->keys, sizeof state.keys);
    struct fv_state *known = fv_known_add(l->f->header, &state, place);
    if (known == NULL) return FV_NOTHING;
    struct fv_version version = version_of(l, d, is_end(l, d));
    fv_known_publish(l->f->header, known, &version);
    uint32_t number = fv_known_number(l->f->header, known);
    if (!is_end(l, d)) add_place(l, number, d->draws, false);
    return number;
}

static bool is_better(const struct fv_version *known, const struct fv_discovery *d, uint32_t n) {
    if (fv_layout_quality_better(d->qualities, known->qualities, n)) return true;
    return d->draws < known->draws && !fv_layout_quality_better(known->qualities, d->qualities, n);
}

/* A rare state's exemplar stays; beside it come, one after the other, ways from other roots. */
static void take_second(struct lesson *l, const struct fv_discovery *d, struct fv_state *known) {
    struct fv_archive *a = &l->f->archive;
    uint32_t number = fv_known_number(l->f->header, known);
    uint32_t second = a->second_of_state[number];
    uint64_t root = root_of(l);
    if (fv_rare_is_of_root(a, a->place_of_state[number], root) ||
        fv_rare_is_of_root(a, second, root))
        return;
    if (second == FV_NOTHING) {
        add_place(l, number, d->draws, true);
    } else {
        a->places[second].ways++;
        replace_exemplar(l, second, d->draws);
    }
    struct fv_version version = *fv_known_latest(l->f->header, known);
    version.stamp = l->source->stamp;
    version.is_open = 0;
    fv_known_publish(l->f->header, known, &version);
}

static bool is_barren(const struct fv_place *p) {
    return p->yields == 0 && p->visits >= FV_DOOM_VISITS;
}

/* A known state, reached better or shorter, or by another way that was asked for. */
static void improve_state(struct lesson *l, const struct fv_discovery *d, struct fv_state *known) {
    const struct fv_version *latest = fv_known_latest(l->f->header, known);
    if (latest == NULL) return;
    bool betters = is_better(latest, d, known->quality_count);
    if (!betters && !latest->is_open) return;
    uint32_t number = fv_known_number(l->f->header, known);
    uint32_t place = l->f->archive.place_of_state[number];
    if (!betters && place != FV_NOTHING && !is_barren(&l->f->archive.places[place])) {
        if (!is_end(l, d)) take_second(l, d, known);
        return;
    }
    struct fv_version version = version_of(l, d, false);
    if (is_end(l, d)) {
        if (place != FV_NOTHING) return;
        version.is_open = ++known->ends < FV_DOOMS_MAX;
    } else if (place == FV_NOTHING) {
        add_place(l, number, d->draws, false);
    } else {
        replace_exemplar(l, place, d->draws);
    }
    fv_known_publish(l->f->header, known, &version);
}

static void add_entry(struct lesson *l) {
    uint64_t cut = l->errand != NULL && l->errand->node != FV_NOTHING ? l->errand->draws : 0;
    if (l->seen->draws > cut) add_place(l, FV_NOTHING, cut, false);
}

static const struct fv_errand *errand_of(const struct fv_job_plan *plan,
                                         const struct fv_sighting *seen) {
    if (plan == NULL || seen->order >= plan->order_count) return NULL;
    return seen->child < plan->orders[seen->order].child_count ? &plan->errands[seen->order] : NULL;
}

/* The exemplar's future is what edits work on: the longest there is. */
static void take_future(struct lesson *l) {
    struct fv_place *place = &l->f->archive.places[l->errand->place];
    bool is_same = place->state != FV_NOTHING && place->draws == l->errand->draws;
    if (!is_same || place->node == FV_NOTHING) return;
    const struct fv_node *known = &l->f->archive.nodes[place->node];
    if (l->seen->draws <= known->draws) return;
    uint32_t node = node_of(l);
    if (node != FV_NOTHING) place->node = node;
}

static void take_compares(struct lesson *l) {
    const struct fv_order *o = &l->plan->orders[l->seen->order];
    if (l->plan->makers[o->children_at + l->seen->child] != FV_MAKER_WATCH) return;
    fv_archive_set_hints(&l->f->archive, l->errand->node, l->seen->compares,
                         l->seen->compare_count);
}

/* A state that marks name is worth more than edges in another order. */
static void credit(struct lesson *l, uint32_t yield) {
    const struct fv_order *o = &l->plan->orders[l->seen->order];
    l->plan->yields[o->children_at + l->seen->child] = (uint8_t)yield;
    l->plan->errands[l->seen->order].yields += yield;
}

uint32_t fv_frontier_learn(struct fv_frontier *f, struct fv_job_plan *plan,
                           const struct fv_source *source, const struct fv_sighting *seen,
                           uint32_t *news) {
    struct lesson l = {.f = f, .plan = plan, .source = source, .seen = seen, .node = FV_NOTHING};
    uint32_t count = 0;
    l.errand = errand_of(plan, seen);
    if (l.errand == NULL && !seen->is_input) return 0;
    if (l.errand != NULL && seen->draws < l.errand->draws) return 0;
    for (uint32_t i = 0; i < seen->discovery_count; i++) {
        const struct fv_discovery *d = &seen->discoveries[i];
        struct fv_bucket b;
        uint32_t place = 0;
        if (!bucket_of(&l, d, &b) || d->draws > seen->draws) continue;
        struct fv_state *known =
            fv_known_find(f->header, b.hash, b.mark, b.keys, b.key_count, &place);
        if (known != NULL) {
            improve_state(&l, d, known);
            continue;
        }
        uint32_t number = add_state(&l, d, &b, place);
        if (number != FV_NOTHING) news[count++] = i;
    }
    if (seen->fresh > 0 && l.places == 0) add_entry(&l);
    if (l.errand != NULL) {
        if (l.errand->node != FV_NOTHING) take_compares(&l);
        if (l.errand->node != FV_NOTHING) take_future(&l);
        credit(&l, count > 0 ? FV_YIELD_STATE : seen->fresh > 0 ? FV_YIELD_EDGES : 0);
    }
    return count;
}

/* ---- the end of a job ------------------------------------------------------------------------ */

/* False: another is welcome already. */
static bool welcome_another(struct fv_frontier *f, const struct fv_place *place, uint64_t stamp) {
    struct fv_state *state = fv_known_state(f->header, place->state);
    struct fv_version version = *fv_known_latest(f->header, state);
    if (version.is_open) return false;
    version.stamp = stamp;
    version.is_open = 1;
    fv_known_publish(f->header, state, &version);
    return true;
}

static bool is_doomed(const struct fv_place *p) {
    return p->state != FV_NOTHING && !p->is_second && is_barren(p) && p->dooms < FV_DOOMS_MAX;
}

static void settle_place(struct fv_frontier *f, const struct fv_errand *e, uint64_t stamp) {
    struct fv_place *place = &f->archive.places[e->place];
    if (place->draws == e->draws || place->state == FV_NOTHING) {
        place->yields += e->yields;
        bool is_lost = is_doomed(place);
        if (is_lost || fv_rare_wants_another(f, place))
            place->dooms += welcome_another(f, place, stamp) && is_lost;
    }
    fv_weigh_again(f, e->place);
}

static void note_past(struct fv_past *past, uint32_t yields) {
    past->visits++;
    past->yields += yields;
    if (past->visits < FV_PAST_VISITS_MAX) return;
    past->visits /= 2;
    past->yields /= 2;
}

void fv_frontier_settle(struct fv_frontier *f, struct fv_job_plan *p, const struct fv_order *served,
                        uint64_t stamp) {
    for (uint32_t i = 0; i < p->child_count; i++) {
        if (p->makers[i] < FV_MAKERS)
            fv_maker_credit(&f->makers, (enum fv_maker)p->makers[i], p->yields[i]);
    }
    for (uint32_t i = 0; i < p->order_count; i++) {
        const struct fv_errand *e = &p->errands[i];
        if (e->place != FV_NOTHING) settle_place(f, e, stamp);
        if (e->place != FV_NOTHING && served[i].is_unreached) fv_weigh_close(f, e->place);
        const struct fv_order *o = &p->orders[i];
        struct fv_past *past = e->place != FV_NOTHING ? &f->places : &f->roots;
        fv_archive_credit(&f->archive, e->place, p->yields + o->children_at, o->child_count);
        for (uint32_t k = 0; k < o->child_count; k++)
            note_past(past, p->yields[o->children_at + k]);
        for (uint32_t k = 0; k < o->child_count; k++) {
            if (p->makers[o->children_at + k] != FV_MAKER_WATCH) continue;
            f->archive.nodes[e->node].is_watched = 1;
            f->archive.watch_count++;
        }
    }
}
