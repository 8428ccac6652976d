/* Rewinding, driven at random beside full copies of what memory was like. It happens in a forked
 * process; its parent, frozen, is what pages are fetched from, as a zygote is to its runner. What
 * the test knows is in shared memory, the only memory that is not put back. */
/* links: runtime/pages runtime/moment runtime/blocks runtime/tracker runtime/raw */
/* flags: -fsanitize=undefined */
#include "pages.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blocks.h"
#include "expect.h"
#include "moment.h"
#include "runtime.h"

enum {
    HEAP_PAGES = 256,
    DATA_PAGES = 48,
    BSS_PAGES = 48,
    STACK_PAGES = 256,
    SPARSE_PAGES = 192, /* that are ever written, */
    SPARSE_GAP = 341,   /* so far apart */
    PAGES = HEAP_PAGES + DATA_PAGES + BSS_PAGES + STACK_PAGES + SPARSE_PAGES,
    PAGE = FV_PAGE_BYTES,
    LIVE_MAX = 20,
    GOINGS = 2000,
    WHY_BYTES = 256,
    MAPPINGS = 300, /* more than can be tracked */
    SKIPPED = 77,
};

/* ---- the memory that is rewound -------------------------------------------------------------- */

static uint8_t data[DATA_PAGES][PAGE] __attribute__((aligned(4096))) = {{1}};
static uint8_t bss[BSS_PAGES][PAGE] __attribute__((aligned(4096)));
static uint8_t *heap, *stack_top, *sparse;

static uint8_t *map(size_t pages, int flags) {
    uint8_t *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    EXPECT(at != MAP_FAILED);
    return at;
}

static void map_areas(void) {
    heap = map(HEAP_PAGES, MAP_PRIVATE);
    stack_top = map(STACK_PAGES, MAP_PRIVATE) + (size_t)STACK_PAGES * PAGE;
    sparse = map((size_t)SPARSE_PAGES * SPARSE_GAP, MAP_PRIVATE | MAP_NORESERVE);
}

/* Pages by number; those of the stack from its top. */
static uint8_t *page_at(size_t i) {
    if (i < HEAP_PAGES) return heap + i * PAGE;
    i -= HEAP_PAGES;
    if (i < DATA_PAGES) return data[i];
    i -= DATA_PAGES;
    if (i < BSS_PAGES) return bss[i];
    i -= BSS_PAGES;
    if (i < STACK_PAGES) return stack_top - (i + 1) * PAGE;
    return sparse + (i - STACK_PAGES) * SPARSE_GAP * PAGE;
}

enum { STACK_AT = HEAP_PAGES + DATA_PAGES + BSS_PAGES };

/* ---- what the test knows --------------------------------------------------------------------- */

typedef uint8_t copy[PAGES][PAGE];

struct book {
    struct fv_header header; /* of what the tracker takes for the session */
    uint64_t luck;
    bool is_touched[PAGES];
    uint32_t live, step;
    struct fv_moment *moments[LIVE_MAX];
    copy start, copies[LIVE_MAX];
};

struct fv_runtime fv_rt FV_KEPT;
static struct book *book;

static uint32_t below(uint32_t n) {
    book->luck ^= book->luck << 13;
    book->luck ^= book->luck >> 7;
    book->luck ^= book->luck << 17;
    return (uint32_t)(book->luck >> 11) % n;
}

static void open_book(void) {
    book = (struct book *)map(sizeof *book / PAGE + 1, MAP_SHARED);
    book->luck = UINT64_C(0x9e3779b97f4a7c15);
    book->header.total_size = (sizeof *book / PAGE + 1) * PAGE;
    fv_rt.header = &book->header;
}

/* Pages that nobody has touched are not read either: that would bring them into being. */
static void save(copy to) {
    for (size_t i = 0; i < PAGES; i++)
        memcpy(to[i], book->is_touched[i] ? page_at(i) : book->start[i], PAGE);
}

static void expect_like(const copy wanted, bool all) {
    for (size_t i = 0; i < PAGES; i++) {
        if ((!all && !book->is_touched[i]) || memcmp(wanted[i], page_at(i), PAGE) == 0) continue;
        fprintf(stderr, "page %zu is not what it was, step %u\n", i, book->step);
        exit(1);
    }
}

static uint32_t count_changed(const copy now) {
    uint32_t n = 0;
    for (size_t i = 0; i < PAGES; i++) n += memcmp(now[i], book->start[i], PAGE) != 0;
    return n;
}

/* ---- processes ------------------------------------------------------------------------------- */

/* Some of every area exists before the start, some does not. */
static void fill(void) {
    for (size_t i = 0; i < PAGES; i++) {
        bool is_there = i < STACK_AT ? i % 3 == 0 : i < STACK_AT + 3 || i % 5 == 0;
        if (i >= HEAP_PAGES && i < HEAP_PAGES + DATA_PAGES) is_there = true;
        if (i >= STACK_AT + 3 && i < STACK_AT + STACK_PAGES) is_there = false;
        if (!is_there) continue;
        memset(page_at(i), 1 + (int)(i % 255), PAGE);
        memcpy(book->start[i], page_at(i), PAGE);
    }
}

