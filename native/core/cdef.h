/* The face of the core: what Python calls, and nothing else. Read by cffi and by the C sources.
 * A campaign belongs to the thread that opened it: its workers die with that thread. */

struct fv_plan {
    uint32_t strategy;
    uint32_t jobs;
    uint32_t window;
    uint32_t batch_size;
    uint32_t timelines_min;
    uint32_t timelines_max;
    uint32_t warm_timelines_min;
    uint32_t depth_max;
    uint32_t stop_on_bug;
    uint32_t edge_count;
    uint32_t site_count;
    uint32_t dynamic_max;
    uint32_t deadline_ms;
    uint32_t memory_mb;
    uint32_t checkpoints;   /* that a worker keeps, besides the start */
    uint32_t checkpoint_us; /* what a replay must take for its end to be worth one */
    uint32_t checkpoint_mb; /* of memory, for those of a worker together */
    uint32_t isolation;     /* 0 fork, 1 rewind */
    uint32_t canary;        /* one timeline in so many is checked by a fresh process; 0: none */
    uint32_t length_max;    /* of inputs that the mutation strategy makes; at most 1 MiB */
    uint32_t engine;        /* fv_driver_run, in a process of its own: 1 asks, 2 mutates; 0: none */
    uint64_t campaign_seed;
    uint64_t first_root;
    uint64_t timelines;    /* budget; 0: none */
    uint64_t roots;        /* budget; 0: none */
    uint64_t until_stable; /* roots in a row without anything fresh; 0: never stop for that */
    uint64_t until_fresh;  /* stop when less than one timeline in so many is fresh; 0: never */
    int64_t root_energy;
    int64_t mark_energy;
};

/* What a mark is, for those known at link time; strings are copied. */
struct fv_mark_info {
    uint32_t kind;
    uint32_t compare;
};

struct fv_mark_report {
    uint32_t kind;
    uint32_t compare;
    uint32_t line;
    uint32_t has_watermark;
    uint32_t width;
    uint32_t condition_count;
    int64_t watermark;
    uint64_t passes;
    uint64_t failures;
    uint64_t first_ordinal; /* 1 + ordinal; 0: never */
    uint64_t bucket_count;
    char message[256]; /* of dynamic marks alone */
    char file[128];
};

struct fv_campaign_report {
    uint64_t timelines;
    uint64_t roots;
    uint64_t splitpoints;
    uint64_t draws;
    uint64_t verdicts[8];
    uint64_t features;
    uint64_t edges_found;
    uint64_t buckets;
    uint64_t alive;
    int64_t energy;
    uint64_t productive;
    uint64_t fork_failures;
    uint64_t overflows;
    uint64_t worker_deaths;
    uint64_t stable_roots;
    uint64_t digest;
    uint64_t states;
    uint64_t places;
    uint64_t nodes;
    uint64_t once; /* features that just one timeline had, and just two */
    uint64_t twice;
    uint64_t unreached;   /* splitpoints that a replay did not reach */
    uint64_t parted;      /* timelines that a runner had to give a process of their own, */
    uint64_t checked;     /* and those that canaries checked */
    uint64_t runners;     /* made so far */
    uint64_t jobs_forked; /* that began again under fork */
    uint32_t isolation;   /* that jobs have now: 0 fork, 1 rewind */
    uint32_t reserved_too;
    char parted_by[32]; /* the system call that the last parting was for */
    uint64_t maker_tries[10];
    uint64_t maker_yields[10];
    uint32_t mark_count;
    uint32_t reserved;
};

/* A state of the frontier: what leads there, and what was spent on going on from it. */
struct fv_state_report {
    uint32_t mark;
    uint32_t is_open; /* there is a draw left to go on from */
    uint64_t draws;   /* of the way there */
    uint64_t tries;   /* children, of all ways there */
    uint64_t hits;    /* those that brought something */
    char keys[256];
};

