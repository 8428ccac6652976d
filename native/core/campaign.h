/* A campaign: root jobs handed out in order, over a window that does not depend on the number of
 * workers, and folded in the same order. */
#ifndef FV_CORE_CAMPAIGN_H
#define FV_CORE_CAMPAIGN_H

#include "../common/layout.h"
#include "bugs.h"
#include "core.h"
#include "frontier.h"
#include "mutation.h"
#include "session.h"
#include "trials.h"
#include "watch.h"

enum { FV_NO_WORKER = -1, FV_JOB_ATTEMPTS_MAX = 5, FV_LOST_IN_A_ROW_MAX = 16 };

/* Bytes in order, taken from the front. */
struct fv_queue {
    uint8_t *bytes;
    size_t size, capacity, taken;
};

enum fv_lane_state { FV_LANE_FREE, FV_LANE_WAITING, FV_LANE_RUNNING, FV_LANE_ENDED };

/* One place of the window. Job k uses lane k % window: it starts when job k - window is folded. */
struct fv_lane {
    enum fv_lane_state state;
    int worker;
    uint64_t job;
    uint64_t grant; /* timelines set aside for it */
    uint64_t roots;
    uint64_t epoch; /* jobs folded when it was planned */
    uint32_t is_warm;
    uint32_t isolation;          /* enum fv_isolation: of the first attempt */
    char unfit[FV_TEXT_BYTES];   /* why it could not be rewound; "" when it could */
    struct fv_tree *tree;        /* shared */
    struct fv_tree *start;       /* private: what the job began with, to begin again */
    struct fv_job_plan *errands; /* what it is to do; orders, children and segments of its tree */
    struct fv_queue records;     /* read from the ring, not yet told */
    uint64_t records_read;       /* in this attempt */
    uint64_t records_kept;       /* in all attempts: the first so many are known */
    uint32_t attempts;
    uint32_t discoveries;
};

/* An input's recipe, cut to its segments, and the bytes of its tape. */
struct fv_input {
    struct fv_recipe *recipe;
    uint8_t *tape;
};

struct fv_campaign {
    struct fv_plan plan;
    struct fv_session session;
    struct fv_header *header;
    struct fv_tree *known; /* private: all folded jobs */
    struct fv_tree *blank; /* private: what each job of a census starts from; else NULL */
    struct fv_lane lanes[FV_WINDOW_MAX];
    struct fv_input *inputs;
    uint32_t input_count;
    uint64_t next_job, next_fold; /* jobs handed out, jobs folded */
    uint64_t next_root;           /* roots handed out, from plan.first_root */
    uint64_t roots_folded;
    uint64_t granted; /* timelines set aside for jobs under way */
    uint64_t stable_roots;
    uint64_t unreached;           /* splitpoints that their replay did not reach */
    struct fv_frontier *frontier; /* NULL for other strategies */
    struct fv_mutation *mutation; /* likewise */
    struct fv_trials trials;      /* that wait */
    uint8_t *seen;                /* three maps: features of one, two, three timelines at least */
    uint32_t mark_of[2 * FV_MARKS_MAX]; /* while a job is folded */
    uint64_t deaths;                    /* of workers, whatever they were at */
    uint64_t worker_deaths;             /* of them, with a folded job under way, or none */
    uint64_t last_fresh;                /* timelines when something fresh was folded last */
    uint32_t lost_in_a_row;             /* folded jobs since one that had a timeline */
    uint64_t last_watch_ns;
    uint64_t tape_told;      /* 1 + the last job whose tape was told */
    uint64_t engine_seen[3]; /* offers, answers, timelines, */
    uint64_t engine_seen_ns; /* and when one of them was last seen to change */
    int32_t engine_pid;
    int engine_failed; /* it did not mutate when it was asked to */
    int is_ending;     /* hands out no further job */
    int is_halted;     /* a folded job found the bug to stop at */
    int is_stopped;    /* the caller wants the end */
    int has_bug;       /* told since the last step */
    struct fv_bugs bugs;
    struct fv_queue records; /* in campaign order, for Python */
    uint32_t isolation;      /* enum fv_isolation; falls to fork when rewinding will not do */
    uint32_t parted_by;      /* the system call that the last parting was for */
    uint64_t jobs_forked;    /* that began again under fork */
    uint32_t forked_in_a_row;
    uint64_t runners_gone; /* of workers that have ended */
    struct fv_look looks[FV_WORKERS_MAX];
    char unfit[FV_TEXT_BYTES];
    char error[FV_ERROR_BYTES];
};

#endif
