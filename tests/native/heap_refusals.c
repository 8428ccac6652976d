/* What the heap of targets refuses: what cannot fit, and what was never handed out. */
/* links: heap/chunk heap/heap heap/region heap/small */
/* flags: -fsanitize=undefined -fno-builtin */
#include "heap.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"

enum { LARGE = 100 << 10, GIBS = 64 };

/* What the compiler must not know the outcome of. */
static void *volatile opaque;
static volatile size_t huge = SIZE_MAX;

static struct fv_heap_span span_now(void) {
    struct fv_heap_span span;
    EXPECT(fv_heap_span(&span));
    return span;
}

static bool is_all(const unsigned char *p, size_t n, unsigned char tag) {
    return n == 0 || (p[0] == tag && memcmp(p, p + 1, n - 1) == 0);
}

/* ---- too much -------------------------------------------------------------------------------- */

static void is_refused(void *p) {
    EXPECT(p == NULL && errno == ENOMEM);
    errno = 0;
}

static void what_cannot_fit_is_refused(void) {
    errno = 0;
    is_refused(malloc(huge));
    is_refused(malloc(huge / 2));
    is_refused(malloc(huge - 20));
    is_refused(malloc(span_now().end - span_now().start));
    is_refused(calloc(huge / 2, 3));
    is_refused(reallocarray(NULL, huge / 2, 3));
    is_refused(aligned_alloc(64, huge));
    is_refused(aligned_alloc(huge / 2 + 1, 64));
    is_refused(valloc(huge));
    is_refused(pvalloc(huge));
    unsigned char *p = malloc(1000);
    memset(p, 3, 1000);
    opaque = realloc(p, huge / 2);
    is_refused(opaque);
    EXPECT(is_all(p, 1000, 3));
    free(p);
}

static void all_of_it_can_be_used_again(void) {
    static void *p[GIBS + 1];
    for (int round = 0; round < 2; round++) {
        unsigned n = 0;
        while ((p[n] = malloc((size_t)1 << 30)) != NULL) EXPECT(++n <= GIBS);
        is_refused(p[n]);
        EXPECT(n > 0);
        void *small = malloc(100);
        EXPECT(small != NULL);
        free(small);
        while (n > 0) free(p[--n]);
    }
}

static void odd_alignments_are_refused(void) {
    volatile size_t odd = 48;
    void *p = NULL;
    errno = 0;
    EXPECT(aligned_alloc(odd, 10) == NULL && errno == EINVAL);
    EXPECT(posix_memalign(&p, odd, 10) == EINVAL && p == NULL);
    EXPECT(posix_memalign(&p, odd / 12, 10) == EINVAL && p == NULL);
    EXPECT(posix_memalign(&p, 64, huge) == ENOMEM && p == NULL);
    opaque = memalign(odd, 10);
    EXPECT((uintptr_t)opaque % 64 == 0);
    free(opaque);
}

/* ---- misuse ---------------------------------------------------------------------------------- */

static void small_twice(void) {
    free(opaque = malloc(10));
    free(opaque);
}

static void large_twice(void) {
    void *p = opaque = malloc(LARGE), *wall = malloc(LARGE);
    free(p);
    opaque = wall;
    free(p);
}

static void twice_at_the_top(void) {
    free(opaque = malloc(512 << 20));
    free(opaque);
}

static void twice_and_joined(void) {
    void *p = malloc(LARGE), *behind = malloc(LARGE), *wall = malloc(LARGE);
    free(p);
    free(behind);
    opaque = wall;
    free(behind);
}

static void realloc_of_freed(void) {
    free(opaque = malloc(10));
    opaque = realloc(opaque, 20);
}

static void free_inside(void) {
    char *p = opaque = calloc(1, 100);
    opaque = p + 32;
    free(opaque);
}

static void free_crooked(void) {
    char *p = opaque = malloc(100);
    opaque = p + 1;
    free(opaque);
}

static void free_of_stack(void) {
    char here[64];
    opaque = here;
    free(opaque);
}

static void free_of_the_region(void) {
    opaque = (void *)span_now().start;
    free(opaque);
}

static void ends_with(void (*misuse)(void), const char *words) {
    char said[200];
    int pipes[2], status;
    EXPECT(pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        dup2(pipes[1], STDERR_FILENO);
        misuse();
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    ssize_t n = read(pipes[0], said, sizeof said - 1);
    said[n > 0 ? n : 0] = '\0';
    EXPECT(strcmp(said, words) == 0);
    close(pipes[0]);
    close(pipes[1]);
}

static void misuse_aborts(void) {
    static void (*const twice[])(void) = {small_twice, large_twice, twice_at_the_top,
                                          twice_and_joined};
    static void (*const stray[])(void) = {free_inside, free_crooked, free_of_stack,
                                          free_of_the_region};
    for (int i = 0; i < 4; i++) {
        ends_with(twice[i], "fuzzverse heap: free(): double free\n");
        ends_with(stray[i], "fuzzverse heap: free(): invalid pointer\n");
    }
    ends_with(realloc_of_freed, "fuzzverse heap: realloc(): double free\n");
}

int main(void) {
    free(malloc(1));
    what_cannot_fit_is_refused();
    odd_alignments_are_refused();
    all_of_it_can_be_used_again();
    misuse_aborts();
    return 0;
}
