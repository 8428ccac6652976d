/* One timeline alone, in a process of its own: what a replay is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "../common/verdict.h"
#include "core.h"
#include "session.h"
#include "watch.h"

enum { FV_REPLAY_LOOK_MS = 10 };

static struct fv_header wish_from(const struct fv_plan *p) {
    return (struct fv_header){.mode = FV_MODE_SOLO,
                              .worker_count = 1,
                              .tree_count = 1,
                              .edge_count = p->edge_count,
                              .site_count = p->site_count,
                              .dynamic_max = p->dynamic_max,
                              .policy = {.batch_size = 1}};
}

static bool load_input(struct fv_session *s, const uint8_t *input, size_t n) {
    struct fv_tree *t = fv_layout_tree(s->header, 0);
    enum fv_err err = fv_recipe_from_input(&t->recipe, fv_layout_tape(s->header, t), input, n);
    if (err != FV_ERR_NONE) snprintf(s->error, FV_ERROR_BYTES, "the input is no recipe");
    return err == FV_ERR_NONE;
}

static int wait_for_end(struct fv_session *s, const struct fv_limits *limits, bool *was_ready) {
    struct fv_slot *slot = fv_layout_slot(s->header, 0, 0, 0);
    int status = 0;
    while (!fv_session_has_ended(s, 0, &status)) {
        fv_wait_word(&fv_layout_live(s->header)->doorbell, fv_layout_live(s->header)->doorbell,
                     FV_REPLAY_LOOK_MS);
        fv_watch_slot(limits, slot, NULL);
    }
    *was_ready = slot->state == FV_SLOT_RUNNING;
    return status;
}

/* How often each edge was reached, as in the feature map. */
static void copy_edges(const struct fv_header *h, struct fv_slot *slot, uint8_t *to) {
    if (slot->has_edges)
        memcpy(to, fv_layout_features(h, slot) + h->map_edges, h->edge_count);
    else
        memset(to, 0, h->edge_count);
}

static void fill_report(struct fv_session *s, struct fv_replay_report *r,
                        const struct fv_replay_counts *counts) {
    struct fv_slot *slot = fv_layout_slot(s->header, 0, 0, 0);
    const struct fv_tally *tallies = fv_layout_tallies(s->header, slot);
    *r = (struct fv_replay_report){
        .verdict = slot->verdict,
        .signal = slot->signal,
        .exit_code = slot->exit_code,
        .mark = slot->mark,
        .draws = fv_layout_draws(slot),
        .digest = fv_verdict_digest(slot),
        .address = slot->address,
    };
    memcpy(r->message, slot->message, sizeof r->message);
    memcpy(r->identity, slot->identity, sizeof r->identity);
    for (uint32_t i = 0; i < s->header->site_count; i++) {
        counts->passes[i] = tallies[i].passes;
        counts->failures[i] = tallies[i].failures;
    }
    copy_edges(s->header, slot, counts->edges);
}

static bool run(struct fv_session *s, const struct fv_plan *plan, struct fv_replay_report *report,
                const struct fv_replay_counts *counts) {
    const struct fv_limits limits = {plan->deadline_ms, plan->memory_mb};
    bool was_ready = false;
    if (fv_session_spawn(s, 0) != FV_ERR_NONE) return false;
    int status = wait_for_end(s, &limits, &was_ready);
    if (!was_ready) {
        const char *why = fv_layout_worker(s->header, 0)->refusal;
        snprintf(s->error, FV_ERROR_BYTES, "%.200s",
                 why[0] ? why : "the target ended before its first draw");
        return false;
    }
    fv_verdict_from_status(fv_layout_slot(s->header, 0, 0, 0), status);
    fill_report(s, report, counts);
    return true;
}

int fv_replay_run(const char *path, const struct fv_plan *plan, const uint8_t *input, size_t n,
                  int log_fd, int trace_draws, struct fv_replay_report *report,
                  const struct fv_replay_counts *counts, char *error) {
    struct fv_session s;
    struct fv_header wish = wish_from(plan);
    bool ok = fv_session_open(&s, path, &wish, log_fd, error) == FV_ERR_NONE;
    if (ok) {
        s.header->trace_draws = trace_draws != 0;
        ok = load_input(&s, input, n) && run(&s, plan, report, counts);
    }
    fv_session_close(&s);
    return ok ? 0 : -1;
}
