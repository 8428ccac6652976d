/* One of several connections to the database, each a task. Unlike the one of database.h it may find
 * the database busy, at any time and by right. */
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include "database.h"
#include "serial.h"
#include "watch.h"

enum { CONNECTIONS_MAX = 3 };

enum mode { MODE_DELETE, MODE_TRUNCATE, MODE_PERSIST, MODE_WAL, MODE_COUNT };
enum level { LEVEL_NORMAL, LEVEL_FULL, LEVEL_EXTRA, LEVEL_COUNT };

/* What a connection is doing, or was when the machine stopped: a key of the search. */
enum activity {
    ACTIVITY_NONE,
    ACTIVITY_READ,
    ACTIVITY_WRITE,
    ACTIVITY_COMMIT,
    ACTIVITY_CHECKPOINT,
    ACTIVITY_CHANGE, /* of the journal mode, or of where pages lie */
    ACTIVITY_CLOSE
};

struct world {
    struct disk disk;
    struct vfs vfs;
    struct serial serial;
    struct watch watch;
    struct connection *connections[CONNECTIONS_MAX]; /* of the session */
    uint32_t connection_count;
    uint32_t page_bytes, auto_vacuum;
    bool stays_in_wal;
    uint32_t steps_running;
    bool is_leaving_wal;      /* somebody waits to be the only one in a step, or is */
    bool stopped, power_lost; /* since the database was last verified */
};

struct connection {
    struct world *world;
    struct database db;
    uint32_t index;
    enum level level;
    enum activity activity;
    uint32_t acked_before;    /* the serial's, when the transaction under way began */
    struct model_state state; /* what the transaction under way has read, or will leave */
    struct serial_view view;  /* what it has last seen, or committed */
    uint32_t headers_before;  /* the watch's, likewise */
    uint32_t headers;         /* the watch's, then */
    bool has_written;         /* since it was opened */
    bool is_old_told;
    uint64_t steps_left;
};

enum outcome {
    OUTCOME_DONE,
    OUTCOME_BUSY, /* another connection was in the way; nothing happened */
    OUTCOME_DOWN  /* the machine has stopped */
};

void connection_is_at(struct connection *c, enum activity activity);
bool connection_open(struct connection *c);
void connection_close(struct connection *c);
enum outcome connection_run(struct connection *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A prepared statement without parameters. */
enum outcome connection_do(struct connection *c, enum statement which, uint32_t number);
/* The row's version and body. */
enum outcome connection_put(struct connection *c, uint32_t table, uint32_t row, uint32_t version);
enum outcome connection_delete(struct connection *c, uint32_t table, uint32_t first, uint32_t last);
enum outcome connection_checkpoint(struct connection *c, int mode); /* SQLITE_CHECKPOINT_* */
/* In a transaction, first: everything that there is, held against the serial order. */
enum outcome connection_read(struct connection *c);
/* In the same transaction, later. */
enum outcome connection_read_again(struct connection *c);
/* The same through the backup interface: a copy in memory, read there. */
enum outcome connection_backup(struct connection *c);
/* Opens and configures it. False: the machine has stopped, as below. */
bool connection_begin(struct connection *c);
/* One of all that connections do. */
bool connection_step(struct connection *c);
void connection_end(struct connection *c);

#endif
