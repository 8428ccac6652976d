/* What streams promise. A draw says which of the scenarios a timeline plays; -DMISUSE=n plays a
 * mistake in their use. */
#include <fuzzverse/sim.h>

enum {
    PORT = 7,
    BYTES = 200000,
    WINDOW_BYTES = 1 << 16,
    ASKED_MAX = 128,
    CLIENTS = ASKED_MAX + 2,
};

static fv_node server, client;
static void (*server_part)(void *with);
static struct fv_semaphore done;
static uint64_t arrived; /* bytes */

#define LATENCY .latency_min_ns = FV_US(100), .latency_max_ns = FV_MS(5)

/* What lies at a place of the stream. */
static unsigned char expected(uint64_t at) { return (unsigned char)(at * 167 >> 3); }

static bool write_more(struct fv_stream *stream, uint64_t from, uint64_t size) {
    static unsigned char bytes[BYTES];
    for (uint64_t i = 0; i < size; i++) bytes[i] = expected(from + i);
    return fv_stream_write(stream, bytes, size);
}

/* Reads up to `size` bytes, or what comes in place of the next: see fv_stream_read(). */
static int64_t read_more(struct fv_stream *stream, uint64_t size, uint64_t timeout_ns) {
    unsigned char bytes[4096];
    while (arrived < size) {
        uint64_t room = size - arrived < sizeof bytes ? size - arrived : sizeof bytes;
        int64_t got = fv_stream_read(stream, bytes, room, timeout_ns);
        if (got <= 0) return got;
        FV_ALWAYS((uint64_t)got <= room, "no more is read than there is room for");
        for (int64_t i = 0; i < got; i++)
            FV_ALWAYS(bytes[i] == expected(arrived + (uint64_t)i), "bytes arrive in order");
        arrived += (uint64_t)got;
    }
    return 1;
}

static void boot_server(void *with) {
    fv_listen(PORT);
    if (server_part != NULL) fv_spawn("server", server_part, with);
}

static void boot_client(void *with) { (void)with; }

static void begin(struct fv_net_model net, void (*at_server)(void *), void (*at_client)(void *)) {
    fv_sim_open(&(struct fv_model){.net = net});
    server_part = at_server;
    server = fv_node_new("server", boot_server, NULL);
    client = fv_node_new("client", boot_client, NULL);
    fv_node_start(server);
    fv_node_start(client);
    fv_sleep(FV_MS(1));
    fv_node_post(client, at_client, NULL);
}

static void await(int parts) {
    for (int i = 0; i < parts; i++)
        FV_ALWAYS(fv_semaphore_take(&done, FV_SECONDS(120)), "streams end");
}

static struct fv_stream *connected(void) {
    struct fv_stream *stream = fv_connect(server, PORT, FV_FOREVER);
    FV_ALWAYS(stream != NULL, "a server that listens is reached");
    FV_ALWAYS(fv_stream_peer(stream) == server, "the peer is whom one connected to");
    return stream;
}

/* ---- all that is written arrives ------------------------------------------------------------- */

static void read_to_the_end(void *with) {
    (void)with;
    struct fv_stream *stream = fv_accept(PORT, FV_FOREVER);
    FV_ALWAYS(fv_stream_peer(stream) == client, "who connects is known");
    FV_ALWAYS(read_more(stream, UINT64_MAX, FV_FOREVER) == 0, "the end is told");
    FV_ALWAYS(arrived == BYTES, "all bytes arrive");
    FV_ALWAYS(read_more(stream, UINT64_MAX, FV_FOREVER) == 0, "and is told again");
    fv_stream_close(stream);
    fv_semaphore_give(&done);
}

static void write_and_close(void *with) {
    (void)with;
    struct fv_stream *stream = connected();
    for (uint64_t at = 0, part; at < BYTES; at += part) {
        part = 1 + fv_below(BYTES - at);
        FV_ALWAYS(write_more(stream, at, part), "a stream without resets takes all bytes");
    }
    fv_stream_close(stream);
    fv_semaphore_give(&done);
}

static void play_faultless(void) {
    begin((struct fv_net_model){LATENCY}, read_to_the_end, write_and_close);
    await(2);
    FV_ALWAYS(fv_now() < FV_SECONDS(1), "without faults nothing is sent again");
}

