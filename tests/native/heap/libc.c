/* What libc allocates by itself, in a program that is linked with the archive. Prints one line:
 * "ours", or "theirs" when something else is the heap, or "none" when there is no memory. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../expect.h"
#include "heap.h"

enum { NUMBERS = 100000, LINE = 50000 };

__attribute__((weak)) bool fv_heap_span(struct fv_heap_span *span);

static bool is_ours(const void *p) {
    struct fv_heap_span span;
    if (fv_heap_span == NULL || !fv_heap_span(&span)) return false;
    return (uintptr_t)p > span.start && (uintptr_t)p < span.used;
}

static int tell(const char *what) { return write(STDOUT_FILENO, what, strlen(what)) < 0; }

static void strings(bool ours) {
    char *copy = strdup("copy"), *printed = NULL;
    EXPECT(asprintf(&printed, "%s %0*d", copy, 1000, 7) == 1005);
    EXPECT(is_ours(copy) == ours && is_ours(printed) == ours);
    free(copy);
    free(printed);
}

static void streams(bool ours) {
    char *line = NULL;
    size_t size = 0;
    FILE *file = tmpfile();
    EXPECT(file != NULL && is_ours(file) == ours);
    for (int i = 0; i < LINE; i++) EXPECT(putc('a' + i % 26, file) != EOF);
    rewind(file);
    EXPECT(getline(&line, &size, file) == LINE && size > LINE);
    EXPECT(is_ours(line) == ours && line[LINE - 1] == 'a' + (LINE - 1) % 26);
    free(line);
    EXPECT(fclose(file) == 0);
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Takes memory of its own for what is too much for the stack. */
static void sorting(void) {
    uint32_t *numbers = calloc(NUMBERS, sizeof *numbers);
    EXPECT(numbers != NULL);
    for (uint32_t i = 0; i < NUMBERS; i++) numbers[i] = i * 2654435761u;
    qsort(numbers, NUMBERS, sizeof *numbers, compare);
    for (uint32_t i = 1; i < NUMBERS; i++) EXPECT(numbers[i - 1] < numbers[i]);
    free(numbers);
}

int main(void) {
    void *volatile p = malloc(1);
    if (p == NULL) return tell("none\n");
    bool ours = is_ours(p);
    free(p);
    strings(ours);
    streams(ours);
    sorting();
    return tell(ours ? "ours\n" : "theirs\n");
}
