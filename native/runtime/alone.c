#include "alone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "draw.h"
#include "edges.h"
#include "ending.h"
#include "timeline.h"

enum { FV_USAGE = 2 };

extern const struct fv_target fv_target_entry;

static const char usage_text[] =
    "%s: a fuzzverse target (simulation \"%s\", %u edges)\n"
    "  %s --seed N [--recipe TEXT] [--draws]   replay one timeline, print its log\n"
    "  %s [--draws] FILE...                    replay inputs: recipes or tapes\n"
    "Explore it with: fuzzverse run %s\n";

_Noreturn static void usage(const char *self, int code) {
    FILE *to = code == 0 ? stdout : stderr;
    fprintf(to, usage_text, self, fv_target_entry.name, fv_edges_count(), self, self, self);
    exit(code);
}

_Noreturn static void wrong(const char *self, const char *what, const char *which) {
    fprintf(stderr, "%s: %s: %s\n", self, what, which);
    exit(FV_USAGE);
}

struct options {
    const char *self, *seed, *recipe;
    char **files;
    int file_count;
    bool draws;
};

static struct options parse(int argc, char **argv) {
    struct options o = {.self = argv[0], .files = argv + 1};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) usage(o.self, 0);
        if (strcmp(argv[i], "--draws") == 0)
            o.draws = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            o.seed = argv[++i];
        else if (strcmp(argv[i], "--recipe") == 0 && i + 1 < argc)
            o.recipe = argv[++i];
        else if (argv[i][0] == '-' && argv[i][1] != '\0')
            wrong(o.self, "unknown option or missing value (see --help)", argv[i]);
        else
            o.files[o.file_count++] = argv[i];
    }
    if ((o.seed == NULL) == (o.file_count == 0)) usage(o.self, FV_USAGE);
    return o;
}

static struct fv_slot *slot(void) { return fv_layout_slot(fv_rt.header, 0, 0, 0); }

static void start_slot(struct fv_slot *s) {
    fv_timeline_prepare_root(s, 0);
    s->pid = fv_rt.pid = getpid();
    fv_runtime_enter(s);
}

static void start_seed(const struct options *o) {
    struct fv_slot *s = slot();
    char *end;
    errno = 0;
    if (o->recipe != NULL &&
        fv_recipe_parse(&s->recipe, o->recipe, strlen(o->recipe)) != FV_ERR_NONE)
        wrong(o->self, "no recipe (like 151@8837201 -> 80@1293847)", o->recipe);
    s->recipe.root = strtoull(o->seed, &end, 10);
    if (errno != 0 || *end != '\0' || end == o->seed) wrong(o->self, "no seed", o->seed);
    start_slot(s);
}

static void start_file(const char *self, const char *path) {
    struct fv_slot *s = slot();
    struct stat st;
    uint8_t *tape = fv_layout_tape(fv_rt.header, fv_layout_tree(fv_rt.header, 0));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) wrong(self, strerror(errno), path);
    if (!S_ISREG(st.st_mode) || st.st_size > FV_INPUT_BYTES_MAX)
        wrong(self, "no input: not a regular file, or too large", path);
    uint8_t *bytes = mmap(NULL, (size_t)st.st_size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) wrong(self, strerror(errno), path);
    if (fv_recipe_from_input(&s->recipe, tape, bytes, (size_t)st.st_size) != FV_ERR_NONE)
        wrong(self, "a broken recipe, or a tape too long", path);
    munmap(bytes, (size_t)st.st_size + 1);
    close(fd);
    fv_rt.tape = tape;
    start_slot(s);
}

static void open_alone(bool draws) {
    fv_runtime_alone();
    fv_rt.header->trace_draws = draws;
    fv_rt.log_fd = STDOUT_FILENO;
    fv_ending_watch();
}

void fv_alone_take(const char *self, const char *path) {
    open_alone(false);
    start_file(self, path);
}

/* In the parent: the exit code that the whole run ends with, should this one have been a bug. */
static int wait_for_verdict(pid_t pid, const char *path) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFSIGNALED(status)) fprintf(stderr, "%s: killed by signal %d\n", path, WTERMSIG(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : FV_EXIT_BUG;
}

void fv_alone_start(int argc, char **argv) {
    struct options o = parse(argc, argv);
    open_alone(o.draws);
    if (o.seed != NULL) {
        start_seed(&o);
        return;
    }
    int worst = 0;
    for (int i = 0; i + 1 < o.file_count; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            start_file(o.self, o.files[i]);
            return;
        }
        if (pid < 0) wrong(o.self, strerror(errno), "fork");
        int code = wait_for_verdict(pid, o.files[i]);
        if (code != 0) worst = code;
    }
    if (worst != 0) exit(worst);
    start_file(o.self, o.files[o.file_count - 1]);
}
