/* A target that forks a child of its own and waits for it, before and after a splitpoint. */
#include <fuzzverse/fuzzverse.h>

#include <sys/wait.h>
#include <unistd.h>

enum { CODE = 42 };

static bool child_comes_back(void) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        fv_u64(); /* draws of a child are its own */
        _exit(CODE);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == CODE;
}

FV_TARGET(parent) {
    FV_ALWAYS(child_comes_back(), "a child is reaped by its parent");
    FV_SOMETIMES(fv_chance(1, 4), "a splitpoint");
    FV_ALWAYS(child_comes_back(), "and again behind a splitpoint");
}
