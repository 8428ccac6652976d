#include "bridge.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "queue.h"

enum { FV_SILENCE_S = 30, FV_DEADLINES = 20, FV_LAST_ASK_MS = 1000, FV_LAST_LOOK_MS = 10 };

/* ---- jobs ------------------------------------------------------------------------------------ */

void fv_bridge_order(struct fv_lane *lane, uint32_t inputs) {
    struct fv_job_plan *p = lane->errands;
    p->order_count = inputs > 0;
    p->child_count = p->pool_count = 0;
    p->orders[0] = (struct fv_order){.kind = FV_ORDER_ASKED, .child_count = inputs};
    lane->roots = inputs;
}

/* A job that begins again has taken its first inputs already. */
void fv_bridge_begin(struct fv_campaign *c, struct fv_lane *lane) {
    struct fv_tree *t = lane->tree;
    if (lane->attempts > 0 || c->header->engine != FV_ENGINE_ASKS) return;
    t->asked_from = __atomic_load_n(&fv_layout_ask(c->header)->answers, __ATOMIC_ACQUIRE);
    t->asked_count = t->asked_bytes = t->asked_last = 0;
}

uint64_t fv_bridge_taken(const struct fv_lane *lane) {
    uint64_t n = lane->tree->asked_count;
    return n < lane->roots ? n : lane->roots;
}

/* ---- tapes ----------------------------------------------------------------------------------- */

/* The bytes of the last input, as far as the log makes sense. */
static size_t last_input(const struct fv_campaign *c, const struct fv_lane *lane,
                         const uint8_t **bytes) {
    struct fv_tree *t = lane->tree;
    uint32_t at = __atomic_load_n(&t->asked_last, __ATOMIC_ACQUIRE);
    if (at > FV_ASKED_LOG_BYTES - sizeof(struct fv_asked) || at % 8 != 0) return 0;
    const struct fv_asked *a = fv_layout_asked(c->header, t, at);
    uint32_t size = __atomic_load_n(&a->size, __ATOMIC_ACQUIRE);
    *bytes = (const uint8_t *)(a + 1);
    return size <= FV_TAPE_BYTES_MAX && size <= FV_ASKED_LOG_BYTES - at - sizeof *a ? size : 0;
}

static void put_tape(struct fv_campaign *c, uint64_t root, const uint8_t *tape, size_t n) {
    struct fv_record head = {.kind = FV_RECORD_TAPE, .root = root, .draws = n};
    head.size = (uint32_t)((sizeof head + n + 7) / 8 * 8);
    uint8_t *to = fv_queue_extend(&c->records, head.size);
    if (to == NULL) return;
    memset(to + head.size - 8, 0, 8);
    memcpy(to, &head, sizeof head);
    if (n > 0) memcpy(to + sizeof head, tape, n);
}

/* Only the last input of a job has anything to tell: the job ends with it. */
void fv_bridge_tell_tape(struct fv_campaign *c, const struct fv_record *r) {
    const struct fv_lane *lane = &c->lanes[0];
    if (c->header->engine != FV_ENGINE_ASKS || !r->has_tape || c->tape_told == lane->job + 1)
        return;
    c->tape_told = lane->job + 1;
    static const uint8_t none[1];
    const uint8_t *bytes = none;
    size_t n = last_input(c, lane, &bytes);
    uint8_t *tape = malloc(FV_TAPE_BYTES_MAX);
    struct fv_recipe recipe;
    if (tape != NULL && fv_recipe_from_input(&recipe, tape, bytes, n) == FV_ERR_NONE)
        put_tape(c, r->root, tape, recipe.tape_size);
    free(tape);
}

/* ---- the engine's health --------------------------------------------------------------------- */

static bool fail(struct fv_campaign *c, const char *what) {
    snprintf(c->error, sizeof c->error, "%s", what);
    return false;
}

/* Whether anything has moved since the last look: an offer, an answer, a timeline. */
static bool has_moved(struct fv_campaign *c, const struct fv_ask *ask) {
    const uint64_t now[3] = {__atomic_load_n(&ask->asks, __ATOMIC_ACQUIRE),
                             __atomic_load_n(&ask->answers, __ATOMIC_ACQUIRE),
                             c->known->totals.timelines + c->lanes[0].tree->totals.timelines};
    bool is_same = memcmp(now, c->engine_seen, sizeof now) == 0;
    memcpy(c->engine_seen, now, sizeof now);
    return !is_same || c->engine_seen_ns == 0;
}

