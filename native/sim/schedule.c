#include "inside.h"

static struct {
    enum fv_schedule chosen;
} own = {FV_SCHEDULE_DRAWN};

void fv_schedule_use(enum fv_schedule schedule) { own.chosen = schedule; }

/* Until somebody can run. */
static void await_somebody(void) {
    while (fv_tasks.ready_count == 0) {
        if (!fv_clock_has_timer()) fv_stuck_report();
        fv_clock_advance();
    }
}

struct fv_tasklet *fv_schedule_next(void) {
    await_somebody();
    uint32_t count = fv_tasks.ready_count;
    return fv_tasks.ready[count > 1 ? fv_below(count) : 0];
}

struct fv_tasklet *fv_schedule_at_point(void) { return fv_schedule_next(); }
void fv_schedule_spawned(struct fv_tasklet *task) { (void)task; }
void fv_schedule_yielded(struct fv_tasklet *task) { (void)task; }
void fv_schedule_forget(struct fv_tasklet *task) { (void)task; }
