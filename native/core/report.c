/* What the core tells of a campaign while it runs and after. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/call.h"
#include "../common/map.h"
#include "campaign.h"
#include "queue.h"
#include "tree.h"

static bool is_live(const struct fv_lane *lane) {
    return lane->state == FV_LANE_RUNNING || lane->state == FV_LANE_ENDED;
}

size_t fv_campaign_take_records(fv_campaign *c, uint8_t *to, size_t capacity) {
    size_t size = 0, n = 0;
    const uint8_t *bytes = fv_queue_front(&c->records, &size);
    while (n < size) {
        uint32_t record = 0;
        memcpy(&record, bytes + n, sizeof record);
        if (n + record > capacity) break;
        n += record;
    }
    memcpy(to, bytes, n);
    fv_queue_drop(&c->records, n);
    return n;
}

static void add_totals(struct fv_campaign_report *r, const struct fv_totals *t) {
    r->timelines += t->timelines;
    r->splitpoints += t->splitpoints;
    r->draws += t->draws;
    r->productive += t->productive;
    r->fork_failures += t->fork_failures;
    r->overflows += t->bucket_overflows + t->mark_overflows + t->journal_overflows;
    r->parted += t->parted;
    r->checked += t->checked;
    for (int i = 0; i < FV_VERDICT_COUNT; i++) r->verdicts[i] += t->verdicts[i];
}

static void add_lane(const struct fv_campaign *c, struct fv_lane *lane, uint8_t *explored,
                     struct fv_campaign_report *r) {
    const struct fv_tree *t = lane->tree;
    add_totals(r, &t->totals);
    fv_map_merge(explored, fv_layout_explored(c->header, lane->tree), c->header->map_size);
    if (lane->state != FV_LANE_RUNNING) return;
    r->energy += t->energy;
    for (uint32_t d = 0; d <= t->depth_active && d <= c->header->policy.depth_max; d++)
        r->alive += t->fronts[d].live <= FV_BATCH_MAX ? t->fronts[d].live : 0;
}

static uint64_t count_buckets(fv_campaign *c) {
    const struct fv_mark *marks = fv_layout_marks(c->header, c->known);
    uint64_t n = 0;
    for (uint32_t i = 0; i < c->header->site_count + c->known->dynamic_count; i++)
        n += marks[i].bucket_count;
    return n;
}

static void count_seen(const struct fv_campaign *c, struct fv_campaign_report *r) {
    r->once = fv_tree_seen_exactly(c->header, c->seen, 1);
    r->twice = fv_tree_seen_exactly(c->header, c->seen, 2);
}

static_assert(FV_MAKERS == sizeof((struct fv_campaign_report){0}.maker_tries) / sizeof(uint64_t),
              "cdef.h and maker.h");

static void report_frontier(const struct fv_frontier *f, struct fv_campaign_report *r) {
    r->places = f->archive.place_count;
    r->nodes = f->archive.node_count;
    r->overflows += f->archive.overflow;
    memcpy(r->maker_tries, f->makers.tries, sizeof r->maker_tries);
    memcpy(r->maker_yields, f->makers.yields, sizeof r->maker_yields);
}

void fv_campaign_get_report(fv_campaign *c, struct fv_campaign_report *r) {
    const struct fv_header *h = c->header;
    uint8_t *explored = malloc(h->map_size);
    FV_CHECK(explored != NULL);
    memcpy(explored, fv_layout_explored(h, c->known), h->map_size);
    *r = (struct fv_campaign_report){
        .roots = c->roots_folded,
        .worker_deaths = c->worker_deaths,
        .stable_roots = c->stable_roots,
        .digest = c->known->totals.digest,
        .mark_count = h->site_count + c->known->dynamic_count,
        .overflows = c->bugs.overflow,
        .unreached = c->unreached,
        .states = fv_layout_known(h)->state_count,
        .isolation = c->isolation,
        .jobs_forked = c->jobs_forked,
        .runners = c->runners_gone,
    };
    char name[sizeof r->parted_by];
    if (c->parted_by != 0)
        snprintf(r->parted_by, sizeof r->parted_by, "%s",
                 fv_call_name(c->parted_by, name, sizeof name));
    for (uint32_t i = 0; i < c->plan.jobs; i++) r->runners += fv_layout_worker(h, i)->runner_count;
    count_seen(c, r);
    if (c->frontier != NULL) report_frontier(c->frontier, r);
    if (c->mutation != NULL) r->overflows += c->mutation->overflow;
    r->buckets = count_buckets(c);
    add_totals(r, &c->known->totals);
    for (uint32_t i = 0; i < c->plan.window && !c->is_halted; i++)
        if (is_live(&c->lanes[i])) add_lane(c, &c->lanes[i], explored, r);
    r->features = fv_map_count(explored, h->map_size);
    r->edges_found = fv_map_count_bytes(explored + h->map_edges, h->edge_count);
    free(explored);
}

static void report_mark(const struct fv_mark *m, struct fv_mark_report *to) {
    *to = (struct fv_mark_report){
        .kind = m->kind,
        .compare = m->compare,
        .line = m->line,
        .has_watermark = m->has_watermark,
        .width = m->width,
        .condition_count = m->condition_count,
        .watermark = m->watermark,
        .passes = m->passes,
        .failures = m->failures,
        .first_ordinal = m->first_ordinal,
        .bucket_count = m->bucket_count,
    };
    memcpy(to->message, m->message, sizeof to->message);
    memcpy(to->file, m->file, sizeof to->file);
    to->message[sizeof to->message - 1] = to->file[sizeof to->file - 1] = '\0';
}

/* Known, and for sites what the jobs under way have added. */
uint32_t fv_campaign_get_marks(fv_campaign *c, struct fv_mark_report *to, uint32_t max) {
    const struct fv_header *h = c->header;
    uint32_t n = h->site_count + c->known->dynamic_count;
    if (n > max) n = max;
    for (uint32_t i = 0; i < n; i++) {
        struct fv_mark mark = fv_layout_marks(h, c->known)[i];
        for (uint32_t k = 0; k < c->plan.window && i < h->site_count && !c->is_halted; k++) {
            if (!is_live(&c->lanes[k])) continue;
            const struct fv_mark *seen = &fv_layout_marks(h, c->lanes[k].tree)[i];
            fv_tree_merge_mark(&mark, seen, c->known->totals.timelines);
            if (seen->bucket_count > mark.bucket_count) mark.bucket_count = seen->bucket_count;
        }
        report_mark(&mark, &to[i]);
    }
    return n;
}

uint64_t fv_campaign_sightings(const fv_campaign *c, uint32_t verdict, const char *identity) {
    return fv_bugs_sightings(&c->bugs, fv_bugs_key(verdict, identity, (uint32_t)strlen(identity)));
}

const uint8_t *fv_campaign_explored(const fv_campaign *c, size_t *size) {
    *size = c->header->map_size;
    return fv_layout_explored(c->header, c->known);
}

uint32_t fv_campaign_pids(const fv_campaign *c, int32_t *to, uint32_t max) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->plan.jobs && n < max; i++)
        if (c->session.pids[i] > 0) to[n++] = c->session.pids[i];
    return n;
}
