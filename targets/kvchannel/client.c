#include "service.h"

enum { OPEN_MAX = 8 /* requests without an answer */, AT_ONCE_MAX = 2, IMPATIENT_ONE_IN = 256 };
#define REST_NS_MAX FV_MS(16)

/* One life of a client. */
struct life {
    uint32_t number; /* the client's */
    uint32_t session;
    uint32_t server_life; /* 0: not known on this connection */
    struct channel channel, *channels[1];
    struct memory memory;
};

/* ---- connections ----------------------------------------------------------------------------- */

static void connect(void *with) {
    struct life *self = with;
    struct record hello = {.kind = RECORD_HELLO, .session = self->session};
    channel_open(&self->channel, &hello);
}

static void closed(void *with) {
    struct life *self = with;
    self->server_life = 0;
    fv_timer_start(fv_below(REST_NS_MAX), connect, self);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void ask(struct life *self, uint32_t number) {
    const struct request *request = requests_of(self->number, number);
    struct record record = {.kind = RECORD_REQUEST,
                            .session = self->session,
                            .life = request->life,
                            .request = number,
                            .operation = request->operation,
                            .key = request->key,
                            .value = request->value};
    channel_send(&self->channel, &record);
}

/* What a former connection left open is asked again, if the server still knows what it has done. */
static void greeted(struct life *self, uint32_t server_life) {
    self->server_life = server_life;
    for (uint32_t i = 0; i < REQUESTS; i++) {
        if (!requests_of(self->number, i)->is_open) continue;
        if (requests_of(self->number, i)->life == server_life)
            ask(self, i);
        else
            requests_lost(self->number, i);
    }
}

static void ask_more(struct life *self) {
    uint64_t count = 1 + fv_below(AT_ONCE_MAX);
    for (; count > 0 && requests_open_count(self->number) < OPEN_MAX; count--) {
        const struct request *request = requests_next(self->number, self->server_life);
        if (request == NULL) return;
        ask(self, (uint32_t)(request - requests_of(self->number, 0)));
    }
}

static void arrived(void *with) {
    struct life *self = with;
    struct record answer = channel_next(&self->channel);
    if (answer.kind == RECORD_HELLO)
        greeted(self, answer.life);
    else if (answer.is_refused)
        requests_lost(self->number, answer.request);
    else
        requests_answered(self->number, answer.request, answer.value);
}

/* ---- the node -------------------------------------------------------------------------------- */

static void go_on(void *with) {
    struct life *self = with;
    if (self->channel.state != CHANNEL_CLOSED && fv_chance(1, IMPATIENT_ONE_IN))
        channel_end(&self->channel);
    else if (self->server_life != 0)
        ask_more(self);
    fv_timer_start(fv_below(REST_NS_MAX), go_on, self);
}

static void take(void *with, fv_node from, const void *bytes, size_t size) {
    struct life *self = with;
    (void)from, (void)size;
    channel_take(&self->channel, bytes);
}

void client_boot(void *with) {
    const struct client *client = with;
    struct life *self = fv_node_alloc(sizeof *self);
    self->number = client->number;
    self->session = fv_node_starts(fv_node_self());
    self->channels[0] = &self->channel;
    self->memory = (struct memory){0, INBOX + WINDOW, self->channels, 1};
    channel_init(&self->channel, SERVER, true, &self->memory,
                 (struct application){arrived, closed, self});
    for (uint32_t i = 0; i < REQUESTS; i++)
        if (requests_of(self->number, i)->is_open) requests_lost(self->number, i);
    fv_on_message(PORT, take, self);
    connect(self);
    fv_timer_start(fv_below(REST_NS_MAX), go_on, self);
}
