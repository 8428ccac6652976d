/* What a root leaves of labelled choices and fault sites: the odds, and that they hold still. */
#include "../../native/runtime/swarm.c"

#include "expect.h"
#include "mix.h"

enum { ROOTS = 20000, OPTIONS = 12 };

static struct fv_slot slot;

static const struct fv_slot *at_root(uint64_t ordinal) {
    slot.recipe.root = fv_mix_root_seed(1, ordinal);
    return &slot;
}

static bool is_near(uint64_t count, double share, uint64_t of) {
    double expected = share * (double)of;
    return (double)count > 0.9 * expected && (double)count < 1.1 * expected;
}

static void one_root_in_four_swarms_and_no_tape(void) {
    uint64_t on = 0;
    for (uint64_t i = 0; i < ROOTS; i++) on += fv_swarm_is_on(at_root(i));
    EXPECT(is_near(on, 0.25, ROOTS));
    slot.recipe.has_tape = 1;
    for (uint64_t i = 0; i < ROOTS; i++) EXPECT(!fv_swarm_is_on(at_root(i)));
    slot.recipe.has_tape = 0;
}

static void half_the_labels_and_half_their_options(void) {
    uint64_t swarming = 0, restricted = 0, allowed[OPTIONS] = {0};
    for (uint64_t i = 0; i < ROOTS; i++) {
        struct fv_swarm swarm = fv_swarm_of(at_root(i), "operation", OPTIONS);
        swarming += fv_swarm_is_on(&slot);
        if (swarm.key == 0) continue;
        EXPECT(fv_swarm_is_on(&slot));
        restricted++;
        for (uint32_t k = 0; k < OPTIONS; k++) allowed[k] += fv_swarm_allows(&swarm, k);
    }
    EXPECT(is_near(restricted, 0.5, swarming));
    for (uint32_t k = 0; k < OPTIONS; k++) EXPECT(is_near(allowed[k], 0.5, restricted));
}

static void labels_are_restricted_apart(void) {
    uint64_t swarming = 0, both = 0, equal = 0;
    for (uint64_t i = 0; i < ROOTS; i++) {
        struct fv_swarm a = fv_swarm_of(at_root(i), "a", 2), b = fv_swarm_of(&slot, "b", 2);
        swarming += fv_swarm_is_on(&slot);
        if (a.key == 0 || b.key == 0) continue;
        both++;
        equal +=
            a.allowed_count == b.allowed_count && fv_swarm_option(&a, 0) == fv_swarm_option(&b, 0);
    }
    EXPECT(is_near(both, 0.25, swarming));
    EXPECT(equal < both / 2);
}

static void options_are_those_allowed(uint32_t n) {
    bool seen_single = false;
    for (uint64_t i = 0; i < 2000; i++) {
        struct fv_swarm swarm = fv_swarm_of(at_root(i), "operation", n);
        EXPECT(swarm.allowed_count >= 1 && swarm.allowed_count <= n);
        uint32_t number = 0;
        for (uint32_t k = 0; k < n; k++)
            if (fv_swarm_allows(&swarm, k)) EXPECT(fv_swarm_option(&swarm, number++) == k);
        EXPECT(number == swarm.allowed_count);
        seen_single |= swarm.kept < n && swarm.key != 0;
    }
    EXPECT(n == 1 || n > 3 || seen_single);
}

static void some_choices_are_never_restricted(void) {
    for (uint64_t i = 0; i < 2000; i++) {
        at_root(i);
        EXPECT(fv_swarm_of(&slot, "one", 1).key == 0);
        EXPECT(fv_swarm_of(&slot, NULL, 5).key == 0);
        struct fv_swarm many = fv_swarm_of(&slot, "many", FV_SWARM_OPTIONS_MAX + 1);
        EXPECT(many.key == 0 && many.allowed_count == FV_SWARM_OPTIONS_MAX + 1);
        EXPECT(fv_swarm_option(&many, FV_SWARM_OPTIONS_MAX) == FV_SWARM_OPTIONS_MAX);
    }
}

static void same_root_same_subset(void) {
    char copy[] = "operation";
    for (uint64_t i = 0; i < 2000; i++) {
        struct fv_swarm first = fv_swarm_of(at_root(i), "operation", OPTIONS);
        struct fv_swarm again = fv_swarm_of(at_root(i), copy, OPTIONS);
        EXPECT(first.key == again.key && first.allowed_count == again.allowed_count);
    }
}

/* The rule and the bits that recipes of fault sites were found with. */
static void fault_sites(void) {
    uint64_t on = 0, sites_apart = 0;
    struct fv_site site = {.file = "disk.c", .line = 10}, next = {.file = "disk.c", .line = 11};
    for (uint64_t i = 0; i < ROOTS; i++) {
        at_root(i);
        uint64_t place = fv_mix_text(0, "disk.c") ^ 10;
        EXPECT(fv_swarm_fault_is_on(&slot, &site) == (fv_mix(slot.recipe.root ^ place) % 4 == 0));
        on += fv_swarm_fault_is_on(&slot, &site);
        sites_apart += fv_swarm_fault_is_on(&slot, &site) != fv_swarm_fault_is_on(&slot, &next);
    }
    EXPECT(is_near(on, 0.25, ROOTS));
    EXPECT(is_near(sites_apart, 2 * 0.25 * 0.75, ROOTS));
}

int main(void) {
    one_root_in_four_swarms_and_no_tape();
    half_the_labels_and_half_their_options();
    labels_are_restricted_apart();
    for (uint32_t n = 1; n <= 40; n++) options_are_those_allowed(n);
    options_are_those_allowed(FV_SWARM_OPTIONS_MAX);
    some_choices_are_never_restricted();
    same_root_same_subset();
    fault_sites();
    return 0;
}
