/* The shared memory of a session: one memfd that the controller makes and every process of the
 * session maps. Fixed-width types, no pointers. Who may write what, and when, stands beside each
 * struct; ARCHITECTURE.md ("Shared memory") has the picture.
 *
 * The word "turn": the timelines of one tree have one order, the order of a sequential
 * depth-first run. A timeline has its turn when every elder sibling has ended and its parent had
 * its turn when it split. Timelines run ahead of their turn; everything that the tree shares is
 * written only by the process whose turn it is. */
#ifndef FV_COMMON_LAYOUT_H
#define FV_COMMON_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"
#include "recipe.h"

#define FV_LAYOUT_MAGIC UINT64_C(0x6573726576727a66)
#define FV_ABI_MARKER_PREFIX "fuzzverse-target-abi:"
#define FV_ABI_MARKER FV_ABI_MARKER_PREFIX "0001;"

enum {
    FV_ABI = 1,
    FV_WORKERS_MAX = 64,
    FV_WINDOW_MAX = 16,     /* root jobs under way, and so trees */
    FV_DEPTH_MAX = 128,     /* nested splits */
    FV_BATCH_MAX = 32,      /* timelines of one batch */
    FV_MARKS_MAX = 1 << 14, /* sites and dynamic marks of one target */
    FV_EDGES_MAX = 1 << 24,
    FV_BUCKETS_MAX = 1 << 16,       /* of all SometimesEach marks of a target; states likewise */
    FV_BUCKET_INDEX_SIZE = 1 << 17, /* open addressing, at most half full */
    FV_RING_BYTES = 1 << 21,
    FV_RECORD_BYTES_MAX = FV_TAPE_BYTES_MAX + (1 << 16),
    FV_HOSTS_MAX = 256,     /* checkpoints of one worker */
    FV_QUEUE_MAX = 3,       /* jobs that a worker has at once: the next is there when one ends */
    FV_QUEUE_LOW = 2,       /* with fewer it asks for more */
    FV_TRACE_MAX = 1 << 16, /* draws that a canary compares one by one */
    FV_MARK_FEATURE_BYTES = 16,
    FV_EACH_FEATURE_BYTES = 1 << 13,
    FV_TEXT_BYTES = 256,     /* messages, details; cut when longer */
    FV_IDENTITY_BYTES = 512, /* what tells bugs apart: words, and places in the code */
    FV_FILE_BYTES = 128,
    FV_NAME_BYTES = 24,
    FV_LAYOUT_PAGE_BYTES = 4096,
};

/* How a timeline ended; design section 11. */
enum fv_verdict {
    FV_VERDICT_OK,
    FV_VERDICT_ASSERTION,
    FV_VERDICT_SIGNAL,
    FV_VERDICT_SANITIZER,
    FV_VERDICT_TIMEOUT,
    FV_VERDICT_OUT_OF_MEMORY,
    FV_VERDICT_EXIT,
    FV_VERDICT_LOST,
    FV_VERDICT_COUNT,
    FV_VERDICT_NONE /* not ended yet */
};

/* Exit codes of a timeline's process; what it says of itself counts only beside the same verdict
 * in its slot. Libfuzzer's numbers where it has one. */
enum fv_exit {
    FV_EXIT_OK = 0,
    FV_EXIT_LOST = 70,
    FV_EXIT_BUG = 77,
    FV_EXIT_SANITIZER = 99,
};

enum fv_strategy {
    FV_STRATEGY_RANDOM,
    FV_STRATEGY_DEPTH_FIRST,
    FV_STRATEGY_FRONTIER,
    FV_STRATEGY_TRIALS, /* the caller says what runs, and is told how each ended */
    FV_STRATEGY_MUTATION,
    FV_STRATEGY_CENSUS, /* inputs alone; the caller is told what features each has */
    FV_STRATEGIES
};

/* An engine offers the inputs that run, or mutates answers for the frontier. */
enum fv_engine { FV_ENGINE_NONE, FV_ENGINE_ASKS, FV_ENGINE_MUTATES };

enum fv_isolation { FV_ISOLATION_FORK, FV_ISOLATION_REWIND };

