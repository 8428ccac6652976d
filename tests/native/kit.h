/* What the simulation kit calls of the runtime, for tests of its parts. */
#ifndef FV_TESTS_KIT_H
#define FV_TESTS_KIT_H

#include <stdarg.h>
#include <string.h>

#include <fuzzverse/fuzzverse.h>

#include "expect.h"

enum { LOG_MAX = 1 << 16 };

static char logged[LOG_MAX];

void fv_bug(const char *format, ...) {
    fprintf(stderr, "%s\n", format);
    abort();
}

void fv_log(const char *format, ...) {
    size_t length = strlen(logged);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(logged + length, sizeof logged - length, format, arguments);
    va_end(arguments);
    strncat(logged, "\n", sizeof logged - strlen(logged) - 1);
}

void fv_sites_register(struct fv_site **start, struct fv_site **stop) { EXPECT(start == stop); }

#endif