static void play_lossy(void) {
    begin((struct fv_net_model){LATENCY, .loss = 300000, .reordering = 300000}, read_to_the_end,
          write_and_close);
    await(2);
}

static void play_partitions(void) {
    begin((struct fv_net_model){LATENCY, .partitions = 1000000, .one_way_cuts = 1000000,
                                .heal_max_ns = FV_SECONDS(2)},
          read_to_the_end, write_and_close);
    await(2);
}

/* ---- cut links ------------------------------------------------------------------------------- */

static void play_cut_and_heal(void) {
    begin((struct fv_net_model){LATENCY}, read_to_the_end, write_and_close);
    fv_sleep(FV_MS(fv_below(20)));
    fv_net_cut(client, server);
    fv_sleep(FV_MS(10));
    uint64_t before = arrived;
    fv_sleep(FV_SECONDS(8));
    FV_ALWAYS(arrived == before, "nothing gets through a cut");
    fv_net_heal(client, server);
    uint64_t healed = fv_now();
    await(2);
    FV_ALWAYS(fv_now() - healed < FV_SECONDS(2), "what was held back comes once it has healed");
}

static void read_to_the_reset(void *with) {
    (void)with;
    struct fv_stream *stream = fv_accept(PORT, FV_FOREVER);
    FV_ALWAYS(read_more(stream, UINT64_MAX, FV_FOREVER) == -1, "the reader hears of the reset");
    fv_stream_close(stream);
    fv_semaphore_give(&done);
}

static void write_to_the_reset(void *with) {
    (void)with;
    struct fv_stream *stream = connected();
    uint64_t at = 0, part;
    do part = fv_below(1000), at += part;
    while (write_more(stream, at - part, part));
    FV_ALWAYS(!write_more(stream, at, 1), "a reset lasts");
    fv_stream_close(stream);
    fv_semaphore_give(&done);
}

static void play_long_cut(void) {
    begin((struct fv_net_model){LATENCY}, read_to_the_reset, write_to_the_reset);
    fv_sleep(FV_MS(20));
    fv_net_cut(client, server);
    uint64_t cut = fv_now();
    await(1);
    FV_ALWAYS(fv_now() - cut >= FV_SECONDS(10), "a sender does not give up soon");
    FV_ALWAYS(fv_now() - cut <= FV_SECONDS(33), "a sender gives up in the end");
    fv_net_heal_all();
    await(1);
}

/* ---- resets ---------------------------------------------------------------------------------- */

static void read_what_comes(void *with) {
    (void)with;
    struct fv_stream *stream = fv_accept(PORT, FV_FOREVER);
    int64_t end = read_more(stream, UINT64_MAX, FV_FOREVER);
    FV_ALWAYS(end == -1 || (end == 0 && arrived == BYTES), "a prefix and a reset, or all");
    fv_stream_close(stream);
    fv_semaphore_give(&done);
}

static void write_while_it_lasts(void *with) {
    (void)with;
    struct fv_stream *stream = connected();
    bool was_written = true;
    for (uint64_t at = 0, part; at < BYTES && was_written; at += part) {
        part = 1 + fv_below(BYTES - at);
        was_written = write_more(stream, at, part);
    }
    FV_SOMETIMES(!was_written, "a stream breaks");
    fv_stream_close(stream);
    fv_semaphore_give(&done);
}

static void play_resets(void) {
    begin((struct fv_net_model){LATENCY, .resets = 300000}, read_what_comes, write_while_it_lasts);
    await(2);
}

static void write_for_ever(void *with) {
    (void)with;
    struct fv_stream *stream = fv_accept(PORT, FV_FOREVER);
    for (uint64_t at = 0; write_more(stream, at, 100); at += 100) fv_sleep(FV_MS(1));
    fv_stream_close(stream);
}

static void read_until_killed(void *with) {
    (void)with;
    struct fv_stream *stream = connected();
    FV_ALWAYS(read_more(stream, UINT64_MAX, FV_SECONDS(1)) == -1, "the end of a process is heard");
    FV_ALWAYS(!fv_node_is_up(server), "and not before it");
    fv_stream_close(stream);
    FV_ALWAYS(fv_connect(server, PORT, FV_FOREVER) == NULL, "nobody listens any more");
    fv_semaphore_give(&done);
}

static void play_kill(void) {
    begin((struct fv_net_model){LATENCY}, write_for_ever, read_until_killed);
    fv_sleep(FV_MS(fv_between(15, 60)));
    fv_node_kill(server);
    await(1);
}

