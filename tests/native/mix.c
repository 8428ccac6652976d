/* Seeds: vectors worked out from the seed document's formula, apart from this implementation. */
#include "mix.h"

#include "expect.h"

static void child_seeds_are_the_documents(void) {
    static const struct {
        uint64_t parent;
        const char *name;
        uint32_t index;
        uint64_t seed;
    } vectors[] = {
        {UINT64_C(42), "test", 0u, UINT64_C(0x8cf42cdc852f3267)},
        {UINT64_C(42), "test", 1u, UINT64_C(0x8cf42bdc852f30b4)},
        {UINT64_C(42), "alpha", 0u, UINT64_C(0x136bc4a3f65d0329)},
        {UINT64_C(42), "beta", 0u, UINT64_C(0xedb1efd458323d95)},
        {UINT64_C(1), "test", 0u, UINT64_C(0x8d3b8adc856bd4c4)},
        {UINT64_C(18446744073709551615), "", 4294967295u, UINT64_C(0xfb3d350cb4ee5163)},
        {UINT64_C(0), "", 0u, UINT64_C(0x08328807b4eb6fed)},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        EXPECT(fv_mix_child_seed(vectors[i].parent, vectors[i].name, vectors[i].index) ==
               vectors[i].seed);
}

static void any_draw_is_reached_directly(void) {
    uint64_t seed = 12345;
    EXPECT(fv_mix_draw(seed, 1000) == fv_mix(seed + UINT64_C(1001) * FV_GOLDEN));
    EXPECT(fv_mix_draw(seed, 0) != fv_mix_draw(seed, 1));
    EXPECT(fv_mix_draw(seed, 0) != fv_mix_draw(seed + 1, 0));
}

int main(void) {
    child_seeds_are_the_documents();
    any_draw_is_reached_directly();
    return 0;
}
