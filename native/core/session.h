/* A session: the shared memory and the zygotes of one target. */
#ifndef FV_CORE_SESSION_H
#define FV_CORE_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "../common/layout.h"
#include "../common/wait.h"
#include "core.h"

struct fv_session {
    struct fv_header *header; /* shared with every process of the session */
    int memory_fd;
    char *path;
    int log_fd; /* where the target's stdout and stderr go */
    pid_t pids[FV_WORKERS_MAX];
    char *error; /* FV_ERROR_BYTES; the owner's */
};

/* Makes and maps the memory; no process yet. */
enum fv_err fv_session_open(struct fv_session *session, const char *path,
                            const struct fv_header *wish, int log_fd, char *error);
/* Starts zygote `i`; it answers when it is ready. */
enum fv_err fv_session_spawn(struct fv_session *session, uint32_t i);
/* Waits until worker `i` is idle (or, alone, on its way); tells a refusal or an early end. */
enum fv_err fv_session_greet(struct fv_session *session, uint32_t i);
/* Whether worker `i` has ended; reaps it. *status is waitpid's. */
bool fv_session_has_ended(struct fv_session *session, uint32_t i, int *status);
/* Kills worker `i` and all that it leads; fv_session_has_ended will tell. */
void fv_session_kill(struct fv_session *session, uint32_t i);
/* Kills and reaps every worker, unmaps, closes. */
void fv_session_close(struct fv_session *session);

#endif
