/* What targets include, for our own sources: the same words, without sites to register. */
#ifndef FV_COMMON_PUBLIC_H
#define FV_COMMON_PUBLIC_H

#define FV_NO_SITES
#include "../include/fuzzverse/fuzzverse.h"

#endif
