/* A harness that counts for itself what no edge of it tells. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { COUNTERS = 64 };

__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[COUNTERS];
static int level;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    if (*argc < 1 || (*argv)[0] == NULL) abort();
    level = 5;
    return 0;
}

/* Every byte that equals `level` times its place, from the first one on, is a step. */
static size_t steps(const uint8_t *data, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < size && i < COUNTERS; i++) {
        int is_step = data[i] == (uint8_t)(level * (int)(i + 1));
        n += (size_t)(is_step & (n == i));
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t n = steps(data, size);
    if (n > 0) counters[n - 1] = 1;
    if (n >= 6) abort();
    return 0;
}
