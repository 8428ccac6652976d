/* What a C test of this folder needs: an expectation that says where it failed. */
#ifndef FV_TESTS_EXPECT_H
#define FV_TESTS_EXPECT_H

#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);               \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

_Noreturn void fv_check_failed(const char *what, const char *file, int line);
_Noreturn void fv_check_failed(const char *what, const char *file, int line) {
    fprintf(stderr, "%s:%d: check failed: %s\n", file, line, what);
    abort();
}

#endif
