/* links: runtime/answers runtime/operands */
/* Where one side of a comparison stands in an input, the other is to be tried there. */
#include "answers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"

enum { ROOM = 64 };

static struct fv_operands operands;
static struct fv_answers answers;

static bool leads_to(const char *from, size_t size, const char *to, size_t n) {
    fv_answers_find(&answers, &operands, (const uint8_t *)from, size);
    for (uint32_t i = 0; i < answers.count; i++) {
        uint8_t *data = malloc(ROOM);
        memcpy(data, from, size);
        size_t made = fv_answers_apply(&answers.of[i], data, size, ROOM);
        EXPECT(made <= ROOM);
        bool is_it = made == n && memcmp(data, to, n) == 0;
        free(data);
        if (is_it) return true;
    }
    return false;
}

#define LEADS(from, to) leads_to(from, sizeof from - 1, to, sizeof to - 1)

static void numbers_of_either_order_and_width(void) {
    fv_operands_clear(&operands);
    fv_operands_note(&operands, 0x61626364, 0x31323334, 4);
    EXPECT(LEADS("..dcba..", "..4321.."));
    EXPECT(LEADS("..abcd..", "..1234.."));
    EXPECT(LEADS("..1234..", "..abcd.."));
    EXPECT(!LEADS("..ab..", "..12.."));
    fv_operands_clear(&operands);
    fv_operands_note(&operands, 0x6162, 0x3132, 8);
    EXPECT(LEADS("..ab..", "..12.."));
    EXPECT(LEADS("\x62\x61\0\0\0\0\0\0", "\x32\x31\0\0\0\0\0\0"));
}

static void texts_of_equal_and_other_lengths(void) {
    fv_operands_clear(&operands);
    fv_operands_note_texts(&operands, "GET", 3, "OPTIONS", 7);
    EXPECT(LEADS("GET / HTTP", "OPTIONS / HTTP"));
    EXPECT(LEADS("GET / HTTP", "OPTIONSTTP"));
    EXPECT(LEADS("OPTIONS *", "GET *"));
}

static void what_is_cut_at_the_end_still_fits(void) {
    fv_operands_clear(&operands);
    fv_operands_note_texts(&operands, "ab", 2, "abcdefgh", 8);
    EXPECT(LEADS("..ab", "..abcdefgh"));
    fv_answers_find(&answers, &operands, (const uint8_t *)"..ab", 4);
    for (uint32_t i = 0; i < answers.count; i++) {
        uint8_t data[4] = {'.', '.', 'a', 'b'};
        EXPECT(fv_answers_apply(&answers.of[i], data, 4, 4) <= 4);
    }
}

static void equal_sides_and_strangers_lead_nowhere(void) {
    fv_operands_clear(&operands);
    fv_operands_note(&operands, 77777, 77777, 4);
    fv_operands_note_texts(&operands, "same", 4, "same", 4);
    fv_operands_note_texts(&operands, "none", 4, "", 0);
    fv_operands_note(&operands, 0x7a7a7a7a, 0x79797979, 4);
    fv_answers_find(&answers, &operands, (const uint8_t *)"same none", 9);
    EXPECT(answers.count == 0);
}

static void there_is_an_end_to_it(void) {
    uint8_t blank[ROOM] = {0};
    fv_operands_clear(&operands);
    for (uint64_t i = 0; i < 5000; i++) fv_operands_note(&operands, 0, 0x10000 + i * 77, 8);
    fv_answers_find(&answers, &operands, blank, sizeof blank);
    EXPECT(answers.count == FV_ANSWERS_MAX);
}

int main(void) {
    numbers_of_either_order_and_width();
    texts_of_equal_and_other_lengths();
    what_is_cut_at_the_end_still_fits();
    equal_sides_and_strangers_lead_nowhere();
    there_is_an_end_to_it();
    return 0;
}
