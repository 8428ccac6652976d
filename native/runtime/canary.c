#include "canary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/mix.h"
#include "../common/verdict.h"
#include "draw.h"
#include "host.h"
#include "rewind.h"
#include "runner.h"
#include "sites.h"
#include "timeline.h"

enum { FV_SHOW_MS = 100 };

static struct fv_slot *own_slot(void) {
    return fv_layout_host(fv_rt.header, fv_host_index(), fv_rt.header->host_count + 2);
}

static uint64_t *trace(void) { return fv_layout_trace(fv_rt.header, fv_host_index()); }

/* ---- in a runner ----------------------------------------------------------------------------- */

/* Where it stands in its job is told by how many were folded before. */
void fv_canary_mark(struct fv_slot *s) {
    uint32_t one_in = fv_rt.header->canary;
    const struct fv_tree *t = fv_rt.tree;
    if (one_in == 0) return;
    uint64_t place = fv_mix(fv_mix(t->campaign_seed + t->job) + t->totals.timelines + s->index);
    if (place % one_in != 0) return;
    s->is_traced = FV_TRACE_WRITE;
    s->trace_from = fv_layout_draws(s);
    fv_draw_arm(s);
}

static void copy_recipe(struct fv_slot *to, const struct fv_slot *from) {
    size_t segments = from->recipe.segment_count * sizeof(struct fv_segment);
    memcpy(&to->recipe, &from->recipe, offsetof(struct fv_recipe, segments) + segments);
}

void fv_canary_ask(const struct fv_slot *s, bool must_agree) {
    struct fv_slot *c = own_slot();
    copy_recipe(c, s);
    c->trace_from = s->trace_from;
    c->is_traced = s->is_traced;
    fv_rt.tree->totals.checked++;
    enum fv_answer answer = fv_host_ask(s);
    if (answer == FV_ANSWER_UNKNOWN && must_agree) fv_runner_give_up(NULL);
}

void fv_canary_note(struct fv_slot *s, uint64_t number, uint64_t value) {
    uint64_t i = number - s->trace_from;
    if (number < s->trace_from || i >= FV_TRACE_MAX) return;
    if (s->is_traced == FV_TRACE_WRITE)
        trace()[i] = value;
    else if (trace()[i] != value && s->differs_at == 0)
        s->differs_at = number + 1;
}

/* ---- in a zygote ----------------------------------------------------------------------------- */

static void prepare(struct fv_slot *c) {
    bool is_traced = c->is_traced != FV_TRACE_NONE;
    uint64_t trace_from = c->trace_from;
    fv_timeline_prepare_root(c, 0);
    c->is_traced = is_traced ? FV_TRACE_CHECK : FV_TRACE_NONE;
    c->trace_from = trace_from;
    fv_draw_arm(c);
}

static void name_feature(uint64_t byte, char *to, size_t size) {
    const struct fv_header *h = fv_rt.header;
    char name[FV_TEXT_BYTES / 2];
    if (byte < h->map_edges && byte / FV_MARK_FEATURE_BYTES < h->site_count) {
        fv_sites_name(fv_sites_get((uint32_t)(byte / FV_MARK_FEATURE_BYTES)), name, sizeof name);
        snprintf(to, size, "the mark \"%s\"", name);
    } else if (byte >= h->map_edges && byte < h->map_each) {
        snprintf(to, size, "edge %llu", (unsigned long long)(byte - h->map_edges));
    } else {
        snprintf(to, size, "a bucket");
    }
}

/* The first of: a draw, an end, a feature. */
static void tell_difference(const struct fv_slot *s, const struct fv_slot *c, char *to,
                            size_t size) {
    const struct fv_header *h = fv_rt.header;
    const uint8_t *a = fv_layout_features(h, (struct fv_slot *)(uintptr_t)s);
    const uint8_t *b = fv_layout_features(h, (struct fv_slot *)(uintptr_t)c);
    char name[FV_TEXT_BYTES / 2];
    uint64_t i = 0;
    while (i < h->map_dynamic && a[i] == b[i]) i++;
    if (c->differs_at > 0)
        snprintf(to, size, "draw %llu", (unsigned long long)c->differs_at - 1);
    else if (fv_layout_draws(s) != fv_layout_draws(c))
        snprintf(to, size, "%llu draws instead of %llu", (unsigned long long)fv_layout_draws(s),
                 (unsigned long long)fv_layout_draws(c));
    else if (s->verdict != c->verdict || s->signal != c->signal)
        snprintf(to, size, "the verdict");
    else if (i < h->map_dynamic) {
        name_feature(i, name, sizeof name);
        snprintf(to, size, "%.100s", name);
    } else
        snprintf(to, size, "a drawn value");
}

static bool is_known(const struct fv_slot *c) {
    return c->verdict != FV_VERDICT_TIMEOUT && c->verdict != FV_VERDICT_OUT_OF_MEMORY &&
           c->verdict != FV_VERDICT_LOST;
}

/* The runner goes back to its start, and waits. */
static void find_leak(char *to, size_t size) {
    fv_host_worker()->answer = FV_ANSWER_SHOW;
    fv_host_pass(fv_host_runner());
    while (fv_host_wait(FV_SHOW_MS) != FV_ZYGOTE) continue;
    fv_rewind_find_leak(to, size);
}

static void compare(const struct fv_slot *c) {
    struct fv_worker *w = fv_host_worker();
    const struct fv_slot *s =
        fv_layout_slot(fv_rt.header, fv_rt.tree_index, w->asked_depth, w->asked_index);
    w->answer = is_known(c) ? FV_ANSWER_SAME : FV_ANSWER_UNKNOWN;
    if (!is_known(c) || fv_verdict_digest(s) == fv_verdict_digest(c)) return;
    char what[FV_TEXT_BYTES / 2], page[FV_TEXT_BYTES / 2];
    tell_difference(s, c, what, sizeof what);
    find_leak(page, sizeof page);
    snprintf(w->unfit, sizeof w->unfit, "rewinding leaks: a fresh process differs at %.90s; %.110s",
             what, page);
    w->is_unfit = 1;
    _exit(FV_EXIT_LOST);
}

enum fv_side fv_canary_check(void) {
    struct fv_worker *w = fv_host_worker();
    struct fv_slot *c = own_slot();
    int status = 0;
    fv_host_enter_job();
    prepare(c);
    w->pilot = fv_rt.header->host_count + 2; /* the controller watches its deadline */
    c->state = FV_SLOT_RUNNING;
    c->started_ns = fv_wait_now_ns();
    pid_t pid = fv_timeline_fork_process();
    if (pid == 0) {
        fv_rt.tree = NULL; /* it claims nothing */
        fv_host_leave();
        c->pid = fv_rt.pid;
        fv_runtime_enter(c);
        return FV_CHILD;
    }
    if (pid > 0) __atomic_store_n(&c->pid, pid, __ATOMIC_RELEASE);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    fv_verdict_from_status(c, pid > 0 ? status : SIGKILL);
    c->state = FV_SLOT_DONE;
    compare(c);
    return FV_PARENT;
}
