/* The three levels of energy: nothing is made, nothing is lost. */
#include "../../native/runtime/energy.c"

#include "expect.h"
#include "mix.h"

enum { ROUNDS = 20000 };

static int64_t total(const struct fv_tree *t, int64_t own) { return t->reserve + own; }

static void levels_are_tried_in_order(void) {
    static struct fv_tree tree;
    int64_t own = 1;
    struct fv_purse purse = {.tree = &tree, .own = &own};
    tree.energy = 2;
    tree.reserve = 5;
    EXPECT(fv_energy_take(&purse) && tree.energy == 1 && own == 0 && tree.reserve == 5);
    EXPECT(fv_energy_take(&purse) && tree.energy == 0 && own == 0 && tree.reserve == 4);
    EXPECT(!fv_energy_take(&purse) && tree.energy == 0 && tree.reserve == 4);
}

static void failed_level_gives_back(void) {
    static struct fv_tree tree;
    int64_t own = 0;
    struct fv_purse purse = {.tree = &tree, .own = &own};
    tree.energy = 3;
    tree.reserve = 0;
    EXPECT(!fv_energy_take(&purse) && tree.energy == 3);
}

static void ledger_is_conserved(void) {
    static struct fv_tree tree;
    int64_t own = 50, taken = 0;
    struct fv_purse purse = {.tree = &tree, .own = &own};
    tree.energy = 1000;
    tree.reserve = 20;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t what = fv_mix_draw(3, i) % 8;
        if (what < 4 && fv_energy_take(&purse)) taken++;
        if (what >= 4 && what < 7 && taken > 0) {
            fv_energy_undo(&purse);
            taken--;
        }
        if (what == 7) fv_energy_release(&purse);
        EXPECT(tree.energy == 1000 - taken && total(&tree, own) == 70 - taken);
        EXPECT(own >= 0 && tree.reserve >= 0 && tree.energy >= 0);
    }
}

int main(void) {
    levels_are_tried_in_order();
    failed_level_gives_back();
    ledger_is_conserved();
    return 0;
}