/* One record for Python: fixed head, then segments (24 bytes each), message, identity, tape. */
struct fv_record_head {
    uint32_t size;
    uint32_t kind; /* 1 timeline, 2 discovery, 3 trial and 5 census, whose ordinal is the job's
                      number, 4 tape: `draws` bytes behind the head, which the recipes after it
                      start with */
    uint32_t verdict;
    int32_t signal;
    int32_t exit_code;
    int32_t mark;
    uint64_t ordinal;
    uint64_t root;
    uint64_t draws;
    uint64_t fresh;
    uint64_t digest;
    uint32_t has_tape; /* 1: of the input with this root; 2: in this record */
    uint32_t segment_count;
    uint32_t message_size;
    uint32_t identity_size;
    uint32_t order;
    uint32_t child;
    uint32_t discovery_count; /* none: the campaign has read them */
    uint32_t compare_count;
    uint32_t tape_size;
    uint32_t owned_count; /* none, likewise */
    uint32_t word_size;
    uint32_t replaces;
    uint64_t cost;
};

/* A record of a census is the head and, in the place of all else, the numbers of the input's
 * features, 32 bits each and at most 200,000 of them: `fresh` counts all, `digest` says how many
 * edges the timeline passed at least. */

/* A splitpoint, and how many timelines are tried from there: draw `count` of the last of
 * `segment_count` segments behind a root, or behind the campaign's first input and its tape. */
struct fv_trial_order {
    uint64_t root;
    uint64_t count;
    uint32_t has_tape;
    uint32_t segment_count;
    uint32_t child_count;
    uint32_t reserved;
};

struct fv_replay_report {
    uint32_t verdict;
    int32_t signal;
    int32_t exit_code;
    int32_t mark;
    uint64_t draws;
    uint64_t digest;
    uint64_t address;
    char message[256];
    char identity[512];
};

/* Where a replay puts what it counted: site_count passes and failures, and edge_count hit-count
 * classes, one bit each. */
struct fv_replay_counts {
    uint32_t *passes;
    uint32_t *failures;
    uint8_t *edges;
};

/* What rewinding asks of the kernel: 0, an errno, or -1 where another has to work first. */
struct fv_probe_report {
    int32_t userfaultfd;      /* of a process without privileges, for its own faults */
    int32_t write_protection; /* that resolves itself (WP_ASYNC) */
    int32_t pagemap_scan;     /* tells the page that was written */
    int32_t parent_memory;    /* process_vm_readv from a child */
    int32_t seccomp;          /* a filter that hands a system call over */
};

typedef struct fv_campaign fv_campaign;

/* NULL on failure; `error` (256 bytes) says why. `marks` has plan->site_count entries. */
fv_campaign *fv_campaign_open(const char *path, const struct fv_plan *plan,
                              const struct fv_mark_info *marks, char *error);
/* Inputs run before the roots, in the order of these calls; copied. 0 or an enum fv_err. */
int fv_campaign_add_input(fv_campaign *campaign, const uint8_t *bytes, size_t n);
/* Under mutation: a word of the dictionary, of 1 to 127 bytes. 0, or -1: there is no room, or it is
 * too long. */
int fv_campaign_add_word(fv_campaign *campaign, const uint8_t *bytes, size_t n);
/* Under the strategy for trials: one more job, of at most 64 orders, 1024 tails and 8192 segments
 * (24 bytes each); `tails` says how many segments each child has behind its splitpoint, and
 * `segments` has the prefix of the first order, the tails of its children, the next prefix...
 * A timeline that would draw more than draws_max times (0: any) ends well there. 0, or -1: that is
 * no job, or 64 wait already. A child whose splitpoint is not reached is not told. */
int fv_campaign_add_trials(fv_campaign *campaign, const struct fv_trial_order *orders,
                           uint32_t order_count, const uint32_t *tails, uint32_t tail_count,
                           const uint8_t *segments, uint32_t segment_count, uint64_t draws_max);
/* Runs for at most timeout_ms; returns early when a bug is at hand or the campaign has finished.
 * 1 when it has finished, 0 when not, -1 when the engine failed: fv_campaign_error says why. */
