/* Invariants that stay on in release builds. Bad input is never checked with these: it is an
 * enum fv_err instead. */
#ifndef FV_COMMON_CHECK_H
#define FV_COMMON_CHECK_H

/* Defined by each side: the runtime ends the timeline as lost, the core aborts. */
_Noreturn void fv_check_failed(const char *what, const char *file, int line);

#define FV_CHECK(condition)                                                                        \
    (__builtin_expect(!(condition), 0) ? fv_check_failed(#condition, __FILE__, __LINE__) : (void)0)

#define FV_LIKELY(x) __builtin_expect(!!(x), 1)
#define FV_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Failures that are expected, handled, and told to the user by the caller. */
enum fv_err {
    FV_ERR_NONE,
    FV_ERR_SYNTAX,   /* text that is no recipe */
    FV_ERR_TOO_LONG, /* past a named maximum */
    FV_ERR_SYSTEM,   /* errno says why */
    FV_ERR_MISMATCH, /* a target of another build or ABI */
    FV_ERR_DIED,     /* a worker ended */
    FV_ERR_TIMEOUT,
};

#endif