/* ---- power loss ------------------------------------------------------------------------------ */

static uint64_t up_again;

static void read_in_the_dark(void *with) {
    (void)with;
    struct fv_stream *stream = connected();
    int64_t got;
    while ((got = read_more(stream, UINT64_MAX, FV_SECONDS(1))) == -2)
        FV_ALWAYS(fv_now() < up_again + FV_MS(5), "only who has no power is silent");
    FV_ALWAYS(got == -1, "a machine that is up again knows of nothing");
    FV_ALWAYS(fv_node_starts(server) == 2, "and tells it");
    fv_stream_close(stream);
    fv_stream_close(connected());
    fv_semaphore_give(&done);
}

static void play_power_loss_of_the_server(void) {
    begin((struct fv_net_model){LATENCY}, write_for_ever, read_in_the_dark);
    fv_sleep(FV_MS(fv_between(15, 60)));
    up_again = FV_FOREVER - FV_SECONDS(1);
    fv_node_crash(server);
    fv_sleep(FV_SECONDS(fv_between(1, 100)));
    up_again = fv_now();
    FV_ALWAYS(!fv_semaphore_take(&done, 0), "nothing is heard of who has no power");
    fv_node_start(server);
    await(1);
}

static void play_no_power_at_all(void) {
    begin((struct fv_net_model){LATENCY}, NULL, write_to_the_reset);
    fv_sleep(FV_MS(12));
    fv_node_crash(server);
    uint64_t dark = fv_now();
    await(1);
    FV_ALWAYS(fv_now() - dark >= FV_SECONDS(10), "a sender does not give up soon");
}

