#include "mix.h"

#define FV_FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FV_FNV_PRIME UINT64_C(0x100000001b3)

uint64_t fv_mix_bytes(const void *bytes, size_t n) {
    const unsigned char *p = bytes;
    uint64_t hash = FV_FNV_OFFSET;
    for (size_t i = 0; i < n; i++) hash = (hash ^ p[i]) * FV_FNV_PRIME;
    return hash;
}

uint64_t fv_mix_text(uint64_t hash, const char *text) {
    if (hash == 0) hash = FV_FNV_OFFSET;
    for (; *text; text++) hash = (hash ^ (unsigned char)*text) * FV_FNV_PRIME;
    return hash;
}

uint64_t fv_mix_child_seed(uint64_t parent_seed, const char *mark_name, uint32_t index) {
    uint64_t hash = fv_mix_text(0, mark_name);
    hash = (hash ^ parent_seed) * FV_FNV_PRIME;
    hash = (hash ^ index) * FV_FNV_PRIME;
    return hash;
}

uint64_t fv_mix_root_seed(uint64_t campaign_seed, uint64_t ordinal) {
    return fv_mix(fv_mix(campaign_seed) + ordinal * FV_GOLDEN);
}
