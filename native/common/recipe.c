#include "recipe.h"

#include <string.h>

#include "mix.h"

/* A cursor over text that is not NUL-terminated and not trusted. */
struct reader {
    const char *at, *end;
};

static bool read_word(struct reader *r, const char *word) {
    size_t n = strlen(word);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0) return false;
    r->at += n;
    return true;
}

/* Decimal without sign or leading zeros, so that printing gives the same text back. */
static bool read_number(struct reader *r, uint64_t *number) {
    const char *start = r->at;
    uint64_t value = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        uint64_t digit = (uint64_t)(*r->at - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *number = value;
    return r->at > start && (*start != '0' || r->at == start + 1);
}

/* A number that is not 0, nor more than `max`. */
static bool read_some(struct reader *r, uint32_t max, uint32_t *number) {
    uint64_t value = 0;
    if (!read_number(r, &value) || value == 0 || value > max) return false;
    *number = (uint32_t)value;
    return true;
}

static bool read_wildness(struct reader *r, struct fv_segment *segment) {
    uint32_t one_in = 0, offset = 0;
    segment->kind = FV_SEGMENT_WILD;
    if (!read_some(r, FV_WILD_ONE_IN_MAX, &one_in)) return false;
    if (read_word(r, "+") && !read_some(r, FV_WILD_OFFSET_MAX, &offset)) return false;
    segment->offset = fv_segment_wild(one_in, offset);
    return true;
}

static bool read_offset(struct reader *r, struct fv_segment *segment) {
    if (read_word(r, "*")) return read_wildness(r, segment);
    return !read_word(r, "+") || read_some(r, UINT32_MAX, &segment->offset);
}

static bool read_nudge(struct reader *r, struct fv_segment *segment, bool is_down) {
    if (!read_number(r, &segment->seed)) return false;
    if (segment->seed == 0 || segment->seed > INT64_MAX) return false;
    if (is_down) segment->seed = -segment->seed;
    segment->kind = FV_SEGMENT_NUDGE;
    return true;
}

static bool read_segment(struct reader *r, struct fv_segment *segment) {
    *segment = (struct fv_segment){.kind = FV_SEGMENT_RESEED};
    if (!read_number(r, &segment->count)) return false;
    if (read_word(r, "@plain")) {
        segment->kind = FV_SEGMENT_PLAIN;
        return true;
    }
    if (read_word(r, "@")) return read_number(r, &segment->seed) && read_offset(r, segment);
    if (read_word(r, "+")) return read_nudge(r, segment, false);
    if (read_word(r, "-")) return read_nudge(r, segment, true);
    segment->kind = FV_SEGMENT_ANSWER;
    return read_word(r, "=") && read_number(r, &segment->seed);
}

enum fv_err fv_recipe_parse(struct fv_recipe *recipe, const char *text, size_t n) {
    struct reader r = {text, text + n};
    recipe->segment_count = 0;
    if (n == 0) return FV_ERR_NONE;
    do {
        if (recipe->segment_count == FV_SEGMENTS_MAX) return FV_ERR_TOO_LONG;
        if (!read_segment(&r, &recipe->segments[recipe->segment_count])) return FV_ERR_SYNTAX;
        recipe->segment_count++;
    } while (read_word(&r, " -> "));
    return r.at == r.end ? FV_ERR_NONE : FV_ERR_SYNTAX;
}

static size_t print_text(char *to, const char *text) {
    size_t n = strlen(text);
    memcpy(to, text, n);
    return n;
}

static size_t print_number(char *to, uint64_t value) {
    char digits[20];
    size_t n = 0;
    do digits[n++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    for (size_t i = 0; i < n; i++) to[i] = digits[n - 1 - i];
    return n;
}

static size_t print_offset(char *to, const struct fv_segment *segment) {
    uint32_t one_in = fv_segment_one_in(segment->kind, segment->offset);
    uint32_t offset = fv_segment_skips(segment->kind, segment->offset);
    size_t n = 0;
    if (one_in > 0) to[n++] = '*';
    if (one_in > 0) n += print_number(to + n, one_in);
    if (offset == 0) return n;
    to[n++] = '+';
    return n + print_number(to + n, offset);
}

static size_t print_segment(char *to, const struct fv_segment *segment) {
    size_t n = print_number(to, segment->count);
    bool is_down = segment->kind == FV_SEGMENT_NUDGE && segment->seed > INT64_MAX;
    static const char signs[FV_SEGMENT_KINDS] = "@=+@@";
    if (segment->kind == FV_SEGMENT_PLAIN) return n + print_text(to + n, "@plain");
    to[n++] = is_down ? '-' : signs[segment->kind % FV_SEGMENT_KINDS];
    n += print_number(to + n, is_down ? -segment->seed : segment->seed);
    return n + print_offset(to + n, segment);
}

size_t fv_recipe_print(const struct fv_recipe *recipe, char *to) {
    size_t n = 0;
    for (uint32_t i = 0; i < recipe->segment_count; i++) {
        if (i > 0) n += print_text(to + n, " -> ");
        n += print_segment(to + n, &recipe->segments[i]);
    }
    to[n] = '\0';
    return n;
}

uint64_t fv_recipe_tape_seed(const uint8_t *tape, size_t n) {
    return fv_mix(fv_mix_bytes(tape, n));
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum fv_err read_tape(struct reader *r, struct fv_recipe *recipe, uint8_t *tape) {
    recipe->has_tape = 1;
    for (; r->end - r->at >= 2 && *r->at != '\n'; r->at += 2) {
        int high = hex_digit(r->at[0]), low = hex_digit(r->at[1]);
        if (high < 0 || low < 0) return FV_ERR_SYNTAX;
        if (recipe->tape_size == FV_TAPE_BYTES_MAX) return FV_ERR_TOO_LONG;
        tape[recipe->tape_size++] = (uint8_t)(high << 4 | low);
    }
    recipe->root = fv_recipe_tape_seed(tape, recipe->tape_size);
    return FV_ERR_NONE;
}

static enum fv_err read_origin(struct reader *r, struct fv_recipe *recipe, uint8_t *tape) {
    if (read_word(r, "tape ")) return read_tape(r, recipe, tape);
    return read_word(r, "root ") && read_number(r, &recipe->root) ? FV_ERR_NONE : FV_ERR_SYNTAX;
}

static enum fv_err read_path(struct reader *r, struct fv_recipe *recipe) {
    if (!read_word(r, "path ")) return r->at == r->end ? FV_ERR_NONE : FV_ERR_SYNTAX;
    const char *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
    if (end == NULL || end + 1 != r->end) return FV_ERR_SYNTAX;
    return fv_recipe_parse(recipe, r->at, (size_t)(end - r->at));
}

enum fv_err fv_recipe_from_input(struct fv_recipe *recipe, uint8_t *tape, const uint8_t *bytes,
                                 size_t n) {
    struct reader r = {(const char *)bytes, (const char *)bytes + n};
    memset(recipe, 0, offsetof(struct fv_recipe, segments));
    if (!read_word(&r, FV_INPUT_HEADER)) {
        if (n > FV_TAPE_BYTES_MAX) return FV_ERR_TOO_LONG;
        recipe->has_tape = 1;
        recipe->tape_size = (uint32_t)n;
        if (n > 0) memcpy(tape, bytes, n);
        recipe->root = fv_recipe_tape_seed(tape, n);
        return FV_ERR_NONE;
    }
    enum fv_err err = read_origin(&r, recipe, tape);
    if (err != FV_ERR_NONE) return err;
    return read_word(&r, "\n") ? read_path(&r, recipe) : FV_ERR_SYNTAX;
}