static void play_power_loss_of_the_client(void) {
    begin((struct fv_net_model){LATENCY}, read_to_the_reset, write_to_the_reset);
    fv_sleep(FV_MS(fv_between(12, 30)));
    fv_node_crash(client);
    fv_sleep(FV_SECONDS(1));
    FV_ALWAYS(!fv_semaphore_take(&done, 0), "nothing is heard of who has no power");
    fv_node_start(client);
    await(1);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void knock(void *with) {
    (void)with;
    FV_ALWAYS(fv_connect(server, PORT + 1, FV_FOREVER) == NULL, "nobody listens at that port");
    FV_ALWAYS(fv_now() < FV_SECONDS(1), "which is told at once");
    fv_net_cut(server, client);
    uint64_t before = fv_now();
    FV_ALWAYS(fv_connect(server, PORT, FV_SECONDS(3)) == NULL, "no answer, no connection");
    FV_ALWAYS(fv_now() - before == FV_SECONDS(3), "that takes the time");
    fv_net_heal_all();
    fv_node_crash(server);
    before = fv_now();
    FV_ALWAYS(fv_connect(server, PORT, FV_SECONDS(3)) == NULL, "nor without power");
    FV_ALWAYS(fv_now() - before == FV_SECONDS(3), "that takes the time as well");
    fv_node_start(server);
    fv_stream_close(connected());
    fv_semaphore_give(&done);
}

static void play_refusals(void) {
    begin((struct fv_net_model){LATENCY}, NULL, knock);
    await(1);
}

static uint64_t connections;

static void connect_as(void *with) {
    uint64_t number = (uint64_t)(uintptr_t)with;
    struct fv_stream *stream = connected();
    connections++;
    fv_stream_write(stream, &number, sizeof number);
    fv_stream_close(stream);
}

static void connect_one_after_the_other(void *with) {
    (void)with;
    fv_task_stack_bytes(1 << 15);
    for (uintptr_t i = 0; i < CLIENTS; i++) {
        fv_spawn("client", connect_as, (void *)i);
        fv_sleep(FV_MS(1));
    }
    fv_sleep(FV_MS(1));
    FV_ALWAYS(connections == ASKED_MAX, "so many may wait to be accepted");
    fv_semaphore_give(&done);
}

static void accept_in_order(void *with) {
    (void)with;
    fv_semaphore_take(&done, FV_FOREVER);
    for (uint64_t i = 0, number; i < CLIENTS; i++) {
        struct fv_stream *stream = fv_accept(PORT, FV_FOREVER);
        unsigned char *to = (unsigned char *)&number;
        for (int64_t left = sizeof number, got; left > 0; left -= got, to += got)
            FV_ALWAYS((got = fv_stream_read(stream, to, (size_t)left, FV_FOREVER)) > 0,
                      "bytes come");
        FV_ALWAYS(number == i || i >= ASKED_MAX, "who asked first is accepted first");
        fv_stream_close(stream);
    }
    fv_semaphore_give(&done);
}

static void play_accept_order(void) {
    fv_schedule_use(FV_SCHEDULE_RANDOM_WALK); /* no task is held while time passes */
    begin((struct fv_net_model){.latency_min_ns = FV_US(100), .latency_max_ns = FV_US(100)},
          accept_in_order, connect_one_after_the_other);
    fv_sleep(FV_MS(200));
    await(1);
}

/* ---- the window ------------------------------------------------------------------------------ */

static uint64_t written;

static void write_too_much(void *with) {
    (void)with;
    struct fv_stream *stream = connected();
    for (; written < BYTES; written += 1000)
        FV_ALWAYS(write_more(stream, written, 1000), "a full window is no reset");
    fv_stream_close(stream);
    fv_semaphore_give(&done);
}

static void read_late(void *with) {
    (void)with;
    fv_sleep(FV_SECONDS(1));
    FV_ALWAYS(written == WINDOW_BYTES / 1000 * 1000, "who writes waits for who reads");
    read_to_the_end(NULL);
}

static void play_window(void) {
    begin((struct fv_net_model){LATENCY}, read_late, write_too_much);
    await(2);
}

/* ---- to itself ------------------------------------------------------------------------------- */

static void talk_to_itself(void *with) {
    (void)with;
    struct fv_stream *stream = fv_connect(server, PORT, 0), *end;
    FV_ALWAYS(stream == NULL, "even that takes a moment");
    FV_ALWAYS(fv_accept(PORT, FV_MS(1)) != NULL, "the server's end is there, and was left");
    stream = fv_connect(server, PORT, FV_MS(1));
    end = fv_accept(PORT, 0);
    FV_ALWAYS(stream != NULL && end != NULL, "a node reaches itself");
    FV_ALWAYS(write_more(stream, 0, WINDOW_BYTES), "there is a window's room");
    FV_ALWAYS(read_more(end, WINDOW_BYTES, FV_SECONDS(1)) == 1, "all arrives");
    fv_stream_close(end);
    FV_ALWAYS(fv_stream_read(stream, &end, 1, FV_SECONDS(1)) == 0, "the end is told");
    FV_ALWAYS(write_more(stream, 0, 1), "who has closed is not known at once");
    fv_sleep(FV_MS(1));
    FV_ALWAYS(!write_more(stream, 0, 1), "but then");
    FV_ALWAYS(fv_now() < FV_MS(10), "a node's way to itself has no latency");
    fv_semaphore_give(&done);
}

static void play_to_itself(void) {
    begin((struct fv_net_model){LATENCY, .loss = 1000000, .resets = 1000000}, talk_to_itself,
          boot_client);
    await(1);
}

/* ---- misuse ---------------------------------------------------------------------------------- */

#ifdef MISUSE
static struct fv_stream *accepted;

static void accept_one(void *with) {
    (void)with;
    accepted = fv_accept(PORT, FV_FOREVER);
}

static void misuse(void *with) {
    struct fv_stream *stream = connected();
    fv_sleep(FV_MS(20));
    switch (MISUSE) {
    case 0: fv_stream_close(stream), fv_stream_close(stream); break;
    case 1: write_more(accepted, 0, 1); break;
    case 2: fv_accept(PORT, 0); break;
    case 3: fv_stream_read(stream, with, 0, 0); break;
    default: fv_connect(server, FV_PORTS_MAX, 0); break;
    }
}
#endif

FV_TARGET(streams) {
#ifdef MISUSE
    begin((struct fv_net_model){LATENCY}, accept_one, misuse);
    await(1);
#else
    static void (*const plays[])(void) = {
        play_faultless,
        play_lossy,
        play_partitions,
        play_cut_and_heal,
        play_long_cut,
        play_resets,
        play_kill,
        play_power_loss_of_the_server,
        play_no_power_at_all,
        play_power_loss_of_the_client,
        play_refusals,
        play_accept_order,
        play_window,
        play_to_itself,
    };
    plays[fv_pick("scenario", sizeof plays / sizeof *plays)]();
#endif
}
