/* Raft, as in Ongaro's dissertation ("Consensus: Bridging Theory and Practice", 2014): elections
 * with pre-vote, replication with fast backup, snapshots, single-server membership changes,
 * leadership handed over, read-index reads and client sessions. Written against the simulation kit.
 *
 * A server is driven by events of its node (a message, a timer), one at a time; an event that syncs
 * its disk holds the next ones up. Each mistake that a variant plants is one `#ifdef FV_...`. */
#ifndef RAFT_H
#define RAFT_H

#include <fuzzverse/sim.h>

enum {
    SERVERS_MAX = 5,
    CLIENTS_MAX = 3,
    KEYS = 2,
    LOG_ENTRIES_MAX = 96,  /* beyond the snapshot; a full log takes no more commands */
    BATCH_ENTRIES_MAX = 8, /* of an append */
    READS_MAX = 4,         /* waiting at a leader */
    NOBODY = 255,          /* in place of a server */
};

enum port { PORT_RAFT = 1, PORT_CLIENT = 2 };

/* Servers and clients are numbered from 0; their nodes are these, in the order of their making. */
static inline fv_node server_node(uint8_t server) { return server; }
static inline fv_node client_node(uint8_t client) { return SERVERS_MAX + client; }

/* ---- what is replicated ---------------------------------------------------------------------- */

enum entry_kind { ENTRY_BASE, ENTRY_NOTHING, ENTRY_VOTERS, ENTRY_COMMAND };

/* No padding: entries are compared and summed as bytes. */
struct entry {
    uint32_t term;
    uint8_t kind;      /* enum entry_kind */
    uint8_t voters;    /* ENTRY_VOTERS: one bit a server */
    uint8_t client;    /* ENTRY_COMMAND and the rest: whose, and what */
    uint8_t operation; /* enum fv_operation */
    uint32_t sequence;
    uint32_t key;
    int32_t value, expected;
};

struct session {
    uint32_t sequence; /* of the client's last command that was applied */
    int32_t result;
};

struct machine {
    int32_t values[KEYS];
    struct session sessions[CLIENTS_MAX];
};

struct snapshot {
    uint32_t index, term; /* of the last entry in it */
    uint32_t voters;      /* as of then */
    struct machine machine;
};

/* ---- messages -------------------------------------------------------------------------------- */

enum message_kind {
    MESSAGE_VOTE_ASK,
    MESSAGE_VOTE_SAY,
    MESSAGE_APPEND,
    MESSAGE_APPEND_SAY,
    MESSAGE_SNAPSHOT,
    MESSAGE_HANDOVER, /* campaign at once: the leader wants it so */
};

struct message {
    uint8_t kind;
    uint8_t count;  /* of entries */
    bool is_pre;    /* VOTE_*: nobody's term changes by it */
    bool is_forced; /* VOTE_ASK: the leader itself wants the election */
    bool is_yes;    /* *_SAY */
    uint8_t reserved[3];
    uint32_t term;       /* the sender's; of a pre-vote: the one that it would campaign in */
    uint32_t index;      /* VOTE_ASK: of its last entry. APPEND: of the one before `entries`.
                       APPEND_SAY: up to which the logs agree, or a hint where to go on from */
    uint32_t index_term; /* of that entry; APPEND_SAY, no: that of the follower's entry or 0 */
    uint32_t commit;
    uint32_t round; /* of APPEND and its answer: what reads wait for */
    union {
        struct entry entries[BATCH_ENTRIES_MAX];
        struct snapshot snapshot;
    };
};

/* Between clients and servers. */
struct request {
    uint8_t client, operation;
    uint8_t reserved[2];
    uint32_t sequence;
    uint32_t key;
    int32_t value, expected;
};

struct response {
    uint8_t leader; /* where to ask instead; NOBODY: unknown */
    bool is_done;
    uint8_t reserved[2];
    uint32_t sequence;
    int32_t result;
};

/* ---- a server -------------------------------------------------------------------------------- */

enum role { FOLLOWER, PRE_CANDIDATE, CANDIDATE, LEADER, ROLES };

struct log {
    uint32_t base, base_term; /* of the last entry that is not here any more; 0: none was */
    uint32_t count;
    struct entry entries[LOG_ENTRIES_MAX]; /* [0] has the index base + 1 */
};

struct storage {
    fv_file votes, log;
    uint32_t generation; /* of the vote that was saved last */
    uint32_t log_bytes;
    uint32_t log_sum; /* of the last record: the next one's is chained to it */
    bool is_syncing;  /* at this moment */
};

struct read {
    uint8_t client;
    uint32_t sequence, key;
    uint32_t index; /* answered once this is applied */
    uint32_t round; /* and once a majority has answered an append of this round */
};

struct server {
    uint8_t id;
    uint8_t role; /* enum role */
    uint8_t vote; /* in this term */
    uint8_t leader;
    uint32_t term;
    uint32_t life;  /* fv_node_starts when it booted */
    uint32_t began; /* the index of the snapshot that its state machine started from; 0: none */
    struct log log;
    struct snapshot snapshot;
    struct machine machine; /* after `applied` entries */
    uint32_t commit, applied;
    uint32_t voters, voters_index; /* the latest in the log, committed or not; where it is */
    struct storage storage;

    uint64_t heard_ns; /* from a leader, on this node's clock; 0: never */
    uint64_t due_ns;   /* when to campaign */
    uint64_t timeout_ns;
    bool is_beating; /* the timer of a leader's heartbeats runs */
    uint32_t votes;  /* candidates: one bit a server that said yes */
    bool is_forced;

