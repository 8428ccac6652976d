/* A target that misbehaves in one timeline of ODDS; HOSTILE names how. STEPS marks with a draw each
 * lie behind that and BEFORE it, so that there is something to go on from. */
#include <fuzzverse/fuzzverse.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef ODDS
#define ODDS 8
#endif
#ifndef STEPS
#define STEPS 0
#endif
#ifndef BEFORE
#define BEFORE STEPS
#endif

enum { OUTPUT_MB = 100, PAUSE_SECONDS = 1000 };

static volatile int sink;

static void hostile_segv(void) { *(volatile int *)8 = 1; }
static void hostile_abort(void) { abort(); }
static void hostile_exit(void) { exit(3); }
static void hostile_quick_exit(void) { _exit(0); }
static void hostile_loop(void) {
    for (;;) sink++;
}
static void hostile_sleep(void) {
    for (;;) pause();
}
static void hostile_fds(void) {
    for (int fd = 0; fd < 1024; fd++) close(fd);
    fv_bug("after closing every file descriptor");
}
static void hostile_output(void) {
    static char line[1 << 16];
    memset(line, 'x', sizeof line);
    for (size_t i = 0; i < ((size_t)OUTPUT_MB << 20) / sizeof line; i++)
        fwrite(line, 1, sizeof line, stdout);
    fflush(stdout);
    fv_bug("after a lot of output");
}
static void hostile_memory(void) {
    for (;;) {
        char *volatile block = malloc(1 << 22);
        if (block != NULL) memset(block, 1, 1 << 22);
    }
}
static int hostile_stack_depth(int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    return hostile_stack_depth(depth + 1) + frame[0];
}
static void hostile_stack(void) { sink = hostile_stack_depth(0); }
static void hostile_misuse(void) { fv_below(0); }
static void hostile_kill(void) { raise(SIGKILL); }
static void hostile_group(void) { kill(0, SIGKILL); }
static void *idle(void *nothing) {
    pause();
    return nothing;
}
static void hostile_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, idle, NULL);
}
static void hostile_child(void) {
    if (fork() == 0)
        for (;;) sleep(PAUSE_SECONDS), pause();
}
static void hostile_stray(void) {
    if (fork() == 0) {
        setsid();
        for (;;) pause();
    }
    fv_bug("a child was left behind");
}
static void hostile_heap(void) {
    char *volatile block = malloc(8);
    block[8 + sink] = 1;
    free(block);
}
static void hostile_overflow(void) { sink = 0x7fffffff, sink = sink + (int)fv_between(1, 2); }

/* Writes over everything that it can of the memory that it shares with fuzzverse. */
static void hostile_scribble(void) {
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, end;
        if (strstr(line, "memfd:fuzzverse") == NULL || strstr(line, "rw-s") == NULL) continue;
        if (sscanf(line, "%lx-%lx", &start, &end) != 2) continue;
        for (unsigned long at = start; at < end && at < start + (64ul << 20); at += 512)
            memset((void *)at, 0xff, 512);
    }
    for (;;) pause();
}

#define HOSTILE_NAME_(name) hostile_##name
#define HOSTILE_NAME(name) HOSTILE_NAME_(name)

static void walk(int from, int to) {
    for (int at = from; at < to; at++) {
        FV_SOMETIMES_EACH("on the way", FV_KEYS({"at", at}), FV_QUALITY());
        fv_below(4);
    }
}

FV_TARGET(hostile) {
    (void)hostile_segv, (void)hostile_abort, (void)hostile_exit, (void)hostile_quick_exit;
    (void)hostile_loop, (void)hostile_sleep, (void)hostile_fds, (void)hostile_output;
    (void)hostile_memory, (void)hostile_stack, (void)hostile_misuse, (void)hostile_kill;
    (void)hostile_group, (void)hostile_thread, (void)hostile_child, (void)hostile_stray;
    (void)hostile_heap, (void)hostile_overflow, (void)hostile_scribble;
    walk(0, BEFORE);
    bool strikes = fv_chance(1, ODDS);
    if (strikes) HOSTILE_NAME(HOSTILE)();
    FV_SOMETIMES(strikes, "went on after it");
    walk(BEFORE, BEFORE + STEPS);
    FV_REACHABLE("came to its end");
}