static void open_pages(pid_t parent) {
    char why[WHY_BYTES];
    if (fv_pages_open(parent, why, sizeof why)) return;
    fprintf(stderr, "%s\n", why);
    _exit(SKIPPED); /* an old kernel, or a container that forbids it */
}

/* Runs `body` in a process of its own. */
static void in_child(void (*body)(pid_t parent)) {
    pid_t parent = getpid(), pid = fork();
    int status = 0;
    EXPECT(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        body(parent);
        _exit(0);
    }
    EXPECT(waitpid(pid, &status, 0) == pid);
    EXPECT(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED) exit(0);
    EXPECT(WEXITSTATUS(status) == 0);
}

static void with_new_areas(void (*body)(pid_t parent)) {
    map_areas();
    open_book();
    fill();
    in_child(body);
    munmap(heap, (size_t)HEAP_PAGES * PAGE);
    munmap(stack_top - (size_t)STACK_PAGES * PAGE, (size_t)STACK_PAGES * PAGE);
    munmap(sparse, (size_t)SPARSE_PAGES * SPARSE_GAP * PAGE);
    munmap(book, book->header.total_size);
}

/* ---- at random ------------------------------------------------------------------------------- */

static void write_page(size_t i) {
    uint8_t *at = page_at(i);
    volatile uint64_t *words = (volatile uint64_t *)(void *)at;
    uint32_t word = below(PAGE / 8);
    book->is_touched[i] = true;
    switch (below(7)) {
    case 0: memset(at, (int)below(256), PAGE); break;
    case 1: memset(at, 0, PAGE); break;
    case 2: memcpy(at, book->start[i], PAGE); break;
    case 3: words[word] = words[word]; break;
    case 4: EXPECT(getrandom(at + 8 * word / 2, 64, 0) == 64); break; /* the kernel writes, too */
    default: words[word] = below(UINT32_MAX);
    }
}

static void write_stretch(size_t from, size_t n) {
    for (size_t i = from; i < from + n && i < PAGES; i++) write_page(i);
}

/* Some pages are written nearly always, for a while; then it is others. */
static void write_memory(void) {
    uint32_t phase = book->step / 200;
    for (uint32_t i = 0; i < 8; i++)
        if (below(4) > 0) write_page((phase * 131 + i * i * 17) % PAGES);
    for (uint32_t n = below(6); n > 0; n--) write_page(below(PAGES));
    if (below(40) == 0) write_stretch(below(PAGES), 65 + below(200));
    if (below(8) == 0) write_stretch(STACK_AT, below(STACK_PAGES));
}

static void take(void) {
    struct fv_moment *m = fv_pages_take();
    EXPECT(m != NULL);
    save(book->copies[book->live]);
    uint32_t least = count_changed(book->copies[book->live]), most = least + 4;
    EXPECT(fv_pages_count(m) >= least && fv_pages_count(m) <= most); /* the thread's page or so */
    book->moments[book->live++] = m;
}

static void drop(uint32_t i) {
    fv_pages_drop(book->moments[i]);
    book->live--;
    if (i == book->live) return;
    book->moments[i] = book->moments[book->live];
    memcpy(book->copies[i], book->copies[book->live], sizeof(copy));
}

static void go(void) {
    uint32_t to = below(book->live + 1 + book->live / 2);
    bool is_start = to >= book->live;
    fv_pages_go(is_start ? NULL : book->moments[to]);
    expect_like(is_start ? book->start : book->copies[to], false);
}

static void walk(pid_t parent) {
    open_pages(parent);
    for (book->step = 0; book->step < GOINGS; book->step++) {
        if (below(10) > 0) write_memory();
        while (book->live < LIVE_MAX && below(6) == 0) {
            take();
            if (below(2) == 0) write_memory();
        }
        go();
        while (book->live > 0 && below(LIVE_MAX + 4) < book->live / 2) drop(below(book->live));
    }
    fv_pages_go(NULL);
    expect_like(book->start, true);
}

static void memory_is_what_it_was(void) { with_new_areas(walk); }

/* ---- whoever else writes --------------------------------------------------------------------- */

/* Where libc has asked for it (rseq), the kernel writes to a process which processor it is on, at
 * any time: between a look at what was written and the count that goes with it, for one. So targets
 * are started without, and so is this test. */
static void start_without_rseq(char **argv) {
    if (getenv("GLIBC_TUNABLES") != NULL) return;
    setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
    execv("/proc/self/exe", argv);
    EXPECT(false);
}

static void push_about(pid_t pid) {
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof all, &all) != 0) return;
    for (int cpu = 0;; cpu = (cpu + 1) % CPU_SETSIZE) {
        if (!CPU_ISSET(cpu, &all)) continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (sched_setaffinity(pid, sizeof one, &one) != 0) return;
        usleep(20);
    }
}

static void write_here_and_there(void) {
    for (uint32_t n = below(3); n > 0; n--) write_page(below(PAGES));
}

