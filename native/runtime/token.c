#include "token.h"

static int32_t *free_tokens(void) { return &fv_layout_live(fv_rt.header)->tokens; }

static void note(struct fv_slot *slot, uint32_t holds) {
    slot->holds_token = holds;
    if (fv_rt.tree != NULL)
        __atomic_fetch_add(&fv_rt.tree->tokens_held, holds ? 1 : -1, __ATOMIC_RELAXED);
}

bool fv_token_try(struct fv_slot *slot) {
    if (fv_rt.in_runner) return true;
    int32_t have = __atomic_load_n(free_tokens(), __ATOMIC_RELAXED);
    while (have > 0)
        if (__atomic_compare_exchange_n(free_tokens(), &have, have - 1, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED)) {
            note(slot, 1);
            return true;
        }
    return false;
}

void fv_token_force(struct fv_slot *slot) {
    if (slot->holds_token || fv_rt.in_runner) return;
    __atomic_fetch_sub(free_tokens(), 1, __ATOMIC_ACQ_REL);
    note(slot, 1);
}

void fv_token_give_back(struct fv_slot *slot) {
    if (!slot->holds_token) return;
    note(slot, 0);
    __atomic_fetch_add(free_tokens(), 1, __ATOMIC_ACQ_REL);
}

bool fv_token_move(struct fv_slot *from, struct fv_slot *to) {
    if (from->holds_token && !to->holds_token) {
        from->holds_token = 0;
        to->holds_token = 1;
    }
    return to->holds_token;
}
