#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FV_GREET_MS = 30000, FV_MEMORY_FD_IN_TARGET = 3, FV_SHORT_WAIT_MS = 10 };

static enum fv_err fail(struct fv_session *s, const char *what) {
    snprintf(s->error, FV_ERROR_BYTES, "%s: %s", what, strerror(errno));
    return FV_ERR_SYSTEM;
}

enum fv_err fv_session_open(struct fv_session *s, const char *path, const struct fv_header *wish,
                            int log_fd, char *error) {
    struct fv_header plan = *wish;
    plan.controller_pid = getpid();
    fv_layout_plan(&plan);
    *s = (struct fv_session){.memory_fd = -1, .log_fd = log_fd, .error = error};
    s->path = strdup(path);
    s->memory_fd = memfd_create("fuzzverse", MFD_CLOEXEC);
    if (s->path == NULL || s->memory_fd < 0) return fail(s, "no shared memory");
    if (ftruncate(s->memory_fd, (off_t)plan.total_size) != 0)
        return fail(s, "no shared memory (lower --window, --depth-max or --batch-size)");
    s->header = mmap(NULL, plan.total_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                     s->memory_fd, 0);
    if (s->header == MAP_FAILED) {
        s->header = NULL;
        return fail(s, "no shared memory (lower --window, --depth-max or --batch-size)");
    }
    *s->header = plan;
    return FV_ERR_NONE;
}

/* ---- workers --------------------------------------------------------------------------------- */

static int redirect(posix_spawn_file_actions_t *actions, int memory_fd, int log_fd) {
    int rc = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    for (int fd = 1; fd <= 2 && rc == 0; fd++)
        rc = log_fd < 0 ? posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_WRONLY, 0)
                        : posix_spawn_file_actions_adddup2(actions, log_fd, fd);
    return rc != 0 ? rc
                   : posix_spawn_file_actions_adddup2(actions, memory_fd, FV_MEMORY_FD_IN_TARGET);
}

/* Every zygote leads a session of its own: a target's kill(0, ...) ends at its worker. */
static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

/* dup2 onto itself keeps close-on-exec, so the memory must not sit at the target's number. */
static int movable_fd(int fd) {
    return fd == FV_MEMORY_FD_IN_TARGET ? fcntl(fd, F_DUPFD_CLOEXEC, FV_MEMORY_FD_IN_TARGET + 1)
                                        : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

extern char **environ;

static int spawn(struct fv_session *s, uint32_t i, int fd) {
    char index[16];
    snprintf(index, sizeof index, "%u", i);
    char *argv[] = {s->path, "--fuzzverse-worker", "3", index, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int rc = redirect(&actions, fd, s->log_fd);
    if (rc == 0) rc = set_attributes(&attributes);
    if (rc == 0) rc = posix_spawn(&s->pids[i], s->path, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

enum fv_err fv_session_spawn(struct fv_session *s, uint32_t i) {
    struct fv_worker *w = fv_layout_worker(s->header, i);
    memset(w, 0, sizeof *w);
    s->pids[i] = 0;
    int fd = movable_fd(s->memory_fd);
    if (fd < 0) return fail(s, "no file descriptor left for a worker");
    int rc = spawn(s, i, fd);
    close(fd);
    errno = rc;
    return rc == 0 ? FV_ERR_NONE : fail(s, "the target cannot be started");
}

bool fv_session_has_ended(struct fv_session *s, uint32_t i, int *status) {
    if (s->pids[i] == 0) return false;
    pid_t pid = waitpid(s->pids[i], status, WNOHANG);
    if (pid != s->pids[i] && !(pid < 0 && errno == ECHILD)) return false;
    if (pid < 0) *status = 0; /* somebody else reaped it */
    s->pids[i] = 0;
    return true;
}

static void tell_end(struct fv_session *s, const struct fv_worker *w, int status) {
    char refusal[FV_TEXT_BYTES];
    memcpy(refusal, w->refusal, sizeof refusal);
    refusal[sizeof refusal - 1] = '\0';
    if (refusal[0] != '\0')
        snprintf(s->error, FV_ERROR_BYTES, "%.200s (rebuild it: fuzzverse build)", refusal);
    else if (WIFSIGNALED(status))
        snprintf(s->error, FV_ERROR_BYTES, "the target died of signal %d before its first draw",
                 WTERMSIG(status));
    else
        snprintf(s->error, FV_ERROR_BYTES,
                 "the target left with exit code %d before its first draw", WEXITSTATUS(status));
}

enum fv_err fv_session_greet(struct fv_session *s, uint32_t i) {
    const struct fv_worker *w = fv_layout_worker(s->header, i);
    uint64_t deadline = fv_wait_now_ns() + UINT64_C(1000000) * FV_GREET_MS;
    while (fv_wait_now_ns() < deadline) {
        uint32_t seen = __atomic_load_n(&fv_layout_live(s->header)->doorbell, __ATOMIC_ACQUIRE);
        uint32_t state = __atomic_load_n(&w->state, __ATOMIC_ACQUIRE);
        if (state == FV_WORKER_READY) return FV_ERR_NONE;
        int status = 0;
        if (fv_session_has_ended(s, i, &status)) {
            tell_end(s, w, status);
            return state == FV_WORKER_REFUSED ? FV_ERR_MISMATCH : FV_ERR_DIED;
        }
        fv_wait_word(&fv_layout_live(s->header)->doorbell, seen, FV_SHORT_WAIT_MS);
    }
    snprintf(s->error, FV_ERROR_BYTES, "the target was not ready within %d s", FV_GREET_MS / 1000);
    return FV_ERR_TIMEOUT;
}

void fv_session_kill(struct fv_session *s, uint32_t i) {
    if (s->pids[i] <= 0) return;
    kill(-s->pids[i], SIGKILL);
    kill(s->pids[i], SIGKILL);
}

void fv_session_close(struct fv_session *s) {
    for (uint32_t i = 0; s->header != NULL && i < s->header->worker_count; i++) {
        if (s->pids[i] <= 0) continue;
        fv_session_kill(s, i);
        while (waitpid(s->pids[i], NULL, 0) < 0 && errno == EINTR) continue;
    }
    if (s->header != NULL) munmap(s->header, s->header->total_size);
    if (s->memory_fd >= 0) close(s->memory_fd);
    free(s->path);
    *s = (struct fv_session){.memory_fd = -1};
}
