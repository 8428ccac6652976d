// What C++ allocates, through libstdc++: prints "ours" when it is all in the heap of the archive.
#include <cstdint>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
#include "heap.h"
}

struct alignas(256) Wide {
    char bytes[256];
};

static bool is_ours(const void *p) {
    struct fv_heap_span span;
    uintptr_t at = reinterpret_cast<uintptr_t>(p);
    return fv_heap_span(&span) && at > span.start && at < span.used;
}

static bool is_thrown_from_ours() {
    try {
        throw std::runtime_error(std::string(1000, 'x'));
    } catch (const std::runtime_error &error) {
        return is_ours(&error) && is_ours(error.what());
    }
}

int main() {
    bool ours = is_thrown_from_ours();
    std::map<int, std::string> names;
    std::vector<Wide> wide;
    for (int i = 0; i < 1000; i++) {
        ours &= is_ours(&(names[i * 7919 % 1000] = std::string(static_cast<size_t>(i), 'y')));
        wide.emplace_back();
        ours &= is_ours(&wide.back()) && reinterpret_cast<uintptr_t>(&wide.back()) % 256 == 0;
    }
    std::puts(ours ? "ours" : "theirs");
}
