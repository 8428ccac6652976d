#include "log.h"

#include "runtime.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FV_LOG_LINE_BYTES = 1024, FV_LOG_PLACES_MAX = 8, FV_FRAME_BYTES = 2 * sizeof(void *) };

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

/* Read by the kernel, which does not mind if the target has no frame pointers and this is none. */
static bool read_frame(const void *at, uintptr_t frame[2]) {
    struct iovec to = {frame, FV_FRAME_BYTES}, from = {(void *)(uintptr_t)at, FV_FRAME_BYTES};
    if ((uintptr_t)at % sizeof *frame != 0) return false;
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == FV_FRAME_BYTES && frame[1] != 0;
}

/* Innermost first; a place to return to is the one behind the call. */
static void print_places(char *to, size_t size, const void *at) {
    uintptr_t frame[2];
    size_t n = (size_t)snprintf(to, size, "%s", "");
    for (uint32_t i = 0; i < FV_LOG_PLACES_MAX && read_frame(at, frame); i++) {
        n += (size_t)snprintf(to + n, size - n, "%s %#llx", i == 0 ? " at" : "",
                              (unsigned long long)frame[1] - 1);
        if (frame[0] <= (uintptr_t)at) return;
        at = (const void *)frame[0];
    }
}

void fv_log_draw(uint64_t number, const char *label, uint64_t bound, uint64_t value,
                 const char *said, const void *frame) {
    char limit[32] = "", at[FV_LOG_PLACES_MAX * 20 + 8];
    if (fv_rt.log_fd < 0) return;
    int saved = errno;
    if (bound != 0) snprintf(limit, sizeof limit, " of %llu", (unsigned long long)bound);
    print_places(at, sizeof at, frame);
    print_line("  draw %llu %s = %llu%s%s%s", (unsigned long long)number, label,
               (unsigned long long)value, limit, said, at);
    errno = saved;
}

void fv_log_mark(const char *what, const char *message, const char *detail) {
    if (fv_rt.log_fd < 0) return;
    print_line("  mark %s: %s%s%s (draw %llu)", what, message, *detail ? " " : "", detail,
               (unsigned long long)fv_layout_draws(fv_rt.slot));
}
