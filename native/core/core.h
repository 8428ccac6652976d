/* Includes the face of the core for C sources. */
#ifndef FV_CORE_CORE_H
#define FV_CORE_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "cdef.h"

enum { FV_ERROR_BYTES = 256 };

#endif
