/* The zygote: waits for root jobs and runs each of them by forking itself. */
#ifndef FV_RUNTIME_WORKER_H
#define FV_RUNTIME_WORKER_H

#include "runtime.h"

/* Serves the session behind `fd` as worker `index`. Returns in every root timeline, ready to run
 * the target's body; the zygote itself never returns. */
void fv_worker_serve(int fd, uint32_t index);

#endif