enum fv_session_mode { FV_MODE_CAMPAIGN, FV_MODE_SOLO };

enum fv_slot_state {
    FV_SLOT_FREE,
    FV_SLOT_RUNNING,
    FV_SLOT_PARKED,
    FV_SLOT_SPLITTING,
    FV_SLOT_FROZEN, /* a checkpoint */
    FV_SLOT_DONE
};

enum fv_worker_state { FV_WORKER_STARTING, FV_WORKER_READY, FV_WORKER_REFUSED };

/* The controller asks the kernel to kill a timeline; the reason is for who reaps it. */
enum fv_kill { FV_KILL_NONE, FV_KILL_TIMEOUT, FV_KILL_OUT_OF_MEMORY };

struct fv_policy {
    uint32_t strategy;
    uint32_t batch_size;
    uint32_t timelines_min;
    uint32_t timelines_max;
    uint32_t warm_timelines_min;
    uint32_t depth_max;
    uint32_t stop_on_bug; /* the job that folds a bug winds down, the campaign ends with it */
    uint32_t reserved;
    int64_t mark_energy;
};

/* Counted per timeline in its slot since its fork, then summed into the mark. `margin`: how far a
 * numeric mark is past its bound at best (at worst for an Always). */
struct fv_tally {
    uint32_t passes;
    uint32_t failures;
    int64_t margin;
    uint32_t has_margin;
    uint32_t width; /* SometimesAll: conditions true at once */
};

/* One timeline. Written by its own process; prepared before and read after by the parent. The
 * generator's state is here so that a draw dirties no private page. */
struct fv_slot {
    uint64_t seed;        /* of the current segment */
    uint64_t count;       /* draws in the current segment */
    uint64_t fast_until;  /* from this count on draws take the slow path: tape, segments, tracing */
    uint64_t offset;      /* of the segment in its seed's draws */
    uint64_t wild_one_in; /* draws that are at an extreme; 0: none */
    uint64_t draw_hash;   /* of every value drawn, in order */
    uint64_t draws_before; /* in earlier segments */
    uint64_t clock_ns;     /* the virtual clock */
    uint64_t each_hash;    /* of the hashed buckets among the features */
    uint64_t stop_at;      /* a pilot becomes a checkpoint at this count of its last segment */
    uint32_t tape_at;
    uint32_t segment_at; /* the next segment of the recipe */
    uint32_t is_plain;   /* draws answer their simplest values */
    uint32_t reserved;
    uint32_t is_pilot; /* on its way to a splitpoint: no timeline, claims nothing */
    uint32_t watches;  /* what drawn values are compared with */
    int32_t pid;
    uint32_t state; /* enum fv_slot_state */
    uint32_t depth;
    uint32_t index; /* in its batch */
    uint32_t verdict;
    int32_t signal;
    int32_t exit_code;
    int32_t mark;  /* that failed; -1: none */
    uint32_t kill; /* enum fv_kill; the controller's */
    uint32_t holds_token;
    uint32_t has_edges; /* the edge range of the features is written */
    uint32_t order;     /* that it belongs to, and which of its children it is */
    uint32_t child;
    uint32_t journal_count, compare_count;
    uint32_t is_traced;  /* enum fv_trace */
    uint64_t generation; /* of the timelines of one process; 0: it has but one */
    uint64_t trace_from; /* the first draw of the trace */
    uint64_t differs_at; /* 1 + the first draw that differs from the trace; 0: none */
    uint64_t started_ns;
    uint64_t draws_at_fork;
    uint64_t feature_hash;
    uint64_t fresh_below; /* fresh features of the timelines split off below */
    uint64_t address;     /* where a signal struck */
    uint64_t cost;        /* of an input of bytes: comparisons that it made; 0: unknown */
    char message[FV_TEXT_BYTES];
    char identity[FV_IDENTITY_BYTES];
    struct fv_recipe recipe; /* last: only the used segments are copied */
};

/* Canaries: a runner writes down what a timeline draws, and another process checks it. */
enum fv_trace { FV_TRACE_NONE, FV_TRACE_WRITE, FV_TRACE_CHECK };

