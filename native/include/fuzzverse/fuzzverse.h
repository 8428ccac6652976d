/* What a target includes, and nothing else: draws, marks, verdicts. C11 and C++11.
 *
 * A target is one simulation whose every random decision is drawn from here:
 *
 *     #include <fuzzverse/fuzzverse.h>
 *     FV_TARGET(coin) {
 *         int heads = 0;
 *         while (fv_chance(1, 2)) FV_SOMETIMES_GT(++heads, 3, "long streak");
 *         FV_ALWAYS(heads < 12, "streaks are short");
 *     }
 *
 * Build it with `fuzzverse-cc coin.c -o coin`, explore it with `fuzzverse run ./coin`. */
#ifndef FUZZVERSE_FUZZVERSE_H
#define FUZZVERSE_FUZZVERSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define FV_EXTERN_C_ extern "C"
extern "C" {
#else
#define FV_EXTERN_C_
#endif

enum { FV_KEYS_MAX = 8, FV_QUALITIES_MAX = 4, FV_CONDITIONS_MAX = 16 };

/* ---- the entry ------------------------------------------------------------------------------- */

struct fv_target {
    const char *name;
    void (*body)(void);
};

/* Defines the simulation; returning from the body ends the timeline with the verdict `ok`. */
#define FV_TARGET(target_name)                                                                     \
    static void fv_target_body_##target_name(void);                                                \
    FV_EXTERN_C_ const struct fv_target fv_target_entry;                                           \
    const struct fv_target fv_target_entry = {#target_name, fv_target_body_##target_name};         \
    static void fv_target_body_##target_name(void)

/* ---- draws: every random decision of a simulation -------------------------------------------- */

uint64_t fv_u64(void);                           /* uniform over all 64 bits */
uint64_t fv_below(uint64_t n);                   /* uniform in [0, n), n > 0 */
int64_t fv_between(int64_t lo, int64_t hi);      /* both ends included, lo <= hi */
bool fv_chance(uint32_t num, uint32_t den);      /* true with probability num/den, den > 0 */
void fv_bytes(void *to, size_t n);               /* one draw for every eight bytes */
uint32_t fv_pick(const char *label, uint32_t n); /* a labelled choice in [0, n), n > 0 */
/* An index in [0, n), each with probability weights[i] / their sum; the sum must be positive. */
uint32_t fv_weighted(const char *label, const uint32_t *weights, uint32_t n);

/* ---- verdicts and words ---------------------------------------------------------------------- */

/* Ends the timeline as a bug. Bugs are told apart by the format, not by what it prints, nor by
 * where it is called, which the log of a replay tells. */
void fv_bug(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* As fv_bug, of what lies at `count` places in the code, innermost first; 0 parts one stack from
 * the next. Told apart by the functions that they are in besides the message. */
void fv_bug_at(const uintptr_t *places, uint32_t count, const char *message)
    __attribute__((noreturn));
/* For other languages and bridges: as fv_bug, told apart by `identity`, shown as `message`. */
void fv_bug_as(const char *identity, const char *message) __attribute__((noreturn));
/* Kept on replay, free otherwise: the arguments are evaluated, nothing is formatted. */
void fv_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether anybody will read what fv_log() is given. */
bool fv_log_is_on(void);

/* ---- time ------------------------------------------------------------------------------------ */

/* For a simulation that keeps time itself, as the simulation kit does: from now on libc's clocks
 * answer what they showed last plus what `now` says, and its sleeping calls `sleep`. */
void fv_clock_from(uint64_t (*now)(void), void (*sleep)(uint64_t ns));

/* ---- marks: what matters to the search ------------------------------------------------------- */

enum fv_mark_kind {
    FV_KIND_ALWAYS,
    FV_KIND_ALWAYS_OR_UNREACHABLE,
    FV_KIND_UNREACHABLE,
    FV_KIND_SOMETIMES,
    FV_KIND_REACHABLE,
    FV_KIND_ALWAYS_NUMERIC,
    FV_KIND_SOMETIMES_NUMERIC,
    FV_KIND_SOMETIMES_ALL,
    FV_KIND_SOMETIMES_EACH,
    FV_KIND_FAULT, /* a fault site, made by FV_BUGGIFY */
    FV_KIND_COUNT
};

enum fv_compare { FV_COMPARE_NONE, FV_COMPARE_GT, FV_COMPARE_GE, FV_COMPARE_LT, FV_COMPARE_LE };

/* One assertion site. The macros below make one in each place and list it in the section
 * `fv_sites`, so that a site which no timeline ever reaches is known all the same. */
struct fv_site {
    const char *message;
    const char *file;
    uint32_t line;
    uint8_t kind;    /* enum fv_mark_kind */
    uint8_t compare; /* enum fv_compare */
    uint16_t reserved;
    uint32_t index; /* of its mark; given by the runtime at registration */
    uint32_t reserved2;
};

/* A name and a value: a key or quality of FV_SOMETIMES_EACH, a condition of FV_SOMETIMES_ALL. */
struct fv_pair {
    const char *name;
    int64_t value;
#ifdef __cplusplus
    fv_pair() = default;
    fv_pair(const char *n, long long v) : name(n), value(v) {}
    fv_pair(const char *n, long v) : name(n), value(v) {}
    fv_pair(const char *n, int v) : name(n), value(v) {}
    fv_pair(const char *n, unsigned v) : name(n), value(v) {}
    fv_pair(const char *n, bool v) : name(n), value(v) {}
    fv_pair(const char *n, unsigned long v) : name(n), value(static_cast<int64_t>(v)) {}
    fv_pair(const char *n, unsigned long long v) : name(n), value(static_cast<int64_t>(v)) {}
#endif
};

void fv_mark_bool(struct fv_site *site, bool condition);
void fv_mark_numeric(struct fv_site *site, int64_t left, int64_t right);
void fv_mark_all(struct fv_site *site, const struct fv_pair *conditions, uint32_t n);
void fv_mark_each(struct fv_site *site, const struct fv_pair *keys, uint32_t key_count,
                  const struct fv_pair *qualities, uint32_t quality_count);
bool fv_buggify(struct fv_site *site, uint32_t num, uint32_t den);

/* For other languages and bridges: the mark of this identity, made at its first use. NULL when
 * the table of dynamic marks is full; that is counted and reported, and NULL may be passed on to
 * the functions above. Lives as long as the process. */
struct fv_site *fv_mark_dynamic(enum fv_mark_kind kind, enum fv_compare compare,
                                const char *message, const char *file, uint32_t line);

/* Called by a constructor in every executable and shared library that has marks. */
void fv_sites_register(struct fv_site **start, struct fv_site **stop);

#ifdef __cplusplus
}
#endif

#ifdef __clang__
#define FV_UNCOUNTED_ __attribute__((no_sanitize("coverage")))
#else
#define FV_UNCOUNTED_
#endif

#ifndef FV_NO_SITES /* the runtime itself has none */
#ifdef __cplusplus
extern "C" {
#endif
extern struct fv_site *__start_fv_sites[] __attribute__((weak, visibility("hidden")));
extern struct fv_site *__stop_fv_sites[] __attribute__((weak, visibility("hidden")));
__attribute__((weak, visibility("hidden"), constructor)) void fv_sites_announce(void);
FV_UNCOUNTED_ void fv_sites_announce(void) { fv_sites_register(__start_fv_sites, __stop_fv_sites); }
#ifdef __cplusplus
}
#endif
#endif

#define FV_SITE_(name, kind, compare, message)                                                     \
    static struct fv_site name = {message, __FILE__, __LINE__, kind, compare, 0, UINT32_MAX, 0};   \
    static struct fv_site *name##_entry __attribute__((section("fv_sites"), used)) = &name

#define FV_BOOL_(kind, condition, message)                                                         \
    do {                                                                                           \
        FV_SITE_(fv_site_, kind, FV_COMPARE_NONE, message);                                        \
        fv_mark_bool(&fv_site_, (condition));                                                      \
    } while (0)

#define FV_NUMERIC_(kind, compare, left, right, message)                                           \
    do {                                                                                           \
        FV_SITE_(fv_site_, kind, compare, message);                                                \
        fv_mark_numeric(&fv_site_, (int64_t)(left), (int64_t)(right));                             \
    } while (0)

/* Must hold every time, and must be reached; a failure is a bug. */
#define FV_ALWAYS(condition, message) FV_BOOL_(FV_KIND_ALWAYS, condition, message)
/* Must hold every time that it is reached, if it is. */
#define FV_ALWAYS_OR_UNREACHABLE(condition, message)                                               \
    FV_BOOL_(FV_KIND_ALWAYS_OR_UNREACHABLE, condition, message)
/* Reaching it is a bug. */
#define FV_UNREACHABLE(message) FV_BOOL_(FV_KIND_UNREACHABLE, false, message)
/* Must hold in some timeline; the first time is a discovery. */
#define FV_SOMETIMES(condition, message) FV_BOOL_(FV_KIND_SOMETIMES, condition, message)
#define FV_REACHABLE(message) FV_BOOL_(FV_KIND_REACHABLE, true, message)

/* Numeric marks keep a watermark: how near to the bound any timeline came. */
#define FV_ALWAYS_GT(a, b, m) FV_NUMERIC_(FV_KIND_ALWAYS_NUMERIC, FV_COMPARE_GT, a, b, m)
#define FV_ALWAYS_GE(a, b, m) FV_NUMERIC_(FV_KIND_ALWAYS_NUMERIC, FV_COMPARE_GE, a, b, m)
#define FV_ALWAYS_LT(a, b, m) FV_NUMERIC_(FV_KIND_ALWAYS_NUMERIC, FV_COMPARE_LT, a, b, m)
#define FV_ALWAYS_LE(a, b, m) FV_NUMERIC_(FV_KIND_ALWAYS_NUMERIC, FV_COMPARE_LE, a, b, m)
/* A better watermark is a discovery. */
#define FV_SOMETIMES_GT(a, b, m) FV_NUMERIC_(FV_KIND_SOMETIMES_NUMERIC, FV_COMPARE_GT, a, b, m)
#define FV_SOMETIMES_GE(a, b, m) FV_NUMERIC_(FV_KIND_SOMETIMES_NUMERIC, FV_COMPARE_GE, a, b, m)
#define FV_SOMETIMES_LT(a, b, m) FV_NUMERIC_(FV_KIND_SOMETIMES_NUMERIC, FV_COMPARE_LT, a, b, m)
#define FV_SOMETIMES_LE(a, b, m) FV_NUMERIC_(FV_KIND_SOMETIMES_NUMERIC, FV_COMPARE_LE, a, b, m)

#define FV_COUNT_(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))
#ifdef __cplusplus
#define FV_CAPPED_(count, max, words) static_assert((count) <= (max), words)
#else
#define FV_CAPPED_(count, max, words) _Static_assert((count) <= (max), words)
#endif

/* FV_SOMETIMES_ALL("m", {"leader", has_leader}, {"synced", synced}): all true at once in some
 * timeline; more of them true at once than ever before is a discovery. */
#define FV_SOMETIMES_ALL(message, ...)                                                             \
    do {                                                                                           \
        FV_SITE_(fv_site_, FV_KIND_SOMETIMES_ALL, FV_COMPARE_NONE, message);                       \
        const struct fv_pair fv_conditions_[] = {__VA_ARGS__};                                     \
        FV_CAPPED_(FV_COUNT_(fv_conditions_), FV_CONDITIONS_MAX, "too many conditions");           \
        fv_mark_all(&fv_site_, fv_conditions_, FV_COUNT_(fv_conditions_));                         \
    } while (0)

/* FV_SOMETIMES_EACH("m", FV_KEYS({"floor", f}, {"x", x}), FV_QUALITY({"health", hp})): each
 * combination of keys is a bucket; a new bucket is a discovery, and so is a better quality of a
 * known one (higher is better, the first quality counts most). FV_QUALITY() for none. */
#define FV_KEYS(...) {__VA_ARGS__}
#define FV_QUALITY(...) {{"", 0}, __VA_ARGS__}
#define FV_SOMETIMES_EACH(message, keys, ...)                                                      \
    do {                                                                                           \
        FV_SITE_(fv_site_, FV_KIND_SOMETIMES_EACH, FV_COMPARE_NONE, message);                      \
        const struct fv_pair fv_keys_[] = keys;                                                    \
        const struct fv_pair fv_qualities_[] = __VA_ARGS__;                                        \
        FV_CAPPED_(FV_COUNT_(fv_keys_), FV_KEYS_MAX, "too many keys");                             \
        FV_CAPPED_(FV_COUNT_(fv_qualities_), FV_QUALITIES_MAX + 1, "too many qualities");          \
        fv_mark_each(&fv_site_, fv_keys_, FV_COUNT_(fv_keys_), fv_qualities_ + 1,                  \
                     FV_COUNT_(fv_qualities_) - 1);                                                \
    } while (0)

/* A fault site: enabled in a quarter of the root seeds, then true with probability num/den. */
#define FV_BUGGIFY(num, den)                                                                       \
    __extension__({                                                                                \
        FV_SITE_(fv_site_, FV_KIND_FAULT, FV_COMPARE_NONE, "FV_BUGGIFY");                          \
        fv_buggify(&fv_site_, (num), (den));                                                       \
    })

#endif
