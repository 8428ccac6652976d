/* A dungeon of eight floors. Each hides its key behind a gate that opens to three searches in a
 * hundred, and every room may hold a monster; the torch burns for so many turns a floor. Guessing
 * seeds has to win all eight floors in a row, splitting only one at a time. */
#include <fuzzverse/fuzzverse.h>

enum {
    FLOORS = 8,
    SIDE = 6,  /* rooms, each way */
    BLOCK = 3, /* rooms that the search does not tell apart, each way */
    ROOMS = SIDE * SIDE,
    TURNS_MAX = 40, /* a floor's torch */
    HEALTH_MAX = 100,
    REST = 30, /* health won on the stairs */
    GATE_PERCENT = 3,
    MONSTER_PERCENT = 20,
    BITE_MAX = 6,
    HEALTH_STEP = 20 /* the search tells health apart in steps of this size */
};

enum move { NORTH, EAST, SOUTH, WEST, MOVES };

struct hero {
    int floor, room, health, turns_left;
    bool has_key;
};

/* Every floor has the same plan but hides things elsewhere. */
static int key_room(int floor) { return (floor * 7 + 5) % ROOMS; }
static int stairs_room(int floor) { return (floor * 5 + 14) % ROOMS; }

static bool alive(const struct hero *h) { return h->health > 0 && h->turns_left > 0; }

static int room_after(int room, enum move move) {
    int x = room % SIDE, y = room / SIDE;
    if (move == NORTH && y > 0) return room - SIDE;
    if (move == SOUTH && y < SIDE - 1) return room + SIDE;
    if (move == WEST && x > 0) return room - 1;
    if (move == EAST && x < SIDE - 1) return room + 1;
    return room;
}

static void walk(struct hero *h) {
    h->room = room_after(h->room, (enum move)fv_pick("move", MOVES));
    h->turns_left--;
}

static void meet_monster(struct hero *h) {
    int bites = 0;
    if (!fv_chance(MONSTER_PERCENT, 100)) return;
    do {
        h->health -= (int)fv_between(1, BITE_MAX);
        bites++;
    } while (h->health > 0 && fv_chance(1, 2));
    if (h->health < 0) h->health = 0;
    FV_SOMETIMES(h->health == 0, "a monster kills");
    FV_SOMETIMES(h->health > 0 && bites > 2, "a long fight is survived");
}

static void search(struct hero *h) {
    if (h->has_key || h->room != key_room(h->floor)) return;
    h->has_key = fv_chance(GATE_PERCENT, 100);
    FV_SOMETIMES(h->has_key, "a key is found");
    if (h->has_key) fv_log("floor %d: the key, health %d", h->floor, h->health);
}

static void look_around(const struct hero *h) {
    FV_ALWAYS(h->health >= 0 && h->health <= HEALTH_MAX, "health stays within its bounds");
    FV_ALWAYS(h->room >= 0 && h->room < ROOMS, "the hero stays within the walls");
    FV_SOMETIMES_EACH("the hero gets to",
                      FV_KEYS({"floor", h->floor}, {"key", h->has_key},
                              {"x", h->room % SIDE / BLOCK}, {"y", h->room / SIDE / BLOCK}),
                      FV_QUALITY({"health", h->health / HEALTH_STEP}));
}

static void enter_floor(struct hero *h, int floor) {
    h->floor = floor;
    h->has_key = false;
    h->turns_left = TURNS_MAX;
    h->health = h->health + REST < HEALTH_MAX ? h->health + REST : HEALTH_MAX;
    fv_log("floor %d: entered with health %d", floor, h->health);
    FV_SOMETIMES_GE(floor, FLOORS, "the last floor is reached");
}

static void take_stairs(struct hero *h) {
    if (!h->has_key || h->room != stairs_room(h->floor)) return;
    if (h->floor == FLOORS) fv_bug("the treasure is found");
    enter_floor(h, h->floor + 1);
}

FV_TARGET(dungeon) {
    struct hero hero = {.health = HEALTH_MAX};
    enter_floor(&hero, 1);
    while (alive(&hero)) {
        look_around(&hero);
        walk(&hero);
        meet_monster(&hero);
        if (!alive(&hero)) break;
        search(&hero);
        take_stairs(&hero);
    }
    FV_SOMETIMES(hero.turns_left == 0, "the torch burns out");
}
