/* links: heap/texts */
/* flags: -fno-builtin -fsanitize=undefined */
/* Comparisons of texts answer as libc's do, and say what they compared while somebody listens. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "expect.h"

bool fv_compare_notes(void);
void fv_compare_note_texts(const void *a, size_t a_size, const void *b, size_t b_size);

/* Volatile: compilers are told that who compares texts changes nothing. */
static volatile bool listens;
static volatile size_t note_count, a_noted, b_noted;

bool fv_compare_notes(void) { return listens; }

void fv_compare_note_texts(const void *a, size_t a_size, const void *b, size_t b_size) {
    EXPECT(a != NULL && b != NULL);
    note_count++;
    a_noted = a_size;
    b_noted = b_size;
}

static int sign(int n) { return (n > 0) - (n < 0); }

static void answers_are_those_of_libc(void) {
    EXPECT(sign(memcmp("ab\0c", "ab\0d", 4)) == -1 && memcmp("ab\0c", "ab\0d", 3) == 0);
    EXPECT(bcmp("same", "same", 4) == 0 && bcmp("same", "sane", 4) != 0);
    EXPECT(sign(strcmp("b", "a")) == 1 && strcmp("a", "a") == 0 && sign(strcmp("", "a")) == -1);
    EXPECT(strncmp("abc", "abe", 2) == 0 && sign(strncmp("abc", "abe", 3)) == -1);
    EXPECT(sign(strcmp("\xff", "a")) == 1);
    EXPECT(strcasecmp("ABC", "abc") == 0 && sign(strcasecmp("ABE", "abc")) == 1);
    EXPECT(strncasecmp("ABCx", "abcy", 3) == 0 && strncasecmp("ABCx", "abcy", 4) != 0);
    const char *text = "one two three";
    EXPECT(strstr(text, "two") == text + 4 && strstr(text, "four") == NULL);
    EXPECT(strstr(text, "") == text && strcasestr(text, "TWO") == text + 4);
    EXPECT(memmem(text, 13, "three", 5) == text + 8 && memmem(text, 12, "three", 5) == NULL);
    EXPECT(memmem(text, 0, "x", 1) == NULL);
}

static void what_is_compared_is_told(size_t a, size_t b) {
    EXPECT(note_count == 1 && a_noted == a && b_noted == b);
    note_count = 0;
}

static void who_listens_is_told(void) {
    static char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    listens = true;
    EXPECT(memcmp("abcd", "abce", 4) != 0);
    what_is_compared_is_told(4, 4);
    EXPECT(strcmp("abc", "z") != 0);
    what_is_compared_is_told(3, 1);
    EXPECT(strncmp("abcdef", "zy", 4) != 0);
    what_is_compared_is_told(4, 2);
    EXPECT(strcmp(longer, "z") != 0);
    what_is_compared_is_told(64, 1);
    EXPECT(strstr("one two", "two") != NULL);
    what_is_compared_is_told(3, 3);
    EXPECT(memmem("on", 2, "two", 3) == NULL);
    what_is_compared_is_told(2, 3);
    listens = false;
    EXPECT(strcasecmp("a", "b") != 0 && note_count == 0);
}

int main(void) {
    answers_are_those_of_libc();
    who_listens_is_told();
    return 0;
}