/* A mark in one tree: what it is, what is known, and what this root has spent on it. */
struct fv_mark {
    uint32_t kind;
    uint32_t compare;
    uint32_t line;
    uint32_t is_known; /* passed in some timeline of the campaign, as this tree knows it */
    char message[FV_TEXT_BYTES];
    char file[FV_FILE_BYTES];
    char key_names[FV_LAYOUT_KEYS_MAX][FV_NAME_BYTES];
    uint32_t key_count;
    uint32_t condition_count;
    int64_t watermark; /* best margin of a SometimesNumeric, worst of an AlwaysNumeric */
    uint32_t has_watermark;
    uint32_t width;
    uint64_t passes; /* by the timelines of this job alone */
    uint64_t failures;
    uint64_t first_ordinal; /* 1 + ordinal in this job of the first that passed; 0: none */
    uint64_t bucket_count;
    uint64_t stamp; /* the root that energy belongs to */
    uint64_t split_stamp;
    int64_t energy;
};

/* One bucket of a SometimesEach mark in one tree: what this job added to what is known. Under
 * frontier every kind of discovery is a bucket; see struct fv_state. */
struct fv_bucket {
    uint64_t hash;
    uint32_t mark;
    uint32_t key_count;
    uint32_t quality_count;
    uint32_t version; /* odd while the turn writes the qualities */
    int64_t keys[FV_LAYOUT_KEYS_MAX];
    int64_t qualities[FV_LAYOUT_QUALITIES_MAX];
    uint64_t draws;   /* of the first timeline that reached it, or reached it better */
    uint64_t ordinal; /* 1 + of that timeline in its job */
    uint64_t stamp, split_stamp;
    int64_t energy;
};

/* What marks name, as the campaign knows it: a bucket of a SometimesEach mark; for other kinds the
 * mark with no key (first pass), with its width, or with the step of its margin. Only the
 * controller writes; targets map it read-only. */
struct fv_state {
    uint64_t hash;
    uint64_t born; /* the epoch that first knew it */
    uint32_t mark;
    uint32_t key_count;
    uint32_t quality_count;
    uint32_t version_count; /* ever written */
    uint32_t ends;          /* ways to it that had no draw left; the controller's */
    uint32_t reserved;
    int64_t keys[FV_LAYOUT_KEYS_MAX];
};

/* What a state's best exemplar is like, as of an epoch. As many are kept as the window has jobs,
 * so that every job under way finds the one that it was planned with. */
struct fv_version {
    uint64_t stamp; /* the epoch; UINT64_MAX while it is being written */
    uint64_t draws;
    uint64_t is_open; /* another exemplar is welcome, better or not */
    int64_t qualities[FV_LAYOUT_QUALITIES_MAX];
};

struct fv_known {
    uint32_t state_count, reserved;
};

/* The timelines split off at one depth. `front` is the index of the one whose turn it is; a
 * futex. Written by the splitting parent. */
struct fv_front {
    uint32_t front;
    uint32_t parked; /* how many wait for their turn */
    uint32_t size;
    uint32_t live;
};

struct fv_totals {
    uint64_t timelines;
    uint64_t splitpoints;
    uint64_t draws;
    uint64_t productive;
    uint64_t fork_failures;
    uint64_t bucket_overflows;
    uint64_t mark_overflows;
    uint64_t journal_overflows;
    uint64_t parted;  /* timelines that went on from a runner in a process of their own */
    uint64_t checked; /* by canaries */
    uint64_t verdicts[FV_VERDICT_COUNT];
    uint64_t digest;
};

/* One job and everything that its timelines share. The controller writes it while no worker has
 * it; then whoever has the turn. */
