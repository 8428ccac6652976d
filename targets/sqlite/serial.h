/* The order of commits, as several connections see it. Every transaction that writes counts a stamp
 * in the database up by one, so each state that was ever committed has a number, and whoever reads
 * the stamp knows which state ought to be there. */
#ifndef SERIAL_H
#define SERIAL_H

#include "model.h"

enum {
    SERIAL_STAMPS_MAX = 512, /* more than the transactions of a timeline */
    SERIAL_CLAIMS_MAX = 4    /* commits of one stamp, all but one of which failed */
};

struct serial {
    uint64_t claims[SERIAL_STAMPS_MAX][SERIAL_CLAIMS_MAX]; /* digests */
    uint8_t claim_count[SERIAL_STAMPS_MAX];
    uint32_t top;     /* the highest stamp that a commit was tried for */
    uint32_t acked;   /* the highest stamp that was acknowledged, or seen */
    uint32_t durable; /* the highest stamp that a power loss must not take */
};

/* What a read found. */
struct serial_view {
    uint32_t stamp;
    uint64_t digest;
};

void serial_start(struct serial *serial, struct serial_view first);

/* Before a COMMIT: from now on others may see it. */
void serial_claim(struct serial *serial, struct serial_view view);
/* The COMMIT found the database busy: it did not happen. */
void serial_withdraw(struct serial *serial, struct serial_view view);
void serial_acknowledge(struct serial *serial, uint32_t stamp, enum model_promise promise);

/* Whether some commit left exactly this state. */
bool serial_knows(const struct serial *serial, struct serial_view view);
/* It was seen, so it is committed, and nothing else of that stamp is. */
void serial_settle(struct serial *serial, struct serial_view view);

/* With no connection open: `view` is what there is, all later stamps are gone. `is_durable`: the
 * machine has stopped since the last time, so what there is has been written. */
void serial_restart(struct serial *serial, struct serial_view view, bool is_durable);

#endif
