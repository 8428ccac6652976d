/* What may go wrong in a simulation. The target declares it; nothing else ever happens. Of
 * every kind of fault that is declared, each root seed enables its own subset, at rates that
 * are drawn up to the declared ones (log-uniformly), so that rare combinations of few faults
 * are tried as well. */
#ifndef FUZZVERSE_SIM_MODEL_H
#define FUZZVERSE_SIM_MODEL_H

#include "clock.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rates are parts of a million for each message, operation or second, as said beside each. 0:
 * never. */
struct fv_net_model {
    uint64_t latency_min_ns, latency_max_ns; /* of a message; uniform */
    uint32_t loss;                           /* a message */
    uint32_t duplication;                    /* a message */
    uint32_t reordering;                     /* a message: it takes up to ten times as long */
    uint32_t resets;                         /* a write to a stream: the connection breaks */
    uint32_t partitions;                     /* a second: some nodes are cut off */
    uint32_t one_way_cuts;                   /* a second: one link, in one direction */
    uint64_t heal_max_ns; /* how long a partition or a cut lasts at most; 0: until it is healed */
};

struct fv_disk_model {
    uint32_t page_bytes;   /* what is written as a whole or not; 0: 4096 */
    uint32_t power_loss;   /* an operation; the node crashes in it */
    uint32_t torn_pages;   /* of the pages that a power loss takes: kept in part */
    uint32_t lying_syncs;  /* a sync: acknowledged and dropped */
    uint32_t bit_rot;      /* a read: one bit of the durable content has flipped */
    uint32_t misdirected;  /* a write: lands on another page of the file */
    uint32_t lost_writes;  /* a write: acknowledged and dropped for good */
    uint32_t read_errors;  /* a read fails with EIO */
    uint32_t write_errors; /* a write or sync fails with EIO */
    uint32_t slow_syncs;   /* a sync takes up to `slow_sync_max_ns` */
    uint64_t sync_ns;      /* what a sync takes otherwise */
    uint64_t slow_sync_max_ns;
    uint64_t capacity_bytes; /* of all files of a node together: ENOSPC beyond; 0: no limit */
    bool is_ordered;  /* a power loss keeps a prefix of the unsynced writes, not any subset */
    bool loses_names; /* creations, renames and deletions need a sync of the directory */
};

struct fv_node_model {
    uint32_t crashes; /* a second: power loss, unsynced writes are at risk */
    uint32_t kills;   /* a second: the process ends, what was written stays */
    uint32_t stops;   /* a second: graceful */
    /* Until it is started again; a minimum of FV_FOREVER leaves that to the target. */
    uint64_t down_min_ns, down_max_ns;
    uint32_t down_at_once_max; /* nodes; 0: all but one */
    uint64_t skew_max_ns;      /* of a node's clock, either way */
    uint32_t drift_ppm_max;    /* of a node's clock, either way */
};

struct fv_model {
    struct fv_net_model net;
    struct fv_disk_model disk;
    struct fv_node_model node;
};

/* Draws what this root enables. Once, before the first node is made. */
void fv_sim_open(const struct fv_model *model);

/* No fault happens until the matching end: while a result is verified. Nests. */
void fv_quiet_begin(void);
void fv_quiet_end(void);
/* All partitions and cuts heal, all nodes that are down start again, and no further fault
 * happens. */
void fv_heal(void);

#ifdef __cplusplus
}
#endif

#endif