struct fv_tree {
    uint64_t job;
    uint64_t campaign_seed;
    uint64_t epoch;     /* jobs folded when it was planned: what it may know of states */
    uint64_t draws_max; /* a timeline ends well in front of its next draw; 0: none does */
    uint32_t order_count;
    uint32_t is_warm;
    uint64_t stamp;  /* of the root under way; never 0 */
    int64_t energy;  /* global */
    int64_t reserve; /* what barren marks gave back */
    uint32_t bucket_count;
    uint32_t dynamic_count;
    uint32_t depth_active;
    int32_t tokens_held; /* taken from the session by this tree */
    uint64_t ring_head;  /* bytes ever written; the turn's */
    uint64_t ring_tail;  /* bytes ever read; the controller's */
    uint32_t ring_space; /* a futex: bumped when the controller has read */
    uint32_t is_done;
    uint32_t is_halted; /* a bug was folded and the policy stops there */
    uint32_t unreached; /* orders whose splitpoint was not reached */
    uint32_t isolation; /* enum fv_isolation */
    uint32_t parted_by; /* the system call that the last parting was for */
    uint32_t refused;   /* one that no parting can do */
    struct fv_series series;
    uint64_t hit_samples; /* inputs whose features were counted in the hits */
    uint32_t asked_from;  /* answers that the engine had got when the job was planned */
    /* Inputs in the log, the bytes of it in use, and where the last one is. */
    uint32_t asked_count, asked_bytes, asked_last;
    struct fv_totals totals;
    struct fv_front fronts[FV_DEPTH_MAX + 1];
    struct fv_recipe recipe;
};

enum fv_request { FV_REQUEST_NONE, FV_REQUEST_CHECK };
enum fv_answer {
    FV_ANSWER_SAME,
    FV_ANSWER_UNKNOWN, /* killed before its end */
    FV_ANSWER_SHOW,    /* the zygote wants to see the runner's memory as it is at the start */
};

/* One zygote, on a page of its own that its timelines cannot reach. `job` counts the jobs that the
 * controller has handed out, whose trees stand in `trees`; a futex. The rest is the worker's.
 * `baton` says which of the worker's processes is at work, the zygote (0), a host or the runner;
 * each sleeps on a futex of its own. */
struct fv_worker {
    uint32_t job;
    uint32_t taken; /* jobs that have ended here */
    uint32_t trees[FV_QUEUE_MAX];
    uint32_t state; /* enum fv_worker_state */
    uint32_t baton;
    uint32_t order;   /* of the job, that the baton's holder is to serve */
    uint32_t reached; /* what became of it: enum fv_order_outcome */
    uint32_t pilot;   /* the host to make on the way; 0: the holder is at the splitpoint */
    int32_t pilot_pid;
    uint32_t is_brief; /* the pilot ends after this order */
    uint32_t reserved;
    uint64_t reached_ns; /* when the pilot got there; 0: not yet */
    /* between a runner and its zygote */
    uint32_t request;     /* enum fv_request */
    uint32_t answer;      /* enum fv_answer */
    uint32_t asked_depth; /* the slot that a canary compares with */
    uint32_t asked_index;
    uint32_t is_unfit;     /* no job of this target is to be rewound again; `unfit` says why */
    uint32_t runner_count; /* runners made so far */
    uint32_t is_worn;      /* the runner ends, and another is to be made */
    char unfit[FV_TEXT_BYTES];
    char refusal[FV_TEXT_BYTES];
    uint32_t calls[FV_HOSTS_MAX + 3];
};

/* What every process of a session may change. A page of its own. */
struct fv_live {
    int32_t tokens;    /* how many more timelines may run */
    uint32_t doorbell; /* a futex: something for the controller */
    uint32_t is_eager; /* the controller waits for the end of every job */
};

/* Where everything is. Written by the controller before the first worker starts; every other
 * process maps it read-only, so that a target that scribbles dies there. */
