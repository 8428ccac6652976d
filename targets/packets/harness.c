/* What libFuzzer asks for, and nothing of fuzzverse: `clang -fsanitize=fuzzer` builds it, too. */
#include "packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct packets packets = {0};
    packets_decode(&packets, data, size);
    return 0;
}
