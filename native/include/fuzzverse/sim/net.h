/* The network: messages and byte streams between nodes. Every delay and every loss is a draw. */
#ifndef FUZZVERSE_SIM_NET_H
#define FUZZVERSE_SIM_NET_H

#include "node.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FV_MESSAGE_BYTES_MAX = 1 << 20, FV_PORTS_MAX = 64 };

/* ---- messages: may be lost, doubled, late, in another order ---------------------------------- */

/* Copies the bytes. From the current node. To itself: without faults. */
void fv_send(fv_node to, uint32_t port, const void *bytes, size_t size);
/* The current node's handler for a port, run as an event of the node. The bytes are the
 * handler's until it returns. A message to a node that is down, or to a port without handler
 * or receiver, is lost. */
void fv_on_message(uint32_t port,
                   void (*handler)(void *with, fv_node from, const void *bytes, size_t size),
                   void *with);
/* For tasks, in place of a handler: waits for the next message to that port. Returns its size
 * (cut to `room`), or -1 after `timeout_ns`. */
int64_t fv_receive(uint32_t port, fv_node *from, void *to, size_t room, uint64_t timeout_ns);

/* ---- faults by hand -------------------------------------------------------------------------- */

void fv_net_cut(fv_node from, fv_node to); /* one way */
void fv_net_heal(fv_node from, fv_node to);
void fv_net_heal_all(void);
bool fv_net_is_cut(fv_node from, fv_node to);

/* ---- streams: bytes in order, or a reset ----------------------------------------------------- */

struct fv_stream;

void fv_listen(uint32_t port);
/* NULL: refused, or not within the time. */
struct fv_stream *fv_connect(fv_node to, uint32_t port, uint64_t timeout_ns);
struct fv_stream *fv_accept(uint32_t port, uint64_t timeout_ns);
fv_node fv_stream_peer(const struct fv_stream *stream);
/* How many bytes, 1 .. room, as many as a draw says of those that are there; 0: closed by the peer;
 * -1: reset; -2: not within the time. */
int64_t fv_stream_read(struct fv_stream *stream, void *to, size_t room, uint64_t timeout_ns);
/* All of it, blocking while the peer's window is full. False: reset. */
bool fv_stream_write(struct fv_stream *stream, const void *bytes, size_t size);
void fv_stream_close(struct fv_stream *stream); /* what was written still arrives */

#ifdef __cplusplus
}
#endif

#endif
