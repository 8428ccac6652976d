#include "energy.h"

static bool take(int64_t *from) {
    if (*from <= 0) return false;
    --*from;
    return true;
}

bool fv_energy_take(struct fv_purse *p) {
    if (!take(&p->tree->energy)) return false;
    if (take(p->own)) return true;
    if (take(&p->tree->reserve)) {
        p->from_reserve++;
        return true;
    }
    p->tree->energy++;
    return false;
}

void fv_energy_undo(struct fv_purse *p) {
    p->tree->energy++;
    if (p->from_reserve > 0) {
        p->from_reserve--;
        p->tree->reserve++;
    } else {
        ++*p->own;
    }
}

void fv_energy_release(struct fv_purse *p) {
    if (*p->own <= 0) return;
    p->tree->reserve += *p->own;
    *p->own = 0;
}
