/* Assertion sites: registered at link time, given an index by identity; dynamic ones beside. */
#ifndef FV_RUNTIME_SITES_H
#define FV_RUNTIME_SITES_H

#include <stdint.h>

#include "runtime.h"

/* Marks known at link time. Sites of one identity (kind, message, place) are one mark. */
uint32_t fv_sites_count(void);
const struct fv_site *fv_sites_get(uint32_t index);
uint32_t fv_sites_overflow(void);

/* The name that child seeds are made from: the message, and its place where another mark has the
 * same message, so that two marks never derive the same children. */
void fv_sites_name(const struct fv_site *site, char *to, size_t size);

#endif