    /* leaders */
    uint32_t next[SERVERS_MAX], match[SERVERS_MAX];
    uint32_t round, answered[SERVERS_MAX];
    uint32_t heard;        /* one bit a server that has answered since the majority last had */
    uint32_t lonely_beats; /* heartbeats since then */
    struct read reads[READS_MAX];
    uint32_t read_count;
    uint8_t handover; /* to whom; NOBODY */
    uint64_t handover_until_ns;
};

/* ---- what a timeline has drawn --------------------------------------------------------------- */

struct settings {
    uint32_t server_count; /* that ever take part */
    uint32_t voters;       /* at first */
    uint32_t client_count;
    uint32_t batch;          /* entries of an append */
    uint32_t snapshot_every; /* entries applied */
};

enum {
    HEARTBEAT_MS = 50,
    ELECTION_MIN_MS = 150,
    ELECTION_MAX_MS = 300,
    LONELY_BEATS_MAX = ELECTION_MAX_MS / HEARTBEAT_MS,
};

extern struct settings settings;
extern struct server servers[SERVERS_MAX]; /* of the node's current life, or of its last */

bool server_is_up(uint8_t server);
void server_boot(void *id);
void server_send(struct server *s, uint8_t to, const struct message *m);
/* Ends the node: it cannot go on without its disk. */
void server_needs(bool went_well);

static inline uint32_t bits_of(uint32_t set) { return (uint32_t)__builtin_popcount(set); }
static inline bool is_in(uint32_t set, uint8_t server) { return set >> server & 1; }
/* A majority of the voters is among them. */
static inline bool is_majority(uint32_t voters, uint32_t set) {
    return bits_of(voters & set) > bits_of(voters) / 2;
}

/* ---- workload.c ------------------------------------------------------------------------------ */

void workload_led(const struct server *s); /* from now on */
void workload_moment(void);                /* at which bad luck would be worst: it may come */

/* ---- log.c: entries in memory ---------------------------------------------------------------- */

uint32_t log_last(const struct log *log);
uint32_t log_last_term(const struct log *log);
/* Of an index in [base, last]. */
uint32_t log_term(const struct log *log, uint32_t index);
/* Of an index in (base, last]. */
const struct entry *log_at(const struct log *log, uint32_t index);
bool log_is_full(const struct log *log);
void log_append(struct log *log, const struct entry *entry);
/* Drops what is behind `last`. */
void log_truncate(struct log *log, uint32_t last);
/* Drops what is at or before `index`, which is in the log. */
void log_forget(struct log *log, uint32_t index);
void log_reset(struct log *log, uint32_t base, uint32_t base_term);
uint32_t log_first_of_term(const struct log *log, uint32_t index);
/* The last index whose term is at most `term`. */
uint32_t log_last_up_to_term(const struct log *log, uint32_t term);

/* ---- storage.c: what outlives a crash -------------------------------------------------------- */

void storage_open(struct server *s); /* recovers term, vote, snapshot and log */
void storage_save_vote(struct server *s);
/* Writes the entries [from, last] behind all that is there; they replace what had these indices. */
void storage_append(struct server *s, uint32_t from);
void storage_sync(struct server *s);
void storage_save_snapshot(struct server *s);
void storage_rewrite_log(struct server *s); /* base and entries as they are in memory */

/* ---- election.c ------------------------------------------------------------------------------ */

void election_start(struct server *s); /* the timers of a server that boots */
void election_campaign(struct server *s, bool is_forced);
void election_vote_asked(struct server *s, uint8_t from, const struct message *m);
void election_vote_said(struct server *s, uint8_t from, const struct message *m);
void election_follow(struct server *s, uint32_t term, uint8_t leader);
void election_heard(struct server *s);
void election_hand_over(struct server *s, uint8_t to);
void election_handed_over(struct server *s, const struct message *m);

/* ---- replication.c --------------------------------------------------------------------------- */

void replication_lead(struct server *s);
void replication_propose(struct server *s, const struct entry *entry);
void replication_send(struct server *s, uint8_t to);
void replication_send_all(struct server *s);
void replication_appended(struct server *s, uint8_t from, const struct message *m);
void replication_answered(struct server *s, uint8_t from, const struct message *m);
void replication_commit(struct server *s, uint32_t commit);
void replication_count(struct server *s);

/* ---- snapshot.c ------------------------------------------------------------------------------ */

void snapshot_take(struct server *s);
void snapshot_send(struct server *s, uint8_t to);
void snapshot_arrived(struct server *s, uint8_t from, const struct message *m);

/* ---- membership.c ---------------------------------------------------------------------------- */

uint32_t membership_at(const struct server *s, uint32_t index); /* as of that entry */
void membership_update(struct server *s);                       /* after the log has changed */
/* Whether it has begun. */
bool membership_change(struct server *s, uint32_t voters);
void membership_committed(struct server *s);

/* ---- machine.c: what entries do -------------------------------------------------------------- */

/* Returns the result; a command that was applied before is not applied again. */
int32_t machine_apply(struct machine *machine, const struct entry *entry);

/* ---- service.c: what clients ask ------------------------------------------------------------- */

void service_asked(void *server, fv_node from, const void *bytes, size_t size);
void service_applied(struct server *s, const struct entry *entry, int32_t result);
void service_reads(struct server *s); /* answers those that may be */

#endif
