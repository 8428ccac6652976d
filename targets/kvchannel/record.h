/* What the service and its clients tell each other over a channel. */
#ifndef RECORD_H
#define RECORD_H

#include <stdint.h>

enum record_kind {
    RECORD_HELLO, /* the first of each connection; its answer names the server's life */
    RECORD_REQUEST,
};

struct record {
    /* Who sent it and as which record of the connection: what the ledger goes by. The channel does
     * not look at it. */
    uint32_t connection, place;
    uint32_t kind;           /* enum record_kind */
    uint32_t session;        /* of the client: a life of it */
    uint32_t life;           /* of the server: a request of another life is not applied */
    uint32_t request;        /* its number among the client's */
    uint32_t operation, key; /* enum fv_operation */
    int64_t value;           /* an answer's: the result */
    uint32_t is_refused;     /* of an answer */
};

#endif
