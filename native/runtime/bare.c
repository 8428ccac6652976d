#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime.h"

/* What a timeline of this target does to memory, without draws and marks. */
__attribute__((weak)) void fv_bare_body(void);

static void fork_once(void) {
    pid_t pid = fork();
    if (pid == 0) {
        if (fv_bare_body != NULL) fv_bare_body();
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, NULL, 0) != pid) exit(FV_EXIT_LOST);
}

void fv_bare_run(unsigned n) {
    fork_once();
    uint64_t start = fv_wait_now_ns();
    for (unsigned i = 0; i < n; i++) fork_once();
    double us = (double)(fv_wait_now_ns() - start) / 1000;
    printf("%.3f\n", n > 0 ? us / n : 0);
}
