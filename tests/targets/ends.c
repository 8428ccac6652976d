/* A harness whose inputs end as their first byte says. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { MEBIBYTE = 1 << 20 };

static void hang(void) {
    for (volatile int i = 0;; i = i + 1) continue;
}

static void take(size_t mebibytes) {
    for (size_t i = 0; i < mebibytes; i++) {
        volatile char *block = malloc(MEBIBYTE);
        if (block == NULL) return;
        for (size_t at = 0; at < MEBIBYTE; at += 4096) block[at] = 1;
    }
    hang(); /* until somebody looks */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    switch (data[0]) {
    case 'a': abort();
    case 'h': hang(); break;
    case 'm': take(400); break;
    case 'x': exit(3);
    case 'r': return -1;
    default: break;
    }
    return 0;
}