struct fv_header {
    uint64_t magic;
    uint32_t abi;
    uint32_t header_size;
    uint64_t total_size;
    uint32_t mode; /* enum fv_session_mode */
    uint32_t worker_count;
    uint32_t tree_count;
    uint32_t edge_count;
    uint32_t site_count; /* marks known at link time */
    uint32_t dynamic_max;
    int32_t controller_pid;
    uint32_t trace_draws;
    uint32_t stop;       /* the controller wants the end */
    uint32_t host_count; /* checkpoints that a worker may keep */
    uint32_t host_us;    /* what replaying must take for a checkpoint to be worth keeping */
    uint32_t host_mb;    /* memory that they may have together */
    uint32_t canary;     /* one timeline in so many is checked; 0: none */
    uint32_t memory_mb;  /* what a timeline may have */
    uint32_t engine;     /* enum fv_engine; see struct fv_ask */
    struct fv_policy policy;
    /* the feature map: marks, edges, buckets, dynamic marks */
    uint64_t map_edges, map_each, map_dynamic, map_size;
    uint64_t live_at, ask_at, known_at, workers_at, hosts_at, traces_at, trees_at, slots_at;
    uint64_t worker_stride, tree_stride, slot_stride;
    /* inside what is known */
    uint64_t known_states, known_versions, known_index;
    /* the stock of the mutation strategy, beside it; empty under others */
    uint64_t stock_entries, stock_words, stock_bytes, stock_size;
    /* inside a tree */
    uint64_t tree_marks, tree_buckets, tree_index, tree_explored, tree_seen, tree_ring, tree_tape;
    uint64_t tree_orders, tree_children, tree_pool, tree_picks, tree_finds, tree_hits, hits_size;
    uint64_t tree_told, tree_log; /* for inputs of an engine */
    /* inside a slot */
    uint64_t slot_tallies, slot_journal, slot_compares, slot_features;
};

static_assert(sizeof(struct fv_tally) == 24, "layout");
static_assert(sizeof(struct fv_bucket) == 160, "layout");
static_assert(offsetof(struct fv_slot, message) % 8 == 0, "layout");
static_assert(sizeof(struct fv_worker) <= FV_LAYOUT_PAGE_BYTES, "a worker is one page");
static_assert(sizeof(struct fv_mark) % 8 == 0, "layout");
static_assert(sizeof(struct fv_tree) % 8 == 0, "layout");
static_assert(sizeof(struct fv_header) <= FV_LAYOUT_PAGE_BYTES, "the header is one page");

/* Fills in every offset and the sizes, from counts and policy. */
void fv_layout_plan(struct fv_header *header);
/* Whether a mapped header is one of this ABI whose offsets are what fv_layout_plan gives. */
int fv_layout_valid(const struct fv_header *header, uint64_t mapped_size);

static inline uint8_t *fv_layout_at(const struct fv_header *h, uint64_t offset) {
    return (uint8_t *)(uintptr_t)h + offset;
}
static inline struct fv_live *fv_layout_live(const struct fv_header *h) {
    return (struct fv_live *)fv_layout_at(h, h->live_at);
}
static inline struct fv_worker *fv_layout_worker(const struct fv_header *h, uint32_t i) {
    return (struct fv_worker *)fv_layout_at(h, h->workers_at + i * h->worker_stride);
}
static inline struct fv_tree *fv_layout_tree(const struct fv_header *h, uint32_t i) {
    return (struct fv_tree *)fv_layout_at(h, h->trees_at + i * h->tree_stride);
}
static inline struct fv_slot *fv_layout_slot(const struct fv_header *h, uint32_t tree,
                                             uint32_t depth, uint32_t index) {
    uint64_t row = (uint64_t)tree * (h->policy.depth_max + 1) + depth;
    uint64_t number = row * h->policy.batch_size + index;
    return (struct fv_slot *)fv_layout_at(h, h->slots_at + number * h->slot_stride);
}
/* Slots of a worker's hosts, by their number from 1. Number 0 is the zygote, which has none; the
 * last is the canary's. */
