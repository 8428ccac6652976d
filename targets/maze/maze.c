/* A maze of eight floors: find the key, then the stairs, and do not step into a trap. One draw a
 * step, and the same code on every floor, so that edges alone say nothing about progress. */
#include <fuzzverse/fuzzverse.h>

enum {
    FLOORS = 8,
    SIDE = 25,
    CELLS = SIDE * SIDE,
    WALL_PERCENT = 25,
    TRAP_PERCENT = 3,
    STEPS_MAX = 1000,  /* from the entry, the last key or the last stairs */
    DISTANCE_MIN = 20, /* from the entry to the key, and from the key to the stairs */
    PLACES_MAX = 200,  /* looked at for one of them */
    LAYOUTS_MAX = 100, /* tried until a floor can be won */
    NOWHERE = -1
};

enum cell { OPEN, WALL, TRAP };
enum move { NORTH, EAST, SOUTH, WEST, MOVES };

struct floor {
    uint8_t cells[CELLS];
    int entry, key, stairs;
};

struct walker {
    int floor, at, steps_left;
    bool has_key;
};

static const int steps[MOVES] = {-SIDE, 1, SIDE, -1}; /* a border of walls makes them safe */

/* ---- floors: a generator of their own, so that every timeline walks the same maze ------------ */

static uint32_t dice(uint64_t *state, uint32_t n) {
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((*state >> 33) % n);
}

static bool on_border(int at) {
    int x = at % SIDE, y = at / SIDE;
    return x == 0 || y == 0 || x == SIDE - 1 || y == SIDE - 1;
}

static enum cell cell_random(uint64_t *state) {
    uint32_t percent = dice(state, 100);
    if (percent < WALL_PERCENT) return WALL;
    return percent < WALL_PERCENT + TRAP_PERCENT ? TRAP : OPEN;
}

/* Breadth first: how long the shortest safe way to each cell is, -1 where there is none. */
static void distances(const struct floor *floor, int from, int far[CELLS]) {
    int queue[CELLS], head = 0, tail = 0;
    for (int i = 0; i < CELLS; i++) far[i] = -1;
    far[from] = 0;
    queue[tail++] = from;
    while (head < tail) {
        int at = queue[head++];
        for (int i = 0; i < MOVES; i++) {
            int next = at + steps[i];
            if (floor->cells[next] != OPEN || far[next] >= 0) continue;
            far[next] = far[at] + 1;
            queue[tail++] = next;
        }
    }
}

/* A cell with a safe but long way from there, or NOWHERE. */
static int cell_distant(const struct floor *floor, int from, uint64_t *state) {
    int far[CELLS];
    distances(floor, from, far);
    for (int i = 0; i < PLACES_MAX; i++) {
        int at = (int)dice(state, CELLS);
        if (far[at] >= DISTANCE_MIN) return at;
    }
    return NOWHERE;
}

static bool floor_try(struct floor *floor, int entry, uint64_t *state) {
    for (int i = 0; i < CELLS; i++)
        floor->cells[i] = (uint8_t)(on_border(i) ? WALL : cell_random(state));
    floor->cells[entry] = OPEN;
    floor->entry = entry;
    floor->key = cell_distant(floor, entry, state);
    floor->stairs = floor->key == NOWHERE ? NOWHERE : cell_distant(floor, floor->key, state);
    return floor->stairs != NOWHERE;
}

static struct floor floors[FLOORS];
static int layouts_most; /* tried for one of them */

/* Before the first timeline: they are the same in all. Stairs lead to the same place one floor
 * below. */
static __attribute__((constructor)) void floors_make(void) {
    uint64_t state = 25 * 25 * FLOORS;
    int entry = CELLS / 2;
    for (int i = 0; i < FLOORS; i++) {
        int layouts = 0;
        while (!floor_try(&floors[i], entry, &state))
            if (++layouts == LAYOUTS_MAX) break;
        if (layouts > layouts_most) layouts_most = layouts;
        entry = floors[i].stairs;
    }
}

/* ---- the walk -------------------------------------------------------------------------------- */

static void take_key(struct walker *w, const struct floor *floor) {
    if (w->has_key || w->at != floor->key) return;
    w->has_key = true;
    w->steps_left = STEPS_MAX;
    fv_log("floor %d: the key", w->floor);
    FV_REACHABLE("a key is found");
}

static void take_stairs(struct walker *w, const struct floor *floor) {
    if (!w->has_key || w->at != floor->stairs) return;
    if (w->floor == FLOORS) fv_bug("the exit of floor %d is reached", w->floor);
    w->floor++;
    w->has_key = false;
    w->steps_left = STEPS_MAX;
    fv_log("floor %d: entered", w->floor);
    FV_REACHABLE("the stairs are taken");
}

static void look_around(const struct walker *w) {
    FV_SOMETIMES_EACH(
        "the walker gets to",
        FV_KEYS({"floor", w->floor}, {"key", w->has_key}, {"x", w->at % SIDE}, {"y", w->at / SIDE}),
        FV_QUALITY());
}

static void step(struct walker *w, const struct floor *floor) {
    int next = w->at + steps[fv_pick("move", MOVES)];
    w->steps_left--;
    if (floor->cells[next] != WALL) w->at = next;
}

FV_TARGET(maze) {
    FV_ALWAYS_LT(layouts_most, LAYOUTS_MAX, "a floor that can be won is found soon");
    struct walker walker = {.floor = 1, .at = floors[0].entry, .steps_left = STEPS_MAX};
    while (walker.steps_left > 0) {
        const struct floor *floor = &floors[walker.floor - 1];
        step(&walker, floor);
        if (floor->cells[walker.at] == TRAP) break;
        look_around(&walker);
        take_key(&walker, floor);
        take_stairs(&walker, floor);
    }
    FV_SOMETIMES(walker.steps_left > 0, "a trap kills");
    FV_SOMETIMES(walker.steps_left == 0, "the walker gets lost");
}
