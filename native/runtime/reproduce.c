#include "reproduce.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../common/process.h"
#include "../common/wait.h"
#include "alone.h"
#include "runtime.h"

enum {
    FV_EXIT_USAGE = 2,
    FV_EXIT_TIMEOUT = 70, /* libFuzzer's numbers */
    FV_EXIT_MEMORY = 71,
    FV_TIMEOUT_S = 1200,
    FV_MEMORY_MB = 2048,
    FV_LOOK_MS = 50, /* how often memory and time are looked at */
};

struct flags {
    uint64_t timeout_s, memory_mb, runs;
    bool explores;
};

static bool is_flag(const char *word) { return word[0] == '-' && word[1] != '\0'; }

bool fv_reproduce_is_asked(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--", 2) == 0) return false;
    return true;
}

static bool is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The value of a flag of this name, or NULL. */
static const char *value_of(const char *word, const char *name) {
    size_t n = strlen(name);
    return strncmp(word + 1, name, n) == 0 && word[n + 1] == '=' ? word + n + 2 : NULL;
}

static void number(const char *word, const char *name, uint64_t *to) {
    const char *value = value_of(word, name);
    if (value != NULL) *to = strtoull(value, NULL, 10);
}

/* Flags that mean something where files are run again; what explores is `fuzzverse libfuzzer`'s. */
static struct flags read_flags(int argc, char **argv) {
    static const char *const exploring[] = {"merge", "minimize_crash", "cleanse_crash", "help"};
    struct flags f = {.timeout_s = FV_TIMEOUT_S, .memory_mb = FV_MEMORY_MB, .runs = 1};
    int file_count = 0;
    for (int i = 1; i < argc; i++) {
        if (!is_flag(argv[i])) {
            f.explores |= is_directory(argv[i]);
            file_count++;
            continue;
        }
        number(argv[i], "timeout", &f.timeout_s);
        number(argv[i], "rss_limit_mb", &f.memory_mb);
        number(argv[i], "runs", &f.runs);
        for (size_t k = 0; k < sizeof exploring / sizeof *exploring; k++) {
            uint64_t is_on = 0;
            number(argv[i], exploring[k], &is_on);
            f.explores |= is_on != 0;
        }
    }
    f.explores |= file_count == 0;
    if ((int64_t)f.runs < 1) f.runs = 1; /* -runs=-1 is for ever where one explores */
    return f;
}

void fv_reproduce_hand_over(int argc, char **argv) {
    if (!read_flags(argc, argv).explores) return;
    const char *program = getenv("FUZZVERSE");
    char **words = calloc((size_t)argc + 3, sizeof *words),
         *self = realpath("/proc/self/exe", NULL);
    if (words == NULL || self == NULL) exit(FV_EXIT_LOST);
    words[0] = (char *)(program != NULL ? program : "fuzzverse");
    words[1] = "libfuzzer";
    words[2] = self;
    memcpy(words + 3, argv + 1, (size_t)(argc - 1) * sizeof *words);
    execvp(words[0], words);
    fprintf(
        stderr,
        "%s: to explore takes the command `%s` (%s): install it with `pip install fuzzverse`, or "
        "say in $FUZZVERSE where it is. Files are run again without it: %s FILE...\n",
        argv[0], words[0], strerror(errno), argv[0]);
    exit(FV_EXIT_USAGE);
}

/* ---- one file -------------------------------------------------------------------------------- */

static bool is_debugged(void) {
    char line[128];
    int tracer = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "TracerPid: %d", &tracer) == 1) break;
    if (status != NULL) fclose(status);
    return tracer != 0;
}

static void ends(pid_t pid, const char *path, const char *why, int code) {
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    fprintf(stderr, "%s: %s\n", path, why);
    exit(code);
}

/* Whether the child has ended; it is looked at when it ends, and every now and then. */
static bool has_ended(pid_t pid, int *status) {
    const struct timespec look = {.tv_nsec = FV_LOOK_MS * 1000000L};
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    if (waitpid(pid, status, WNOHANG) == pid) return true;
    sigtimedwait(&ended, NULL, &look);
    return waitpid(pid, status, WNOHANG) == pid;
}

static void wait_for(pid_t pid, const char *path, const struct flags *f, uint64_t start) {
    int status = 0;
    while (!has_ended(pid, &status)) {
        if (f->timeout_s > 0 && (fv_wait_now_ns() - start) / 1000000000 >= f->timeout_s)
            ends(pid, path, "timeout: it takes longer than -timeout allows", FV_EXIT_TIMEOUT);
        if (f->memory_mb > 0 && fv_process_private_bytes(pid) >> 20 > f->memory_mb)
            ends(pid, path, "out of memory: it takes more than -rss_limit_mb allows",
                 FV_EXIT_MEMORY);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    if (WIFSIGNALED(status))
        fprintf(stderr, "%s: killed by signal %d (%s)\n", path, WTERMSIG(status),
                strsignal(WTERMSIG(status)));
    exit(WIFEXITED(status) && WEXITSTATUS(status) == FV_EXIT_USAGE ? FV_EXIT_USAGE : FV_EXIT_BUG);
}

/* True in the process that is to run it. */
static bool run(const char *path, const struct flags *f) {
    uint64_t start = fv_wait_now_ns();
    sigset_t ended, before;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, &before);
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* whoever kills us means this one, too */
        if (getppid() != self) _exit(FV_EXIT_LOST);
        sigprocmask(SIG_SETMASK, &before, NULL);
        return true;
    }
    if (pid < 0) {
        fprintf(stderr, "%s: fork: %s\n", path, strerror(errno));
        exit(FV_EXIT_LOST);
    }
    wait_for(pid, path, f, start);
    sigprocmask(SIG_SETMASK, &before, NULL);
    fprintf(stderr, "Executed %s in %llu ms\n", path,
            (unsigned long long)((fv_wait_now_ns() - start) / 1000000));
    return false;
}

void fv_reproduce_start(int argc, char **argv) {
    struct flags f = read_flags(argc, argv);
    int file_count = 0;
    bool in_place = is_debugged();
    for (int i = 1; i < argc; i++) {
        if (is_flag(argv[i])) continue;
        file_count++;
        fprintf(stderr, "Running: %s\n", argv[i]);
        for (uint64_t k = 0; k < f.runs; k++) {
            if (!in_place && !run(argv[i], &f)) continue;
            fv_alone_take(argv[0], argv[i]);
            return;
        }
    }
    fprintf(stderr, "***\n*** NOTE: fuzzing was not performed, you have only\n"
                    "***       executed the target code on a fixed set of inputs.\n***\n");
    exit(FV_EXIT_OK);
}