static void walk_pushed(pid_t parent) {
    pid_t self = getpid(), pusher = fork();
    if (pusher == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        push_about(self);
        _exit(0);
    }
    open_pages(parent);
    for (book->step = 0; book->step < 5 * GOINGS; book->step++) {
        write_here_and_there();
        fv_pages_go(NULL);
        if (book->step % 10 == 0) expect_like(book->start, false);
    }
    kill(pusher, SIGKILL);
}

static void memory_is_what_it_was_whatever_the_processor(void) { with_new_areas(walk_pushed); }

/* ---- cost ------------------------------------------------------------------------------------ */

static void write_three(void) {
    for (size_t i = 0; i < 3; i++) page_at(STACK_AT + 100 * i)[7]++;
}

static uint64_t copies_of(uint32_t goings, bool writes) {
    uint64_t before = fv_pages_cost()->copies;
    for (uint32_t i = 0; i < goings; i++) {
        if (writes) write_three();
        fv_pages_go(NULL);
    }
    return fv_pages_cost()->copies - before;
}

/* Pages that are written each time soon cost no faults; when they no longer are, no copies. */
static void walk_hot(pid_t parent) {
    open_pages(parent);
    copies_of(200, true);
    uint64_t faults = fv_pages_cost()->faults;
    EXPECT(copies_of(1000, true) >= 3000);
    EXPECT(fv_pages_cost()->faults - faults < 200);
    copies_of(20000, false);
    EXPECT(copies_of(1000, false) < 50);
    expect_like(book->start, true);
    copies_of(20, true);
    expect_like(book->start, true);
}

static void hot_pages_cool_down(void) { with_new_areas(walk_hot); }

/* ---- room ------------------------------------------------------------------------------------ */

static uint32_t take_all(void) {
    uint32_t n = 0;
    for (struct fv_moment *m; (m = fv_pages_take()) != NULL; n++) {
        if (n % 100 == 0) write_page(n / 100);
        if (n < LIVE_MAX) book->moments[n] = m;
        EXPECT(n <= FV_MOMENTS_MAX);
    }
    return n;
}

static void walk_full(pid_t parent) {
    open_pages(parent);
    write_stretch(0, PAGES);
    fv_pages_go(NULL);
    uint64_t bytes = fv_pages_bytes();
    EXPECT(take_all() == FV_MOMENTS_MAX);
    EXPECT(fv_pages_take() == NULL);
    fv_pages_go(NULL);
    expect_like(book->start, true);
    for (uint32_t i = 0; i < LIVE_MAX; i++) fv_pages_drop(book->moments[i]);
    for (uint32_t i = 0; i < LIVE_MAX; i++) {
        write_page(i);
        EXPECT((book->moments[i] = fv_pages_take()) != NULL);
        save(book->copies[i]);
    }
    EXPECT(fv_pages_take() == NULL);
    EXPECT(fv_pages_bytes() > bytes);
    for (uint32_t i = LIVE_MAX; i-- > 0;) {
        fv_pages_go(book->moments[i]);
        expect_like(book->copies[i], true);
    }
}

static void moments_are_counted(void) { with_new_areas(walk_full); }

/* Whatever moments held is free again when they are dropped. */
static void walk_freed(pid_t parent) {
    open_pages(parent);
    write_stretch(0, PAGES);
    fv_pages_go(NULL);
    uint64_t bytes = fv_pages_bytes();
    for (uint32_t round = 0; round < 20; round++) {
        for (uint32_t i = 0; i < LIVE_MAX; i++) {
            write_stretch(below(PAGES), below(300));
            EXPECT((book->moments[i] = fv_pages_take()) != NULL);
            if (below(2) == 0) fv_pages_go(book->moments[below(i + 1)]);
        }
        for (book->live = LIVE_MAX; book->live > 0;) drop(below(book->live));
        fv_pages_go(NULL);
        EXPECT(fv_pages_bytes() <= bytes + 4 * PAGE); /* the thread's page or so */
    }
    expect_like(book->start, true);
}

static void dropped_moments_leave_nothing(void) { with_new_areas(walk_freed); }

/* ---- refusals -------------------------------------------------------------------------------- */

static void expect_refused(pid_t parent, const char *words) {
    char why[WHY_BYTES] = "";
    EXPECT(!fv_pages_open(parent, why, sizeof why));
    EXPECT(strstr(why, words) != NULL);
}

static void share(pid_t parent) {
    map(1, MAP_SHARED);
    expect_refused(parent, "MAP_SHARED");
}

static void map_too_much(pid_t parent) {
    uint8_t *at = map(2 * MAPPINGS + 2, MAP_PRIVATE);
    for (size_t i = 0; i < MAPPINGS; i++) mprotect(at + 2 * i * PAGE, PAGE, PROT_READ);
    expect_refused(parent, "too many mappings");
}

static void refusals_have_words(void) {
    with_new_areas(share);
    with_new_areas(map_too_much);
}

int main(int argc, char **argv) {
    (void)argc;
    start_without_rseq(argv);
    memory_is_what_it_was();
    memory_is_what_it_was_whatever_the_processor();
    hot_pages_cool_down();
    moments_are_counted();
    dropped_moments_leave_nothing();
    refusals_have_words();
    return 0;
}
