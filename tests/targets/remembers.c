/* A harness that keeps something of every input: memory that it never gives back, a count that ends
 * it by itself, and, now and then, inputs that crash or leave on their own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t run_count;
static void *kept;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kept = malloc(4096);
    if (kept != NULL) memset(kept, 1, 4096);
    if (size > 2 && data[0] == 'c' && data[1] % 4 == 1) abort();
    if (size > 2 && data[0] == 'e' && data[1] % 4 == 2) exit(3);
    if (++run_count == REMEMBERED) abort();
    return (int)run_count * 0;
}