static inline struct fv_slot *fv_layout_host(const struct fv_header *h, uint32_t worker,
                                             uint32_t host) {
    uint64_t number = (uint64_t)worker * (h->host_count + 2) + host - 1;
    return (struct fv_slot *)fv_layout_at(h, h->hosts_at + number * h->slot_stride);
}
/* Draws of the timeline that a canary checks. */
static inline struct fv_known *fv_layout_known(const struct fv_header *h) {
    return (struct fv_known *)fv_layout_at(h, h->known_at);
}
static inline struct fv_mark *fv_layout_marks(const struct fv_header *h, struct fv_tree *t) {
    return (struct fv_mark *)((uint8_t *)t + h->tree_marks);
}
static inline struct fv_bucket *fv_layout_buckets(const struct fv_header *h, struct fv_tree *t) {
    return (struct fv_bucket *)((uint8_t *)t + h->tree_buckets);
}
static inline uint32_t *fv_layout_index(const struct fv_header *h, struct fv_tree *t) {
    return (uint32_t *)((uint8_t *)t + h->tree_index);
}
static inline uint8_t *fv_layout_explored(const struct fv_header *h, struct fv_tree *t) {
    return (uint8_t *)t + h->tree_explored;
}
/* Three maps in a row: features seen by at least one, two, three timelines of the job. */
static inline uint8_t *fv_layout_seen(const struct fv_header *h, struct fv_tree *t) {
    return (uint8_t *)t + h->tree_seen;
}
static inline struct fv_order *fv_layout_orders(const struct fv_header *h, struct fv_tree *t) {
    return (struct fv_order *)((uint8_t *)t + h->tree_orders);
}
static inline struct fv_child *fv_layout_children(const struct fv_header *h, struct fv_tree *t) {
    return (struct fv_child *)((uint8_t *)t + h->tree_children);
}
static inline struct fv_segment *fv_layout_pool(const struct fv_header *h, struct fv_tree *t) {
    return (struct fv_segment *)((uint8_t *)t + h->tree_pool);
}
static inline uint8_t *fv_layout_ring(const struct fv_header *h, struct fv_tree *t) {
    return (uint8_t *)t + h->tree_ring;
}
static inline uint8_t *fv_layout_tape(const struct fv_header *h, struct fv_tree *t) {
    return (uint8_t *)t + h->tree_tape;
}
static inline struct fv_tally *fv_layout_tallies(const struct fv_header *h, struct fv_slot *s) {
    return (struct fv_tally *)((uint8_t *)s + h->slot_tallies);
}
static inline struct fv_discovery *fv_layout_journal(const struct fv_header *h, struct fv_slot *s) {
    return (struct fv_discovery *)((uint8_t *)s + h->slot_journal);
}
static inline struct fv_comparison *fv_layout_compares(const struct fv_header *h,
                                                       struct fv_slot *s) {
    return (struct fv_comparison *)((uint8_t *)s + h->slot_compares);
}
static inline uint8_t *fv_layout_features(const struct fv_header *h, struct fv_slot *s) {
    return (uint8_t *)s + h->slot_features;
}
/* Draws of a timeline since its root, over all segments. */
static inline uint64_t fv_layout_draws(const struct fv_slot *s) {
    return s->draws_before + s->count;
}
/* Where the feature bytes of a mark begin: sites come first in the map, dynamic marks last. */
static inline uint64_t fv_layout_mark_features(const struct fv_header *h, uint32_t mark) {
    return mark < h->site_count
               ? (uint64_t)mark * FV_MARK_FEATURE_BYTES
               : h->map_dynamic + (uint64_t)(mark - h->site_count) * FV_MARK_FEATURE_BYTES;
}
/* How much of the map is in use by this tree. */
static inline uint64_t fv_layout_map_used(const struct fv_header *h, const struct fv_tree *t) {
    return h->map_dynamic + (uint64_t)t->dynamic_count * FV_MARK_FEATURE_BYTES;
}

/* The bucket of these keys in a tree's table, or the free place in the index where it belongs. */
uint64_t fv_layout_bucket_hash(uint32_t mark, const int64_t *keys, uint32_t key_count);
struct fv_bucket *fv_layout_bucket_find(const struct fv_header *h, struct fv_tree *t, uint64_t hash,
                                        uint32_t mark, const int64_t *keys, uint32_t key_count,
                                        uint32_t *place);
/* Appends it; NULL when the table is full. `place` comes from fv_layout_bucket_find. */
struct fv_bucket *fv_layout_bucket_add(const struct fv_header *h, struct fv_tree *t,
                                       const struct fv_bucket *bucket, uint32_t place);
/* Replaces the qualities; who runs ahead of its turn may be reading them. */
void fv_layout_bucket_improve(struct fv_bucket *bucket, const int64_t *qualities);
/* Whether `qualities` are better than the bucket's, or may be: half-written ones count as worse. */
int fv_layout_bucket_beaten(const struct fv_bucket *bucket, const int64_t *qualities, uint32_t n);
/* Whether `a` is better than `b`: higher, the first counts most. */
int fv_layout_quality_better(const int64_t *a, const int64_t *b, uint32_t n);

#endif
