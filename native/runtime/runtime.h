/* The state of the runtime in one process of a session. Everything that a timeline changes lives
 * in its slot, in shared memory; what is here changes at most once after a fork. */
#ifndef FV_RUNTIME_RUNTIME_H
#define FV_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/layout.h"
#include "../common/public.h"
#include "../common/wait.h"
#include "places.h"

enum fv_side { FV_PARENT, FV_CHILD };

/* Pages of its own, which no rewinding touches. */
struct FV_KEPT_TYPE fv_runtime {
    struct fv_slot *slot;     /* of the timeline that this process runs */
    struct fv_tally *tallies; /* of the same */
    uint8_t *features;        /* of the same */
    struct fv_header *header;
    struct fv_tree *tree; /* NULL when a timeline runs alone: nothing is claimed, nothing splits */
    uint32_t tree_index;
    int32_t pid;
    const uint8_t *tape; /* of the tree's input */
    int log_fd;          /* -1: fv_log costs a branch */
    uint64_t compared;   /* comparisons so far: how much work an input is, the same each time */
    uint32_t entered;    /* how many slots this process has entered */
    bool is_forking;     /* the fork under way is ours, not the target's */
    bool in_runner;      /* one timeline after the other */
    bool in_control;     /* of a runner: it is not the target that runs */
};

/* What sancov callbacks and fv_u64() work on: they take no argument. */
extern struct fv_runtime fv_rt __attribute__((visibility("hidden")));

/* Makes `slot` the one of the timeline that this process runs. */
void fv_runtime_enter(struct fv_slot *slot);
/* A session without a controller: anonymous memory, one tree, one slot. */
void fv_runtime_alone(void);
/* Maps the session behind `fd` and closes fd. False: its memory is none of ours. *why is NULL
 * unless this target cannot serve it. */
bool fv_runtime_attach(int fd, const char **why);

/* Tells the controller that there is something to fetch. */
void fv_runtime_ring(void);

#endif
