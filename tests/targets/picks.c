/* What a root may do: the log says which operations it picked at all. */
#include <fuzzverse/fuzzverse.h>

enum { PICKS = 100, OPERATIONS = 6 };

FV_TARGET(picks) {
    uint32_t picked = 0;
    for (int i = 0; i < PICKS; i++) picked |= 1u << fv_pick("operation", OPERATIONS);
    fv_log("picked %u", picked);
    FV_SOMETIMES_EACH("operations", FV_KEYS({"picked", picked}), FV_QUALITY());
}
