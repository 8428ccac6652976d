/* A stream, decoded into a small buffer again and again: what it holds does not matter. */
#include <brotli/decode.h>

#include <stddef.h>
#include <stdint.h>

enum { OUT_BYTES = 4096, ROUNDS_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t out[OUT_BYTES];
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (state == NULL) return 0;
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    for (int i = 0; i < ROUNDS_MAX && result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT; i++) {
        uint8_t *to = out;
        size_t room = OUT_BYTES;
        result = BrotliDecoderDecompressStream(state, &size, &data, &room, &to, NULL);
    }
    BrotliDecoderDestroyInstance(state);
    return 0;
}
