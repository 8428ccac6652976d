#include "marks.h"

#include <algorithm>
#include <cstring>

namespace {

enum { KEYS_MAX = 6 };

/* What a mark saw last in this life. */
struct Keys {
    uint8_t of[KEYS_MAX];
    bool is_there;

    template <size_t COUNT> bool Begin(const uint8_t (&now)[COUNT]) {
        static_assert(COUNT <= KEYS_MAX, "more keys than there is room for");
        if (is_there && memcmp(of, now, COUNT) == 0) return false;
        memcpy(of, now, COUNT);
        return is_there = true;
    }
};

Keys last_work, last_logs, last_behind, last_shape, last_held;

uint8_t capped(uint32_t value, uint32_t most) {
    return static_cast<uint8_t>(std::min(value, most));
}

uint8_t few(int value, int most) { return static_cast<uint8_t>(std::min(value, most)); }

bool is_unsynced(const Model &model) { return model.acked() > model.synced(); }

} // namespace

void marks_begin() { last_work = last_logs = last_behind = last_shape = last_held = {}; }

/* ---- what the end of a life meets ------------------------------------------------------------ */

/* A recovery needs the older log, too, until its memtable is a table that a manifest names. */
static void mark_logs(const Model &model, const EnvWork &work) {
    const uint8_t is[] = {work.is_log_synced, is_unsynced(model), work.is_background};
    if (work.logs < 2 || !last_logs.Begin(is)) return;
    FV_SOMETIMES_EACH(
        "a recovery would need two logs",
        FV_KEYS({"the newer is synced", is[0]}, {"a batch is not", is[1]}, {"compaction", is[2]}),
        FV_QUALITY());
}

/* What a recovery finds damaged it leaves out up to the end of the block, and goes on behind it. */
static void mark_behind(const EnvWork &work) {
    const uint8_t is[] = {capped(work.records_behind, 6), work.is_background, work.logs > 1};
    if (!last_behind.Begin(is) || is[0] == 0) return;
    FV_SOMETIMES_EACH("records behind the block where the unsynced ones begin",
                      FV_KEYS({"records", is[0]}, {"compaction", is[1]}, {"two logs", is[2]}),
                      FV_QUALITY());
}

void marks_look(const Model &model, Phase phase) {
    const EnvWork &work = env_work();
    const uint8_t is[] = {static_cast<uint8_t>(phase), work.tables_open > 0,
                          work.is_manifest_unsynced, work.is_background, is_unsynced(model)};
    if (last_work.Begin(is))
        FV_SOMETIMES_EACH("what is under way",
                          FV_KEYS({"phase", is[0]}, {"a table", is[1]}, {"a manifest", is[2]},
                                  {"compaction", is[3]}, {"unsynced batches", is[4]}),
                          FV_QUALITY());
    mark_logs(model, work);
    mark_behind(work);
}

void marks_ended(const Model &model, Phase phase, Ending ending) {
    const EnvWork &work = env_work();
    if (ending == ENDING_POWER_LOST)
        FV_SOMETIMES_EACH("a power loss",
                          FV_KEYS({"phase", phase}, {"two logs", work.logs > 1},
                                  {"a table", work.tables_open > 0},
                                  {"unsynced batches", is_unsynced(model)}),
                          FV_QUALITY());
    if (ending == ENDING_KILLED)
        FV_SOMETIMES_EACH("a process is killed",
                          FV_KEYS({"phase", phase}, {"two logs", work.logs > 1},
                                  {"a table", work.tables_open > 0},
                                  {"unsynced batches", is_unsynced(model)}),
                          FV_QUALITY());
}

/* ---- what the next life makes of it ---------------------------------------------------------- */

/* Numbers that cross are what a repair gets wrong. */
void marks_found(const Shape &shape, Ending ending) {
    const int *files = shape.files;
    FV_SOMETIMES_EACH("what a life leaves behind",
                      FV_KEYS({"level 0", few(files[0], 1)}, {"level 1", few(files[1], 1)},
                              {"level 2", few(files[2], 1)}, {"ending", ending}),
                      FV_QUALITY());
    if (shape.is_crossed)
        FV_SOMETIMES_EACH("an older table has a greater number",
                          FV_KEYS({"level 0", few(files[0], 2)}, {"level 1", few(files[1], 2)},
                                  {"was closed", ending == ENDING_CLOSED}),
                          FV_QUALITY());
}

void marks_repaired(const Model &model) {
    FV_SOMETIMES_EACH("a repair",
                      FV_KEYS({"power was lost", model.power_was_lost()},
                              {"logs", capped(env_work().logs_read, 1)}),
                      FV_QUALITY());
}

void marks_recovered(const Model &model, const Opening &opening, uint32_t position) {
    uint8_t logs = capped(env_work().logs_read, 2);
    uint8_t is_lost = model.end() > position, is_spare = position > model.required();
    if (opening.reuses_logs)
        FV_SOMETIMES_EACH(
            "a log is reused",
            FV_KEYS({"power was lost", model.power_was_lost()}, {"lost", is_lost}, {"logs", logs}),
            FV_QUALITY());
    if (model.power_was_lost())
        FV_SOMETIMES_EACH("a recovery after a power loss",
                          FV_KEYS({"logs", logs}, {"lost", is_lost}, {"spare", is_spare}),
                          FV_QUALITY());
    else
        FV_SOMETIMES_EACH("a recovery", FV_KEYS({"logs", logs}, {"lost", is_lost}), FV_QUALITY());
}

/* ---- at work --------------------------------------------------------------------------------- */

void marks_shape(const Shape &shape) {
    const int *files = shape.files;
    const uint8_t is[] = {few(files[0] / 2, 2), few(files[1], 1), few(files[2], 1),
                          few(files[3], 1), env_work().is_background};
    if (!last_shape.Begin(is)) return;
    FV_SOMETIMES_EACH("tables on levels",
                      FV_KEYS({"pairs on level 0", is[0]}, {"level 1", is[1]}, {"level 2", is[2]},
                              {"level 3", is[3]}, {"compaction", is[4]}),
                      FV_QUALITY());
}

#ifdef FV_LYING_SYNCS
void marks_stake(Phase phase, bool is_synced) {
    const EnvWork &work = env_work();
    if (!work.is_log_at_stake && !work.is_manifest_at_stake) return;
    FV_SOMETIMES_EACH(
        "a lie is at stake",
        FV_KEYS({"log", work.is_log_at_stake}, {"phase", phase}, {"is synced", is_synced}),
        FV_QUALITY());
}
#else
void marks_stake(Phase, bool) {}
#endif

void marks_held(const Shape &shape, uint32_t held, uint32_t compactions) {
    const uint8_t is[] = {held > 1, capped(compactions, 2), few(shape.files[0], 1)};
    if (!last_held.Begin(is)) return;
    FV_SOMETIMES_EACH(
        "snapshots and iterators outlive compactions",
        FV_KEYS({"several", is[0]}, {"compactions since", is[1]}, {"tables of level 0", is[2]}),
        FV_QUALITY());
}
