/* Weighted choice, against adding everything up. */
/* links: core/choice */
#include "choice.h"

#include "expect.h"
#include "mix.h"

enum { SIZE = 64, ROUNDS = 3000 };

static uint64_t weights[SIZE];

static uint64_t sum(void) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < SIZE; i++) total += weights[i];
    return total;
}

static uint32_t find_slowly(uint64_t at) {
    uint32_t i = 0;
    for (; at >= weights[i]; i++) at -= weights[i];
    return i;
}

/* Zero often, so that what has no weight is seen not to be chosen. */
static uint64_t weight_of(uint64_t draw) {
    return draw % 3 == 0 ? 0 : fv_mix(draw) >> (22 + draw % 40);
}

static void all_borders(const struct fv_choice *choice) {
    uint64_t before = 0;
    for (uint32_t i = 0; i < SIZE; before += weights[i++]) {
        if (weights[i] == 0) continue;
        EXPECT(fv_choice_find(choice, before) == i);
        EXPECT(fv_choice_find(choice, before + weights[i] - 1) == i);
    }
}

static void as_adding_up(void) {
    struct fv_choice choice;
    EXPECT(fv_choice_open(&choice, SIZE));
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint32_t i = (uint32_t)(fv_mix_draw(round, 0) % SIZE);
        weights[i] = weight_of(fv_mix_draw(round, 1));
        fv_choice_set(&choice, i, weights[i]);
        EXPECT(choice.total == sum());
        EXPECT(choice.weights[i] == weights[i]);
        if (choice.total == 0) continue;
        uint64_t at = fv_mix_draw(round, 2) % choice.total;
        EXPECT(fv_choice_find(&choice, at) == find_slowly(at));
        if (round % 64 == 0) all_borders(&choice);
    }
    fv_choice_close(&choice);
}

static void the_only_one_is_chosen(void) {
    struct fv_choice choice;
    EXPECT(fv_choice_open(&choice, SIZE));
    for (uint32_t i = 0; i < SIZE; i++) {
        fv_choice_set(&choice, i, 5);
        for (uint64_t at = 0; at < 5; at++) EXPECT(fv_choice_find(&choice, at) == i);
        fv_choice_set(&choice, i, 0);
        EXPECT(choice.total == 0);
    }
    fv_choice_close(&choice);
}

int main(void) {
    as_adding_up();
    the_only_one_is_chosen();
    return 0;
}
