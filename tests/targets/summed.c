/* A harness whose inputs end in a sum of their own, and a mutator that knows how to make one: what
 * others make is not looked at. Returns -1 where an input is to be no entry. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static uint64_t sum_of(const uint8_t *data, size_t size) {
    uint64_t sum = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i < size; i++) sum = (sum ^ data[i]) * 0x100000001b3;
    return sum;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    (void)seed;
    size_t body = size >= 8 ? size - 8 : 0;
    if (max_size < 16) return 0;
    body = LLVMFuzzerMutate(data, body, max_size - 8);
    uint64_t sum = sum_of(data, body);
    memcpy(data + body, &sum, sizeof sum);
    return body + sizeof sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint64_t sum;
    if (size < 8) return -1;
    memcpy(&sum, data + size - 8, sizeof sum);
    if (sum != sum_of(data, size - 8)) return -1;
    if (size > 10 && data[0] == 'b' && data[1] == 'u' && data[2] == 'g') abort();
    return 0;
}
