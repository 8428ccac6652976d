#include "cache.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/process.h"
#include "host.h"

enum {
    FV_LOOK_MS = 20,
    FV_NEST_MAX = 8,          /* checkpoints forked from checkpoints: forks get dearer with depth */
    FV_NEST_SAVES_NS = 400000 /* replaying less than that is not worth a nested fork */
};

/* A frozen process. `worth` as in the GreedyDual-Size algorithm (Cao and Irani, 1997): what it
 * would cost to make it again, above what the last one given up was worth. */
struct checkpoint {
    pid_t pid; /* 0: free */
    uint32_t parent;
    uint32_t children;
    uint32_t depth;
    uint64_t draws;
    uint64_t worth;
    uint64_t bytes;
};

static struct FV_KEPT_TYPE {
    struct checkpoint of[FV_HOSTS_MAX + 2]; /* by host number; 0 is the zygote */
    uint64_t inflation;
    uint64_t draw_ns; /* of replays, a running mean */
    pid_t brief_pid;  /* a pilot that may still be on its way out */
} cache FV_KEPT;

static uint32_t number_max(void) { return fv_rt.header->host_count + 1; }

static const struct fv_slot *slot_of(uint32_t number) {
    uint32_t worker = (uint32_t)(((uint8_t *)fv_host_worker() - (uint8_t *)fv_rt.header -
                                  fv_rt.header->workers_at) /
                                 fv_rt.header->worker_stride);
    return fv_layout_host(fv_rt.header, worker, number);
}

bool fv_cache_owns(int32_t pid) {
    for (uint32_t i = 1; i <= number_max(); i++)
        if (cache.of[i].pid == pid) return true;
    return cache.brief_pid == pid;
}

/* Nobody is waited for: who ends may have to wait for a processor first. */
static void reap_ended(void) {
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
        if (pid == cache.brief_pid) cache.brief_pid = 0;
}

/* ---- finding --------------------------------------------------------------------------------- */

/* Whether the order's prefix passes through where the checkpoint stands. */
static bool is_on_the_way(const struct fv_slot *s, const struct fv_order *o,
                          const struct fv_segment *prefix) {
    if (s->recipe.root != o->root || s->recipe.has_tape != o->has_tape) return false;
    if (s->segment_at > o->segment_count) return false;
    if (memcmp(s->recipe.segments, prefix, s->segment_at * sizeof *prefix) != 0) return false;
    if (s->segment_at == o->segment_count) return s->count <= o->count;
    return s->count <= prefix[s->segment_at].count;
}

static bool is_at(const struct fv_slot *s, const struct fv_order *o) {
    return s->segment_at == o->segment_count && s->count == o->count;
}

/* The checkpoint at the splitpoint itself, or the furthest on the way to it. */
static uint32_t find_nearest(const struct fv_order *o, bool *is_there) {
    const struct fv_segment *prefix = fv_layout_pool(fv_rt.header, fv_rt.tree) + o->segments_at;
    uint32_t best = FV_ZYGOTE;
    for (uint32_t i = 1; i <= number_max(); i++) {
        if (cache.of[i].pid == 0 || !is_on_the_way(slot_of(i), o, prefix)) continue;
        if (cache.of[i].draws >= cache.of[best].draws) best = i;
    }
    *is_there = best != FV_ZYGOTE && is_at(slot_of(best), o);
    return best;
}

static uint32_t choose_start(uint32_t nearest) {
    const struct checkpoint *from = &cache.of[nearest];
    bool is_worth_it = from->draws * cache.draw_ns > FV_NEST_SAVES_NS && from->depth < FV_NEST_MAX;
    return is_worth_it ? nearest : FV_ZYGOTE;
}

/* ---- giving up ------------------------------------------------------------------------------- */

/* Reaped by whoever it was forked from, later. */
static void drop(uint32_t number) {
    struct checkpoint *c = &cache.of[number];
    kill(c->pid, SIGKILL);
    cache.of[c->parent].children--;
    *c = (struct checkpoint){0};
}

static void evict_least(uint32_t but) {
    uint32_t least = FV_ZYGOTE;
    for (uint32_t i = 1; i <= number_max(); i++) {
        const struct checkpoint *c = &cache.of[i];
        if (c->pid == 0 || c->children > 0 || i == but) continue;
        if (least == FV_ZYGOTE || c->worth < cache.of[least].worth) least = i;
    }
    if (least == FV_ZYGOTE) return;
    cache.inflation = cache.of[least].worth;
    drop(least);
}

static uint32_t count_kept(uint64_t *bytes) {
    uint32_t n = 0;
    *bytes = 0;
    for (uint32_t i = 1; i <= number_max(); i++) {
        n += cache.of[i].pid != 0;
        *bytes += cache.of[i].bytes;
    }
    return n;
}

/* `but` is on the way to what comes next. */
static void make_room(uint32_t limit, uint32_t but) {
    for (uint32_t tries = 0; tries <= FV_HOSTS_MAX; tries++) {
        uint64_t bytes = 0;
        uint32_t kept = count_kept(&bytes);
        if (kept <= limit && bytes <= (uint64_t)fv_rt.header->host_mb << 20) return;
        evict_least(but);
    }
}

