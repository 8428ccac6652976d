/* The service on top of the channel: a few registers, and what clients saw of them. */
#ifndef SERVICE_H
#define SERVICE_H

#include "channel.h"

enum { CLIENTS = 2, REQUESTS = 16 /* of each client */, KEYS = 2 };

/* ---- server.c -------------------------------------------------------------------------------- */

#define SERVER ((fv_node)0)
void server_boot(void *with);

/* ---- client.c -------------------------------------------------------------------------------- */

struct client {
    uint32_t number; /* from 0 */
    fv_node node;
};
void client_boot(void *client);

/* ---- requests.c: what was asked, and what came of it ----------------------------------------- */

struct request {
    enum fv_operation operation;
    uint32_t key;
    int64_t value;
    uint32_t life; /* of the server: no other may answer it */
    uint32_t number;
    uint32_t applied_count;
    bool is_open;
};

/* The next of that client's; NULL: it has made all that it was to make. */
struct request *requests_next(uint32_t client, uint32_t life);
struct request *requests_of(uint32_t client, uint32_t request);
uint32_t requests_open_count(uint32_t client);
void requests_applied(uint32_t client, uint32_t request);
void requests_answered(uint32_t client, uint32_t request, int64_t result);
/* Whoever asked will never know. */
void requests_lost(uint32_t client, uint32_t request);
/* False: it takes longer. */
bool requests_await_all(uint64_t timeout_ns);
void requests_check(void);

#endif
