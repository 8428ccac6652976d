/* The mutation strategy: which inputs are kept as entries, and which of them inputs are made from.
 * Knows nothing of processes: jobs leave as plans, and come back as records. What it decides
 * depends on the campaign seed and the folded jobs alone. */
#ifndef FV_CORE_MUTATION_H
#define FV_CORE_MUTATION_H

#include "../common/stock.h"
#include "choice.h"
#include "frontier.h"

enum { FV_COST_CLASSES = 32 };
#define FV_COST_MAX ((UINT64_C(1) << FV_COST_CLASSES) - 1)

/* What the controller knows of an entry besides its bytes. */
struct fv_merit {
    uint32_t is_gone; /* another, as good and smaller, took its place */
    uint32_t was_watched;
    uint64_t visits; /* picks of it so far */
    uint64_t cost;   /* comparisons that it makes; 0: unknown */
};

struct fv_mutation {
    const struct fv_header *header;
    uint64_t luck;
    struct fv_merit *merits; /* by number of the entry */
    uint32_t entry_count, word_count;
    uint32_t length_max; /* of all inputs, */
    uint32_t length_now; /* and of those made now; grows while nothing is found */
    uint64_t grown_at;   /* timelines, when it or the stock grew last */
    uint64_t stock_used;
    struct fv_choice choice;
    uint64_t cost_typical;           /* half of the entries cost as much; 0: none is known */
    uint32_t costs[FV_COST_CLASSES]; /* entries that are there, by the logarithm of their cost */
    uint8_t *owned;                  /* features that entries speak for; a map */
    uint32_t *hits;                  /* by feature modulo header->hits_size, */
    uint64_t hit_samples;            /* of so many inputs */
    uint64_t weighed_at;             /* samples, when all entries were weighed last */
    uint64_t overflow;               /* entries and words that found no room */
};

/* An input that was told of; all of it checked for size. */
struct fv_told {
    const uint8_t *tape;
    const uint32_t *owned;
    const uint8_t *word;
    uint32_t tape_size, owned_count, word_size;
    uint32_t replaces;
    uint64_t cost; /* comparisons that it makes; 0: unknown */
    uint64_t now;  /* timelines of the campaign */
};

bool fv_mutation_open(struct fv_mutation *mutation, const struct fv_header *header,
                      uint64_t campaign_seed, uint32_t length_max);
void fv_mutation_close(struct fv_mutation *mutation);

/* A word for the dictionary; false: there is no room. */
bool fv_mutation_add_word(struct fv_mutation *mutation, const uint8_t *bytes, uint32_t size);
/* An input that the campaign begins with will be an entry of this size. */
void fv_mutation_expect(struct fv_mutation *mutation, uint32_t size);
/* Makes a plan of `inputs` inputs, when `timelines` have been folded. */
void fv_mutation_plan(struct fv_mutation *mutation, struct fv_job_plan *plan, uint32_t inputs,
                      uint64_t timelines);
/* In the order of the job's inputs: keeps what is worth it. Returns how many features are new to
 * the campaign. */
uint32_t fv_mutation_learn(struct fv_mutation *mutation, const struct fv_told *told);
/* The job has been folded. */
void fv_mutation_settle(struct fv_mutation *mutation, struct fv_tree *job,
                        const struct fv_job_plan *plan);

#endif
