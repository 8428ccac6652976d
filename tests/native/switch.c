/* From one stack to another and back, with what calls preserve. */
/* links: sim/switch */
/* flags: -O2 -fno-omit-frame-pointer */
#include "../../native/sim/switch.h"

#include "expect.h"

enum { ROUNDS = 5 };

static void *main_left, *other_left;
static char stack[1 << 16];
static int rounds;
static double doubled;

static void turn_back(void) {
    double value = 1.5;
    for (;;) {
        rounds++;
        doubled = value *= 2;
        fv_switch_to(&other_left, main_left);
    }
}

int main(void) {
    double kept = 3.25;
    other_left = fv_switch_begin(stack + sizeof stack, turn_back);
    for (int i = 0; i < ROUNDS; i++) {
        fv_switch_to(&main_left, other_left);
        kept += 1;
    }
    EXPECT(rounds == ROUNDS);
    EXPECT(doubled == 48.0);
    EXPECT(kept == 8.25);
    uintptr_t place = 0;
    const char *frame = (const char *)fv_switch_frame(other_left, &place);
    EXPECT(frame > stack && frame < stack + sizeof stack);
    EXPECT(place > (uintptr_t)turn_back && place < (uintptr_t)turn_back + 256);
    return 0;
}
