/* A growing queue of bytes. */
#ifndef FV_CORE_QUEUE_H
#define FV_CORE_QUEUE_H

#include <stdbool.h>

#include "campaign.h"

/* False when there is no memory: nothing was appended. */
bool fv_queue_append(struct fv_queue *queue, const void *bytes, size_t n);
/* Room at the end for the caller to write to, until the next call; NULL as above. */
uint8_t *fv_queue_extend(struct fv_queue *queue, size_t n);
/* What has not been dropped; the caller may write there. */
uint8_t *fv_queue_front(const struct fv_queue *queue, size_t *size);
void fv_queue_drop(struct fv_queue *queue, size_t n);
void fv_queue_free(struct fv_queue *queue);

#endif
