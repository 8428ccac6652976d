#include <fuzzverse/fuzzverse.h>
FV_TARGET(coin) {
    int heads = 0;
    while (fv_chance(1, 2)) FV_SOMETIMES_GT(++heads, 3, "long streak");
    fv_log("heads %d", heads);
    FV_ALWAYS(heads < 12, "streaks are short");
}
