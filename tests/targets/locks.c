/* Five locks in a row, for each of which one key in sixty is right: random seeds need millions of
 * timelines. */
#include <fuzzverse/fuzzverse.h>

enum { LOCKS = 5, KEYS = 60, RIGHT_KEY = 7, WRONG_KEYS_MAX = 3 };

static bool opens(int lock) {
    for (int i = 0; i < WRONG_KEYS_MAX; i++)
        if (fv_below(KEYS) == RIGHT_KEY) return true;
    fv_log("lock %d stays shut", lock);
    return false;
}

FV_TARGET(locks) {
    for (int lock = 0; lock < LOCKS; lock++) {
        if (!opens(lock)) return;
        FV_SOMETIMES_EACH("a lock opens", FV_KEYS({"lock", lock}), FV_QUALITY());
    }
    fv_bug("all %d locks are open", LOCKS);
}
