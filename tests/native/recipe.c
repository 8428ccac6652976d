/* Recipes as text, and inputs that nobody vouches for. */
#include "recipe.h"

#include <stdint.h>
#include <string.h>

#include "expect.h"
#include "mix.h"

enum { INPUTS = 20000, INPUT_BYTES_MAX = 96 };

static struct fv_recipe recipe;
static char text[FV_RECIPE_TEXT_BYTES];
static uint8_t tape[FV_TAPE_BYTES_MAX];

static enum fv_err parse(const char *words) {
    return fv_recipe_parse(&recipe, words, strlen(words));
}

static void parsing_then_printing_is_the_identity(void) {
    static const char *const texts[] = {
        "",
        "0@0",
        "151@8837201 -> 80@1293847",
        "18446744073709551615@18446744073709551615",
        "1@2 -> 3@4 -> 5@6 -> 7@8",
        "80@7+37",
        "80@7+4294967295",
        "12=5",
        "0=18446744073709551615",
        "12+1",
        "12-1",
        "12+9223372036854775807",
        "12-9223372036854775807",
        "3@5+2 -> 0=0 -> 4+2 -> 4-2 -> 9@1",
        "0@plain",
        "80@7*4095",
        "80@7*16+37",
        "80@7*1+1048575",
        "7@3 -> 12@plain -> 2=1 -> 9@1+4",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        EXPECT(parse(texts[i]) == FV_ERR_NONE);
        EXPECT(fv_recipe_print(&recipe, text) == strlen(texts[i]));
        EXPECT(strcmp(text, texts[i]) == 0);
    }
}

static void segments_say_what_they_do(void) {
    static const struct {
        const char *text;
        struct fv_segment segment;
    } rows[] = {
        {"80@7", {80, 7, FV_SEGMENT_RESEED, 0}},    {"80@7+37", {80, 7, FV_SEGMENT_RESEED, 37}},
        {"12=5", {12, 5, FV_SEGMENT_ANSWER, 0}},    {"12+1", {12, 1, FV_SEGMENT_NUDGE, 0}},
        {"12-1", {12, -1ull, FV_SEGMENT_NUDGE, 0}}, {"9@plain", {9, 0, FV_SEGMENT_PLAIN, 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        EXPECT(parse(rows[i].text) == FV_ERR_NONE && recipe.segment_count == 1);
        EXPECT(memcmp(recipe.segments, &rows[i].segment, sizeof rows[i].segment) == 0);
    }
}

static void the_longest_recipe_fits(void) {
    memset(&recipe, 0, sizeof recipe);
    recipe.segment_count = FV_SEGMENTS_MAX;
    for (size_t i = 0; i < FV_SEGMENTS_MAX; i++)
        recipe.segments[i] =
            (struct fv_segment){UINT64_MAX, UINT64_MAX, FV_SEGMENT_RESEED, UINT32_MAX};
    size_t n = fv_recipe_print(&recipe, text);
    EXPECT(n < FV_RECIPE_TEXT_BYTES);
    EXPECT(fv_recipe_parse(&recipe, text, n) == FV_ERR_NONE);
    EXPECT(recipe.segment_count == FV_SEGMENTS_MAX);
    EXPECT(n + 8 < FV_RECIPE_TEXT_BYTES);
    strcpy(text + n, " -> 1@1");
    EXPECT(parse(text) == FV_ERR_TOO_LONG);
}

static void what_is_no_recipe_is_refused(void) {
    static const char *const texts[] = {
        " ",
        "1",
        "1@",
        "@1",
        "1@2 ",
        "1@2->3@4",
        "1@2 -> ",
        "01@2",
        "1@02",
        "-1@2",
        "+1@2",
        "1@2 -> 3",
        "0x1@2",
        " 1@2",
        "1@2 -> a",
        "1 @ 2",
        "1@2,3@4",
        "1@2\n",
        "1@2 -> 3@",
        "1@@2",
        "1@2 - > 3@4",
        "18446744073709551616@1",
        "1@18446744073709551616",
        "99999999999999999999999@1",
        "12+0",
        "12-0",
        "1@2+0",
        "1@2+4294967296",
        "12=",
        "12~1",
        "12+",
        "12-",
        "=5",
        "12+01",
        "12=05",
        "12=-1",
        "12=5+1",
        "12+1+1",
        "12+-1",
        "1@2+",
        "1@2-1",
        "1@2+1+1",
        "12+9223372036854775808",
        "12-9223372036854775808",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        EXPECT(parse(texts[i]) == FV_ERR_SYNTAX);
}

static enum fv_err read_input(const char *words) {
    return fv_recipe_from_input(&recipe, tape, (const uint8_t *)words, strlen(words));
}

static void inputs_are_recipes_or_tapes(void) {
    EXPECT(read_input(FV_INPUT_HEADER "root 7\npath 1@2\n") == FV_ERR_NONE);
    EXPECT(recipe.root == 7 && recipe.segment_count == 1 && !recipe.has_tape);
    EXPECT(read_input(FV_INPUT_HEADER "tape 00ff\n") == FV_ERR_NONE);
    EXPECT(recipe.has_tape && recipe.tape_size == 2 && tape[0] == 0 && tape[1] == 0xff);
    EXPECT(recipe.root == fv_recipe_tape_seed((const uint8_t *)"\0\xff", 2));
    EXPECT(read_input("anything else") == FV_ERR_NONE);
    EXPECT(recipe.has_tape && recipe.tape_size == strlen("anything else"));
    EXPECT(fv_recipe_from_input(&recipe, tape, tape, FV_TAPE_BYTES_MAX + 1) == FV_ERR_TOO_LONG);
}

/* The sanitizers watch; whatever comes, it is read to its end and no further. */
static void any_bytes_are_survived(void) {
    static const char *const starts[] = {"", FV_INPUT_HEADER, FV_INPUT_HEADER "root 1\npath ",
                                         FV_INPUT_HEADER "tape "};
    static const char alphabet[] = "0123456789abcdefrotph @=+->\n";
    for (uint64_t round = 0; round < INPUTS; round++) {
        const char *start = starts[round % 4];
        size_t length = strlen(start), rest = fv_mix_draw(round, 0) % INPUT_BYTES_MAX;
        uint8_t *bytes = malloc(length + rest + 1);
        memcpy(bytes, start, length);
        for (size_t i = 0; i < rest; i++) {
            uint64_t draw = fv_mix_draw(round, i + 1);
            bytes[length + i] = draw % 16 == 0 ? (uint8_t)(draw >> 8)
                                               : (uint8_t)alphabet[draw % (sizeof alphabet - 1)];
        }
        uint8_t *exact = realloc(bytes, length + rest + (length + rest == 0));
        enum fv_err err = fv_recipe_from_input(&recipe, tape, exact, length + rest);
        if (err == FV_ERR_NONE) EXPECT(fv_recipe_print(&recipe, text) < FV_RECIPE_TEXT_BYTES);
        free(exact);
    }
}

int main(void) {
    parsing_then_printing_is_the_identity();
    segments_say_what_they_do();
    the_longest_recipe_fits();
    what_is_no_recipe_is_refused();
    inputs_are_recipes_or_tapes();
    any_bytes_are_survived();
    return 0;
}
