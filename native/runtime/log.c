#include "log.h"

#include "runtime.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { FV_LOG_LINE_BYTES = 1024 };

static void write_all(const char *text, size_t n) {
    while (n > 0) {
        ssize_t done = write(fv_rt.log_fd, text, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return; /* nobody reads: the timeline goes on as it would without */
        text += done;
        n -= (size_t)done;
    }
}

__attribute__((format(printf, 1, 0))) static void write_line(const char *format, va_list args) {
    char line[FV_LOG_LINE_BYTES];
    int saved = errno;
    int n = vsnprintf(line, sizeof line - 1, format, args);
    size_t length = n < 0 ? 0 : (size_t)n < sizeof line - 1 ? (size_t)n : sizeof line - 2;
    if (length == 0 || line[length - 1] != '\n') line[length++] = '\n';
    write_all(line, length);
    errno = saved;
}

__attribute__((format(printf, 1, 2))) static void print_line(const char *format, ...) {
    va_list args;
    va_start(args, format);
    write_line(format, args);
    va_end(args);
}

bool fv_log_is_on(void) { return fv_rt.log_fd >= 0; }

void fv_log(const char *format, ...) {
    if (__builtin_expect(fv_rt.log_fd < 0, 1)) return;
    va_list args;
    va_start(args, format);
    write_line(format, args);
    va_end(args);
}

void fv_log_draw(uint64_t number, const char *label, uint64_t bound, uint64_t value) {
    if (fv_rt.log_fd < 0) return;
    if (bound == 0)
        print_line("  draw %llu %s = %llu", (unsigned long long)number, label,
                   (unsigned long long)value);
    else
        print_line("  draw %llu %s = %llu of %llu", (unsigned long long)number, label,
                   (unsigned long long)value, (unsigned long long)bound);
}

void fv_log_mark(const char *what, const char *message, const char *detail) {
    if (fv_rt.log_fd < 0) return;
    print_line("  mark %s: %s%s%s (draw %llu)", what, message, *detail ? " " : "", detail,
               (unsigned long long)fv_layout_draws(fv_rt.slot));
}
