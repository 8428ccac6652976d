#include "packets.h"

#include <assert.h>
#include <string.h>

enum { KIND_TEXT = 't', KIND_NUMBER = 'n', KIND_LIST = 'l', KIND_CHECKED = 'c' };
enum { WRONG_MAGIC = 1, WRONG_LENGTH, WRONG_KIND, WRONG_SUM, TOO_DEEP };

static const uint8_t magic[PACKETS_MAGIC_BYTES] = {0xf5, 'P', 'K', '2'};

struct span {
    const uint8_t *at, *end; /* of the packet that is being read */
    const uint8_t *limit;    /* of all there is */
};

static size_t left(const struct span *s) { return (size_t)(s->end - s->at); }

/* How long the packet may be that begins here. */
static size_t room(const struct span *s) {
#ifdef FV_INNER_LENGTH
    return (size_t)(s->limit - s->at);
#else
    return left(s);
#endif
}

/* Up to 127 in one byte, more in two. */
static int read_length(struct span *s, size_t *length) {
    if (left(s) == 0) return WRONG_LENGTH;
    *length = *s->at++;
    if (*length & 0x80) {
        if (left(s) == 0) return WRONG_LENGTH;
        *length = (*length & 0x7f) << 8 | *s->at++;
    }
    return *length <= room(s) ? 0 : WRONG_LENGTH;
}

static int read_number(struct packets *to, const struct span *body) {
    uint64_t number = 0;
    if (left(body) == 0 || left(body) > 8) return WRONG_LENGTH;
    for (const uint8_t *p = body->at; p < body->end; p++) number = number << 8 | *p;
    to->numbers++;
    to->sum += number;
    return 0;
}

/* The last byte is the sum of all before it. */
static int check_sum(struct span *body) {
    uint8_t sum = 0;
    if (left(body) == 0) return WRONG_LENGTH;
    for (const uint8_t *p = body->at; p < body->end - 1; p++) sum = (uint8_t)(sum + *p);
    if (sum != body->end[-1]) return WRONG_SUM;
    body->end--;
    return 0;
}

static int read_packets(struct packets *to, struct span *s, unsigned depth);

static int read_body(struct packets *to, uint8_t kind, struct span body, unsigned depth) {
    int wrong = 0;
    switch (kind) {
    case KIND_TEXT: to->texts += memchr(body.at, 0, left(&body)) == NULL; return 0;
    case KIND_NUMBER: return read_number(to, &body);
    case KIND_CHECKED: wrong = check_sum(&body); break;
    case KIND_LIST: break;
    default: return WRONG_KIND;
    }
    return wrong != 0 ? wrong : read_packets(to, &body, depth + 1);
}

static int read_packets(struct packets *to, struct span *s, unsigned depth) {
    if (depth > PACKETS_DEPTH_MAX) return TOO_DEEP;
    while (left(s) > 0) {
        uint8_t kind = *s->at++;
        size_t length = 0;
        int wrong = read_length(s, &length);
        if (wrong != 0) return wrong;
        wrong = read_body(to, kind, (struct span){s->at, s->at + length, s->limit}, depth);
        if (wrong != 0) return wrong;
        s->at += length;
        assert(s->at <= s->end);
        to->count++;
    }
    return 0;
}

int packets_decode(struct packets *to, const uint8_t *bytes, size_t n) {
    struct span all = {bytes, bytes + n, bytes + n};
    if (n < PACKETS_MAGIC_BYTES || memcmp(bytes, magic, PACKETS_MAGIC_BYTES) != 0)
        return WRONG_MAGIC;
    all.at += PACKETS_MAGIC_BYTES;
    return read_packets(to, &all, 0);
}
