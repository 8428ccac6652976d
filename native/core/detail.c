#include "detail.h"

#include <stdio.h>
#include <string.h>

#include "../common/public.h"

/* As printf would; a new state of every timeline early in a campaign makes that felt. */
static size_t put_text(char *to, size_t size, const char *text) {
    size_t n = strlen(text);
    if (n > size) n = size;
    memcpy(to, text, n);
    return n;
}

static size_t put_number(char *to, size_t size, int64_t value) {
    char digits[24];
    size_t at = sizeof digits - 1;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    digits[at] = '\0';
    do digits[--at] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0) digits[--at] = '-';
    return put_text(to, size, digits + at);
}

static int print_keys(const struct fv_mark *m, const int64_t *keys, uint32_t count, char *to,
                      size_t size) {
    size_t n = 0;
    for (uint32_t i = 0; i < count && i < FV_LAYOUT_KEYS_MAX; i++) {
        n += put_text(to + n, size - n, i > 0 ? " " : "");
        n += put_text(to + n, size - n, i < m->key_count ? m->key_names[i] : "?");
        n += put_text(to + n, size - n, "=");
        n += put_number(to + n, size - n, keys[i]);
    }
    return (int)n;
}

int fv_detail_print(const struct fv_mark *m, const int64_t *keys, uint32_t key_count,
                    const int64_t *qualities, char *to, size_t size) {
    switch (m->kind) {
    case FV_KIND_SOMETIMES_EACH: return print_keys(m, keys, key_count, to, size);
    case FV_KIND_SOMETIMES_NUMERIC:
        return snprintf(to, size, "margin %lld", (long long)qualities[0]);
    case FV_KIND_SOMETIMES_ALL:
        return snprintf(to, size, "%lld of %u", (long long)keys[0], m->condition_count);
    default: return snprintf(to, size, "passed");
    }
}
