/* What the database ought to hold: the model of acknowledged commits. Knows nothing of SQLite. */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MODEL_TABLES = 3,
    MODEL_ROWS = 32,
    MODEL_INDEXES = 2, /* a table: on its version, on its body */
    MODEL_SAVEPOINTS_MAX = 3,
    MODEL_OUTCOMES_MAX = 256, /* more than the commits of a timeline */
    MODEL_BODY_BYTES_MAX = 1500
};

/* A row's version says all about it: its body is a function of table, row and version. */
struct model_table {
    bool exists;
    bool indexed[MODEL_INDEXES];
    uint32_t version[MODEL_ROWS]; /* 0: no such row */
};

struct model_state {
    struct model_table tables[MODEL_TABLES];
};

/* What an acknowledgement is worth when power is lost, by journal mode and synchronous level. */
enum model_promise {
    MODEL_DURABLE,          /* the commit survives */
    MODEL_LAST_MAY_VANISH,  /* it may be undone, but those before it are safe now */
    MODEL_SUFFIX_MAY_VANISH /* it and any number of those before it may be undone */
};

enum model_verdict { MODEL_EXPECTED, MODEL_COMMIT_LOST, MODEL_STRANGE };

struct model {
    struct model_state visible; /* outside of transactions */
    struct model_state pending; /* inside the open one */
    struct model_state saved[MODEL_SAVEPOINTS_MAX];
    uint32_t saved_count;
    uint64_t outcomes[MODEL_OUTCOMES_MAX]; /* digests of what may be found after a power loss */
    uint32_t outcome_count;
    uint32_t outcome_live;             /* from here on also without one */
    uint64_t past[MODEL_OUTCOMES_MAX]; /* digests of everything ever acknowledged */
    uint32_t past_count;
};

void model_start(struct model *model); /* an empty database */

void model_begin(struct model *model);
void model_save(struct model *model);
void model_rollback_to(struct model *model, uint32_t savepoint); /* which stays, as SQLite's */
void model_release(struct model *model, uint32_t savepoint);

void model_acknowledge(struct model *model, enum model_promise promise);
void model_doubt(struct model *model); /* the commit failed: it may have happened or not */

/* Judges what was found, and takes it for the truth from now on. */
enum model_verdict model_observe(struct model *model, const struct model_state *found,
                                 bool power_lost);

uint64_t model_digest(const struct model_state *state);

/* Writes the body of a row and returns its length, at most MODEL_BODY_BYTES_MAX. */
uint32_t model_body(uint32_t table, uint32_t row, uint32_t version, uint8_t *to);

#endif
