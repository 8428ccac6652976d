#include "queue.h"

#include <stdlib.h>
#include <string.h>

enum { FV_QUEUE_START_BYTES = 1 << 14 };

static bool make_room(struct fv_queue *q, size_t n) {
    if (q->taken > 0) {
        memmove(q->bytes, q->bytes + q->taken, q->size - q->taken);
        q->size -= q->taken;
        q->taken = 0;
    }
    if (q->size + n <= q->capacity) return true;
    size_t capacity = q->capacity > 0 ? q->capacity : FV_QUEUE_START_BYTES;
    while (capacity < q->size + n) capacity *= 2;
    uint8_t *bytes = realloc(q->bytes, capacity);
    if (bytes == NULL) return false;
    q->bytes = bytes;
    q->capacity = capacity;
    return true;
}

uint8_t *fv_queue_extend(struct fv_queue *q, size_t n) {
    if (q->size + n > q->capacity && !make_room(q, n)) return NULL;
    q->size += n;
    return q->bytes + q->size - n;
}

bool fv_queue_append(struct fv_queue *q, const void *bytes, size_t n) {
    uint8_t *to = fv_queue_extend(q, n);
    if (to != NULL) memcpy(to, bytes, n);
    return to != NULL;
}

uint8_t *fv_queue_front(const struct fv_queue *q, size_t *size) {
    *size = q->size - q->taken;
    return q->bytes + q->taken;
}

void fv_queue_drop(struct fv_queue *q, size_t n) {
    q->taken += n;
    if (q->taken == q->size) q->taken = q->size = 0;
}

void fv_queue_free(struct fv_queue *q) {
    free(q->bytes);
    *q = (struct fv_queue){0};
}
