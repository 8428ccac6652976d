/* Time that moves by what is drawn: where all draws are plain it stands still, and the timeline
 * draws forever. Minimising must not wait for each of those. */
#include <fuzzverse/fuzzverse.h>

enum { END = 400 };

FV_TARGET(standstill) {
    uint64_t now = 0, late = 0;
    while (now < END) {
        uint64_t step = fv_below(20);
        late += step == 17;
        now += step;
    }
    if (late >= 3) fv_bug("late three times");
}