static uint32_t free_number(void) {
    for (uint32_t i = 1; i <= number_max(); i++)
        if (cache.of[i].pid == 0) return i;
    return FV_ZYGOTE;
}

/* ---- waiting for the one at work ------------------------------------------------------------- */

static pid_t pid_at_work(uint32_t holder, uint32_t pilot) {
    if (holder == pilot) return fv_host_worker()->pilot_pid;
    return holder <= number_max() ? cache.of[holder].pid : 0;
}

/* Returns who had the baton when it died, or FV_ZYGOTE when all is well. */
static uint32_t await_baton(uint32_t pilot) {
    for (uint32_t before = FV_ZYGOTE;;) {
        uint32_t holder = fv_host_wait(FV_LOOK_MS);
        if (holder == FV_ZYGOTE) return FV_ZYGOTE;
        if (holder == before && fv_process_is_dead(pid_at_work(holder, pilot))) return holder;
        before = holder;
    }
}

/* ---- serving --------------------------------------------------------------------------------- */

/* The zygote's memory of the worker's page and its checkpoints is all that a job needs; when a
 * checkpoint dies in the middle of one, the worker goes, and the job begins again elsewhere. */
_Noreturn static void give_up(void) { _exit(FV_EXIT_LOST); }

static void keep(uint32_t number, uint32_t from) {
    const struct fv_slot *s = slot_of(number);
    struct checkpoint *c = &cache.of[number];
    c->pid = fv_host_worker()->pilot_pid;
    c->parent = from;
    c->depth = cache.of[from].depth + 1;
    c->draws = fv_layout_draws(s);
    c->worth = cache.inflation + c->draws;
    c->bytes = fv_process_private_bytes(c->pid);
    cache.of[from].children++;
}

static void forget_pilot(uint32_t from) {
    pid_t pid = fv_host_worker()->pilot_pid;
    if (pid <= 0) return;
    kill(pid, SIGKILL);
    if (from == FV_ZYGOTE) waitpid(pid, NULL, 0);
}

/* A replay that takes less than a checkpoint costs is done again when it is needed again. */
static bool is_worth_keeping(const struct fv_order *o) {
    return fv_rt.header->host_count > 0 &&
           o->draws * cache.draw_ns >= (uint64_t)fv_rt.header->host_us * 1000;
}

static enum fv_side send_pilot(uint32_t from, uint32_t number, const struct fv_order *o) {
    struct fv_worker *w = fv_host_worker();
    w->is_brief = !is_worth_keeping(o);
    w->pilot = number;
    w->pilot_pid = 0;
    if (from != FV_ZYGOTE) {
        fv_host_pass(from);
        return FV_PARENT;
    }
    return fv_host_launch();
}

static void note_speed(uint64_t started_ns, uint64_t reached_ns, uint64_t draws) {
    if (draws == 0 || reached_ns < started_ns) return;
    uint64_t ns = (reached_ns - started_ns) / draws;
    cache.draw_ns = cache.draw_ns == 0 ? ns : (7 * cache.draw_ns + ns) / 8;
}

static void settle_pilot(uint32_t number, uint32_t from, uint32_t dead) {
    struct fv_worker *w = fv_host_worker();
    if (dead != FV_ZYGOTE && dead != number) give_up();
    if (dead == FV_ZYGOTE && w->reached == FV_OUTCOME_DONE) {
        const struct fv_slot *s = slot_of(number);
        note_speed(s->started_ns, w->reached_ns, fv_layout_draws(s) - s->draws_at_fork);
        if (!w->is_brief)
            keep(number, from);
        else if (from == FV_ZYGOTE)
            cache.brief_pid = w->pilot_pid;
        return;
    }
    if (dead != FV_ZYGOTE && w->reached_ns != 0) give_up(); /* died in the middle of its children */
    fv_rt.tree->unreached++;
    fv_layout_orders(fv_rt.header, fv_rt.tree)[w->order].is_unreached = 1;
    w->baton = FV_ZYGOTE;
    forget_pilot(from);
}

enum fv_side fv_cache_serve(uint32_t order) {
    struct fv_worker *w = fv_host_worker();
    const struct fv_order *o = &fv_layout_orders(fv_rt.header, fv_rt.tree)[order];
    bool is_there = false;
    uint32_t nearest = find_nearest(o, &is_there);
    w->order = order;
    w->reached = FV_OUTCOME_NONE;
    w->reached_ns = 0;
    if (is_there) {
        w->pilot = w->is_brief = 0;
        cache.of[nearest].worth = cache.inflation + cache.of[nearest].draws;
        fv_host_pass(nearest);
        if (await_baton(0) != FV_ZYGOTE) give_up();
        return FV_PARENT;
    }
    uint32_t from = choose_start(nearest);
    reap_ended();
    make_room(fv_rt.header->host_count, from);
    uint32_t number = free_number();
    if (send_pilot(from, number, o) == FV_CHILD) return FV_CHILD;
    settle_pilot(number, from, await_baton(number));
    make_room(fv_rt.header->host_count, FV_ZYGOTE);
    return FV_PARENT;
}
