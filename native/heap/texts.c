/* Comparisons of texts, in the place of libc's: what a harness looks for in its input is worth
 * trying there. Linked into harnesses that no sanitizer brings the same for; clang must not have
 * put loads in the place of calls (-fno-builtin-memcmp and its like). */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Of the runtime, which every target links. */
bool fv_compare_notes(void);
void fv_compare_note_texts(const void *a, size_t a_size, const void *b, size_t b_size);

enum { FV_LOOKED_AT = 64 /* bytes of a text */ };

#undef memcmp
#undef bcmp
#undef strcmp
#undef strncmp
#undef strcasecmp
#undef strncasecmp
#undef strstr
#undef strcasestr
#undef memmem

static struct {
    int (*memcmp)(const void *, const void *, size_t);
    int (*strcmp)(const char *, const char *);
    int (*strncmp)(const char *, const char *, size_t);
    int (*strcasecmp)(const char *, const char *);
    int (*strncasecmp)(const char *, const char *, size_t);
    char *(*strstr)(const char *, const char *);
    char *(*strcasestr)(const char *, const char *);
    void *(*memmem)(const void *, size_t, const void *, size_t);
} libc;

/* Whoever compares before that, in the loader or in a constructor, is served by what is here. */
__attribute__((constructor(101))) static void find_libc(void) {
    *(void **)&libc.memcmp = dlsym(RTLD_NEXT, "memcmp");
    *(void **)&libc.strcmp = dlsym(RTLD_NEXT, "strcmp");
    *(void **)&libc.strncmp = dlsym(RTLD_NEXT, "strncmp");
    *(void **)&libc.strcasecmp = dlsym(RTLD_NEXT, "strcasecmp");
    *(void **)&libc.strncasecmp = dlsym(RTLD_NEXT, "strncasecmp");
    *(void **)&libc.strstr = dlsym(RTLD_NEXT, "strstr");
    *(void **)&libc.strcasestr = dlsym(RTLD_NEXT, "strcasestr");
    *(void **)&libc.memmem = dlsym(RTLD_NEXT, "memmem");
}

static size_t length(const char *text, size_t most) {
    size_t n = 0;
    while (n < most && text[n] != '\0') n++;
    return n;
}

static __attribute__((noinline, cold)) void note(const char *a, const char *b, size_t most) {
    if (most > FV_LOOKED_AT) most = FV_LOOKED_AT;
    fv_compare_note_texts(a, length(a, most), b, length(b, most));
}

/* What is sought, and what stands in its place at the beginning. */
static __attribute__((noinline, cold)) void note_search(const char *in, const char *text) {
    size_t n = length(text, FV_LOOKED_AT);
    fv_compare_note_texts(in, length(in, n), text, n);
}

/* ---- without libc ---------------------------------------------------------------------------- */

static int lower(unsigned char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; }

static int plain_compare(const void *a, const void *b, size_t n, bool ends_at_nul, bool folds) {
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++) {
        int difference = folds ? lower(x[i]) - lower(y[i]) : x[i] - y[i];
        if (difference != 0) return difference;
        if (ends_at_nul && x[i] == '\0') return 0;
    }
    return 0;
}

static void *plain_search(const void *in, size_t size, const void *text, size_t n, bool folds) {
    const char *at = in;
    for (size_t i = 0; n <= size && i <= size - n; i++)
        if (plain_compare(at + i, text, n, false, folds) == 0) return (void *)(uintptr_t)(at + i);
    return NULL;
}

/* ---- in its place ---------------------------------------------------------------------------- */

int memcmp(const void *a, const void *b, size_t n) {
    if (__builtin_expect(libc.memcmp == NULL, 0)) return plain_compare(a, b, n, false, false);
    if (__builtin_expect(fv_compare_notes(), 0)) fv_compare_note_texts(a, n, b, n);
    return libc.memcmp(a, b, n);
}

int bcmp(const void *a, const void *b, size_t n) { return memcmp(a, b, n); }

int strcmp(const char *a, const char *b) {
    if (__builtin_expect(libc.strcmp == NULL, 0)) return plain_compare(a, b, SIZE_MAX, true, false);
    if (__builtin_expect(fv_compare_notes(), 0)) note(a, b, SIZE_MAX);
    return libc.strcmp(a, b);
}

int strncmp(const char *a, const char *b, size_t n) {
    if (__builtin_expect(libc.strncmp == NULL, 0)) return plain_compare(a, b, n, true, false);
    if (__builtin_expect(fv_compare_notes(), 0)) note(a, b, n);
    return libc.strncmp(a, b, n);
}

int strcasecmp(const char *a, const char *b) {
    if (__builtin_expect(libc.strcasecmp == NULL, 0))
        return plain_compare(a, b, SIZE_MAX, true, true);
    if (__builtin_expect(fv_compare_notes(), 0)) note(a, b, SIZE_MAX);
    return libc.strcasecmp(a, b);
}

int strncasecmp(const char *a, const char *b, size_t n) {
    if (__builtin_expect(libc.strncasecmp == NULL, 0)) return plain_compare(a, b, n, true, true);
    if (__builtin_expect(fv_compare_notes(), 0)) note(a, b, n);
    return libc.strncasecmp(a, b, n);
}

char *strstr(const char *in, const char *text) {
    if (__builtin_expect(libc.strstr == NULL, 0))
        return plain_search(in, length(in, SIZE_MAX), text, length(text, SIZE_MAX), false);
    if (__builtin_expect(fv_compare_notes(), 0)) note_search(in, text);
    return libc.strstr(in, text);
}

char *strcasestr(const char *in, const char *text) {
    if (__builtin_expect(libc.strcasestr == NULL, 0))
        return plain_search(in, length(in, SIZE_MAX), text, length(text, SIZE_MAX), true);
    if (__builtin_expect(fv_compare_notes(), 0)) note_search(in, text);
    return libc.strcasestr(in, text);
}

void *memmem(const void *in, size_t size, const void *text, size_t n) {
    if (__builtin_expect(libc.memmem == NULL, 0)) return plain_search(in, size, text, n, false);
    if (__builtin_expect(fv_compare_notes(), 0))
        fv_compare_note_texts(in, n < size ? n : size, text, n);
    return libc.memmem(in, size, text, n);
}