int fv_campaign_step(fv_campaign *campaign, uint32_t timeout_ms);
const char *fv_campaign_error(const fv_campaign *campaign);
/* Why jobs are not rewound although they were to be; empty while they are. */
const char *fv_campaign_unfit(const fv_campaign *campaign);
/* Moves whole records, in campaign order, into `to`; returns the bytes written. */
size_t fv_campaign_take_records(fv_campaign *campaign, uint8_t *to, size_t capacity);
void fv_campaign_get_report(fv_campaign *campaign, struct fv_campaign_report *to);
/* Returns the number written. */
uint32_t fv_campaign_get_marks(fv_campaign *campaign, struct fv_mark_report *to, uint32_t max);
/* How often a bug of this verdict and identity was seen. */
uint64_t fv_campaign_sightings(const fv_campaign *campaign, uint32_t verdict, const char *identity);
/* The explored map, valid until the campaign is closed. */
const uint8_t *fv_campaign_explored(const fv_campaign *campaign, size_t *size);
/* The states from number `first` on, in the order in which they were found; returns the number
 * written, 0 for strategies that have none. */
uint32_t fv_campaign_get_states(const fv_campaign *campaign, uint32_t first,
                                struct fv_state_report *to, uint32_t max);
/* The same summed over what only edges speak for; `draws` counts these places. */
void fv_campaign_get_entries(const fv_campaign *campaign, struct fv_state_report *to);
/* The hit-count classes that each edge was seen in, a byte an edge; returns the number written. */
uint32_t fv_campaign_get_edges(const fv_campaign *campaign, uint8_t *to, uint32_t max);
uint32_t fv_campaign_pids(const fv_campaign *campaign, int32_t *to, uint32_t max);
/* Ends what is under way now: what has been folded and found stays. */
void fv_campaign_stop(fv_campaign *campaign);
void fv_campaign_close(fv_campaign *campaign);

/* The file behind the campaign's shared memory, which an engine maps. */
int fv_campaign_memory(const fv_campaign *campaign);
/* The engine's process, a child of this one, whose end is to be noticed. */
void fv_campaign_watch_engine(fv_campaign *campaign, int32_t pid);
/* Lets the engine finish what it is at, and end. */
void fv_campaign_end_engine(fv_campaign *campaign);
/* In a process of its own, a child of the campaign's: runs the libFuzzer in a shared library on the
 * session behind memory_fd, with so many inputs to begin with. Does not return where that worked;
 * else -1, with words in `error`. */
int fv_driver_run(int memory_fd, const char *library, uint32_t seed_count, int argc, char **argv,
                  char *error);

/* Replays an input alone in one process. 0, or -1 with words in `error`. The target's stdout and
 * stderr go to log_fd. */
int fv_replay_run(const char *path, const struct fv_plan *plan, const uint8_t *input, size_t n,
                  int log_fd, int trace_draws, struct fv_replay_report *report,
                  const struct fv_replay_counts *counts, char *error);

/* Tries it out in processes of its own. */
void fv_probe_rewinding(struct fv_probe_report *to);

/* The time that so many round trips between two processes take that do nothing but wake each other;
 * 0 where there is no second process. */
uint64_t fv_floor_handover_ns(uint32_t round_trips);

/* Algebra and text, for Python and its tests. */
uint64_t fv_mix_child_seed(uint64_t parent_seed, const char *mark_name, uint32_t index);
uint64_t fv_mix_root_seed(uint64_t campaign_seed, uint64_t ordinal);
uint64_t fv_recipe_tape_seed(const uint8_t *tape, size_t n);
uint64_t fv_map_fresh(const uint8_t *explored, const uint8_t *slot, size_t n);
uint64_t fv_map_merge(uint8_t *explored, const uint8_t *slot, size_t n);
uint64_t fv_map_count(const uint8_t *map, size_t n);
uint64_t fv_map_classify(uint8_t *to, const uint8_t *counters, size_t n, size_t first);
/* Parses a path like 151@8837201 -> 80@1293847 into packed segments (u64 count, u64 seed, u32 kind,
 * u32 offset); `to` holds `max` of them. Returns their number, or -1. */
int fv_core_parse_path(const char *text, size_t n, uint8_t *to, uint32_t max);
/* Prints it; `to` holds 1024 * 64 bytes. Returns the length. */
size_t fv_core_print_path(const uint8_t *packed, uint32_t n, char *to);
/* Parses an input; `tape` holds 1 MiB. Returns the number of segments, or -1. */
int fv_core_parse_input(const uint8_t *bytes, size_t n, uint64_t *root, uint8_t *packed,
                        uint32_t max, uint8_t *tape, int64_t *tape_size);
int fv_core_abi(void);
const char *fv_core_abi_marker(void);
