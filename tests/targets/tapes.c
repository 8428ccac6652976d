/* What two bytes of a tape decide: marks behind each other, a crash, a hang, a bug of words. */
#include <fuzzverse/fuzzverse.h>
#include <stdlib.h>

FV_TARGET(tapes) {
    uint64_t first = fv_below(256), second = fv_below(256), third = fv_below(256);
    FV_SOMETIMES(first == 'F', "the first is right");
    if (first / 4 == 50 && second < 64)
        for (volatile int forever = 1; forever;) continue;
    if (first / 4 == 25 && second < 64) abort();
    if (first != 'F') return;
    FV_SOMETIMES(second == 'V', "the second is right");
    if (second == 'V' && third > 250) fv_bug("three bytes in a row");
}
