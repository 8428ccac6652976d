/* The engine: libFuzzer's driver, as atheris ships it, in a process of its own. It offers inputs
 * (struct fv_ask), a worker runs them, and what they had in features becomes counters that
 * libFuzzer was told of. Nothing here runs in the controller. */
#ifndef FV_CORE_DRIVER_H
#define FV_CORE_DRIVER_H

#include "../common/ask.h"
#include "core.h"

#endif
