/* A harness behind locks that luck alone does not open: numbers and texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t number_at(const uint8_t *data) {
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 24) return 0;
    if (number_at(data) != 0xfeedc0de) return 0;
    if (memcmp(data + 4, "certificate", 11) != 0) return 0;
    uint32_t version;
    memcpy(&version, data + 15, sizeof version);
    if (version < 70000 || version > 70010) return 0;
    char word[6] = {0};
    memcpy(word, data + 19, 5);
    if (strcmp(word, "admin") == 0) abort();
    return 0;
}
