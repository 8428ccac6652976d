/* A record is linearizable where each of its keys is (Herlihy and Wing: linearizability is
 * local). */
#include <stdlib.h>

#include "linear.h"

enum { FV_LOGGED_BEFORE_MAX = 60 };

/* The acts that had begun when the search could get no further, the latest of them. */
static void log_misfit(const struct fv_record *record, const struct fv_place *misfit,
                       const uint32_t *numbers, uint32_t count) {
    uint32_t begun = 0;
    while (begun < count && record->acts[numbers[begun]].begin < misfit->end) begun++;
    uint32_t first = begun > FV_LOGGED_BEFORE_MAX ? begun - FV_LOGGED_BEFORE_MAX : 0;
    if (first > 0)
        fv_log("not linearizable, after %u operations of the key:", first);
    else
        fv_log("not linearizable:");
    for (uint32_t i = first; i < begun; i++)
        fv_record_log(record, numbers[i], numbers[i] == misfit->number ? "  <- fits nowhere" : "");
}

enum fv_linear fv_linear_by_key(const struct fv_record *record, uint64_t steps_max,
                                void (*pose)(struct fv_puzzle *puzzle, const struct fv_record *),
                                void (*unpose)(struct fv_puzzle *puzzle)) {
    enum fv_linear verdict = FV_LINEAR;
    uint32_t count, *by_key = fv_record_by_key(record, &count);
    for (uint32_t from = 0, end; from < count && verdict != FV_NOT_LINEAR; from = end) {
        end = fv_record_key_end(record, by_key, count, from);
        struct fv_puzzle puzzle;
        fv_puzzle_open(&puzzle, record, by_key + from, end - from);
        pose(&puzzle, record);
        uint64_t share = end < count ? steps_max / 2 : steps_max;
        struct fv_found found = fv_linear_search(&puzzle, share);
        steps_max -= found.steps < steps_max ? found.steps : steps_max;
        if (found.verdict == FV_NOT_LINEAR)
            log_misfit(record, &puzzle.sure[found.furthest], by_key + from, end - from);
        if (found.verdict != FV_LINEAR) verdict = found.verdict;
        unpose(&puzzle);
        fv_puzzle_close(&puzzle);
    }
    free(by_key);
    return verdict;
}