/* One timeline may have ten times its deadline on the clock. Where it is nobody's turn, whatever
 * they say, a target has scribbled over what stands between them. */
bool fv_bridge_look(struct fv_campaign *c) {
    if (c->engine_failed) return fail(c, "the engine does not mutate");
    if (c->header->engine != FV_ENGINE_ASKS) return true;
    const struct fv_ask *ask = fv_layout_ask(c->header);
    uint64_t now = fv_wait_now_ns();
    if (has_moved(c, ask)) c->engine_seen_ns = now;
    if (ask->is_garbage) return fail(c, "the engine offers what is neither a tape nor a recipe");
    uint64_t silence_s = (now - c->engine_seen_ns) / UINT64_C(1000000000);
    if (silence_s < FV_SILENCE_S) return true;
    if (ask->asks == ask->answers) return fail(c, "the engine has offered no input for 30 s");
    if (silence_s < FV_SILENCE_S + FV_DEADLINES * (uint64_t)c->plan.deadline_ms / 1000) return true;
    return fail(c, "engine and worker wait for each other: the target writes over foreign memory "
                   "(try --sanitize address)");
}

/* The engine keeps an input when it has its answer: that it asks again says that it is done. */
void fv_campaign_end_engine(fv_campaign *c) {
    struct fv_ask *ask = fv_layout_ask(c->header);
    if (c->header->engine == FV_ENGINE_NONE) return;
    bool asks = c->header->engine == FV_ENGINE_ASKS;
    for (uint32_t waited = 0; asks && waited < FV_LAST_ASK_MS; waited += FV_LAST_LOOK_MS) {
        uint32_t seen = __atomic_load_n(&ask->asks, __ATOMIC_ACQUIRE);
        if (seen != __atomic_load_n(&ask->answers, __ATOMIC_ACQUIRE)) break;
        fv_wait_word(&ask->asks, seen, FV_LAST_LOOK_MS);
    }
    __atomic_store_n(&ask->is_over, 1, __ATOMIC_RELEASE);
    fv_wait_wake(&ask->answers);
    fv_wait_wake(&ask->wishes);
}

void fv_campaign_watch_engine(fv_campaign *c, int32_t pid) { c->engine_pid = pid; }

/* It is a child of this process, and somebody else's to reap. */
static bool engine_has_ended(const struct fv_campaign *c) {
    siginfo_t info = {0};
    if (c->engine_pid <= 0) return false;
    return waitid(P_PID, (id_t)c->engine_pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
}

/* ---- mutations ------------------------------------------------------------------------------- */

static bool await_grant(struct fv_campaign *c, struct fv_ask *ask, uint32_t number) {
    uint64_t deadline = fv_wait_now_ns() + UINT64_C(1000000000) * FV_SILENCE_S;
    uint32_t seen;
    while ((seen = __atomic_load_n(&ask->granted, __ATOMIC_ACQUIRE)) != number) {
        if (engine_has_ended(c) || fv_wait_now_ns() > deadline) return false;
        fv_wait_word(&ask->granted, seen, FV_LAST_LOOK_MS);
    }
    return true;
}

/* What a dead engine leaves is no mutation: the campaign ends at its next look. */
uint32_t fv_bridge_mutate(void *campaign, uint8_t *bytes, uint32_t size, uint32_t max) {
    struct fv_campaign *c = campaign;
    struct fv_ask *ask = fv_layout_ask(c->header);
    if (c->engine_failed) return 0;
    memcpy(fv_layout_offered(c->header), bytes, size);
    ask->size = size;
    ask->room = max;
    uint32_t number = __atomic_add_fetch(&ask->wishes, 1, __ATOMIC_SEQ_CST);
    fv_wait_wake(&ask->wishes);
    if (!await_grant(c, ask, number)) {
        c->engine_failed = 1;
        return 0;
    }
    uint32_t n = ask->size < max ? ask->size : max;
    memcpy(bytes, fv_layout_offered(c->header), n);
    return n;
}

int fv_campaign_memory(const fv_campaign *c) { return c->session.memory_fd; }
