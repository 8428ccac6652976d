// A harness that takes its input apart with what clang brings along for that.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FuzzedDataProvider provider(data, size);
    const int kind = provider.ConsumeIntegralInRange<int>(0, 9);
    const std::string word = provider.ConsumeRandomLengthString(16);
    if (kind == 7 && word.size() > 2 && word[0] == 'x' && word[1] == 'y') abort();
    if (kind == 3 && word.size() > 8 && word[0] == 'z') {
        const auto room = std::make_unique<char[]>(word.size());
        volatile char past =
            room.get()[word.size() - 1 + provider.ConsumeIntegralInRange<size_t>(0, 1)];
        (void)past;
    }
    return 0;
}
