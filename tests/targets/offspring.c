/* A simulation that is more than one thread of one process for a while: in one timeline of ODDS,
 * MAKES says how. It is over before the next draw. */
#include <fuzzverse/fuzzverse.h>

#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef ODDS
#define ODDS 40
#endif

enum { STEPS = 6, WAYS = 4, CODE = 42 };

static void await(pid_t pid, int code) {
    int status = 0;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != code)
        abort();
}

static void *add_one(void *number) {
    ++*(int *)number;
    return NULL;
}

static void make_thread(void) {
    pthread_t thread;
    int number = 0;
    if (pthread_create(&thread, NULL, add_one, &number) != 0) abort();
    pthread_join(thread, NULL);
    if (number != 1) abort();
}

static void make_child(void) {
    pid_t pid = fork();
    if (pid == 0) _exit(CODE);
    await(pid, CODE);
}

static void make_program(void) {
    char *words[] = {"true", NULL}, *no_words[] = {NULL};
    pid_t pid = -1;
    if (posix_spawn(&pid, "/bin/true", NULL, NULL, words, no_words) != 0) abort();
    await(pid, 0);
}

static void make_shell(void) {
    if (system("exit 0") != 0) abort();
}

#define MAKE_(name) make_##name
#define MAKE(name) MAKE_(name)

FV_TARGET(offspring) {
    (void)make_thread, (void)make_child, (void)make_program, (void)make_shell;
    uint64_t sum = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        sum += fv_below(WAYS);
        FV_SOMETIMES_EACH("gets so far", FV_KEYS({"step", step}, {"sum", sum}), FV_QUALITY());
    }
    bool is_parent = fv_chance(1, ODDS);
    if (is_parent) MAKE(MAKES)();
    FV_SOMETIMES(is_parent, "goes on after it");
    FV_SOMETIMES_GT(sum + fv_below(WAYS), STEPS, "goes far");
}
