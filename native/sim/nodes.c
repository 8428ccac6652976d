#include "world.h"

#include <stdlib.h>

/* Before each block of fv_node_alloc(). */
struct block {
    struct block *next;
    uint64_t unused; /* keeps the alignment of malloc */
};

struct node {
    const char *name;
    void (*boot)(void *with);
    void *with;
    void (*stop)(void *with);
    void *stop_with;
    struct block *blocks;
    struct fv_waiters awaits_end;
    uint32_t starts;
    bool is_up, is_stopping;
};

static struct node *nodes[FV_NODES_MAX];
static uint32_t node_count;

static struct node *node_of(fv_node node, const char *call) {
    if (node >= node_count) fv_bug("misuse of the kit: %s() of node %u, which is none", call, node);
    return nodes[node];
}

void fv_node_check(fv_node node, const char *call) { node_of(node, call); }

fv_node fv_node_of_caller(const char *call) {
    uint32_t owner = fv_tasks_owner();
    if (owner == FV_WORLD) fv_bug("misuse of the kit: %s() outside of nodes", call);
    return owner;
}

/* ---- making ---------------------------------------------------------------------------------- */

static int64_t either_way(uint64_t max) { return (int64_t)fv_below(2 * max + 1) - (int64_t)max; }

/* Half of the roots' clocks are right. */
static void set_clock(fv_node node) {
    const struct fv_node_model *model = &fv_faults.model.node;
    if (model->skew_max_ns == 0 && model->drift_ppm_max == 0) return;
    if (fv_chance(1, 2)) return;
    int64_t skew_ns = either_way(model->skew_max_ns);
    int32_t drift_ppm = (int32_t)either_way(model->drift_ppm_max);
    fv_clock_set(node, skew_ns, drift_ppm);
}

fv_node fv_node_new(const char *name, void (*boot)(void *with), void *with) {
    if (node_count == FV_NODES_MAX) fv_bug("misuse of the kit: more than %d nodes", FV_NODES_MAX);
    struct node *made = calloc(1, sizeof *made);
    if (made == NULL) fv_bug("the simulation kit finds no memory for a node");
    *made = (struct node){.name = name, .boot = boot, .with = with};
    nodes[node_count] = made;
    set_clock(node_count);
    return node_count++;
}

void fv_node_on_stop(void (*stop)(void *with), void *with) {
    struct node *self = nodes[fv_node_of_caller("fv_node_on_stop")];
    self->stop = stop;
    self->stop_with = with;
}

void *fv_node_alloc(size_t bytes) {
    struct node *self = nodes[fv_node_of_caller("fv_node_alloc")];
    struct block *block =
        bytes > SIZE_MAX - sizeof *block ? NULL : calloc(1, sizeof *block + bytes);
    if (block == NULL) fv_bug("no memory for %zu bytes of a node", bytes);
    block->next = self->blocks;
    self->blocks = block;
    return block + 1;
}

/* ---- up and down ----------------------------------------------------------------------------- */

void fv_node_start(fv_node node) {
    struct node *started = node_of(node, "fv_node_start");
    if (started->is_up) return;
    started->is_up = true;
    started->starts++;
    fv_log(FV_NODE_WORDS " starts", FV_NODE_ARGUMENTS(node));
    fv_streams_node_up(node);
    fv_events_post(node, started->boot, started->with);
}

static void free_blocks(struct node *ended) {
    while (ended->blocks != NULL) {
        struct block *block = ended->blocks;
        ended->blocks = block->next;
        free(block);
    }
}

/* Memory last: what tasks waited in may lie there. The task of who ends itself goes on up to the
 * end of this. */
static void end_node(fv_node node, bool by_power) {
    struct node *ended = nodes[node];
    ended->is_up = ended->is_stopping = false;
    ended->stop = NULL;
    fv_disk_node_down(node, by_power);
    fv_clock_drop(node);
    fv_tasks_end_others(node);
    fv_streams_node_down(node, by_power);
    fv_net_node_down(node);
    free_blocks(ended);
    fv_wake_all(&ended->awaits_end);
    fv_attrition_node_down(node);
    if (fv_tasks_owner() == node) fv_tasks_end_self();
}

void fv_node_crash(fv_node node) {
    if (!node_of(node, "fv_node_crash")->is_up) return;
    fv_log(FV_NODE_WORDS " loses its power", FV_NODE_ARGUMENTS(node));
    end_node(node, true);
}

void fv_node_kill(fv_node node) {
    if (!node_of(node, "fv_node_kill")->is_up) return;
    fv_log(FV_NODE_WORDS " is killed", FV_NODE_ARGUMENTS(node));
    end_node(node, false);
}

static void stop(void *with) {
    struct node *stopped = with;
    fv_node self = fv_tasks_owner();
    fv_log(FV_NODE_WORDS " stops", FV_NODE_ARGUMENTS(self));
    if (stopped->stop != NULL) stopped->stop(stopped->stop_with);
    end_node(self, false);
}

void fv_node_stop(fv_node node) {
    struct node *stopped = node_of(node, "fv_node_stop");
    if (!stopped->is_up || stopped->is_stopping) return;
    stopped->is_stopping = true;
    fv_events_post(node, stop, stopped);
}

void fv_node_post(fv_node node, void (*then)(void *with), void *with) {
    if (node_of(node, "fv_node_post")->is_up) fv_events_post(node, then, with);
}

/* ---- questions ------------------------------------------------------------------------------- */

bool fv_node_is_up(fv_node node) { return node_of(node, "fv_node_is_up")->is_up; }
bool fv_node_stays_up(fv_node node) { return nodes[node]->is_up && !nodes[node]->is_stopping; }
uint32_t fv_node_starts(fv_node node) { return node_of(node, "fv_node_starts")->starts; }
uint32_t fv_node_count(void) { return node_count; }
fv_node fv_node_self(void) { return fv_tasks_owner(); }

const char *fv_node_name(fv_node node) {
    return node == FV_WORLD ? "the world" : node_of(node, "fv_node_name")->name;
}

bool fv_node_wait_down(fv_node node, uint64_t timeout_ns) {
    struct node *awaited = node_of(node, "fv_node_wait_down");
    fv_preempt();
    if (!awaited->is_up) return true;
    return fv_wait(&awaited->awaits_end, FV_WAIT_OTHER, awaited, FV_NO_TASK, timeout_ns);
}
