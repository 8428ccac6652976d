/* States of the protocol that are worth going on from. */
#ifndef MARKS_H
#define MARKS_H

#include "channel.h"

void mark_opening(const struct channel *channel);
void mark_asked(const struct channel *channel, const struct packet *packet);
void mark_opened(const struct channel *channel);
void mark_sending(const struct channel *channel);
void mark_late(const struct channel *channel);
void mark_acknowledged(const struct channel *channel);
void mark_early(const struct channel *channel);
void mark_delivered(const struct channel *channel);
void mark_dropped(uint32_t id);

#endif
