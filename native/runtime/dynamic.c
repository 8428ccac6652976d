/* Marks made at run time, for other languages and bridges: a table in the tree that is appended to
 * in turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"

/* By this process, by index among the dynamic ones. */
static struct fv_site *made[FV_MARKS_MAX];

static bool dynamic_is(const struct fv_mark *m, const struct fv_site *want) {
    return m->kind == want->kind && m->compare == want->compare && m->line == want->line &&
           strncmp(m->message, want->message, FV_TEXT_BYTES - 1) == 0 &&
           strncmp(m->file, want->file, FV_FILE_BYTES - 1) == 0;
}

static uint32_t find_dynamic(struct fv_tree *t, const struct fv_site *want) {
    struct fv_mark *marks = fv_layout_marks(fv_rt.header, t) + fv_rt.header->site_count;
    uint32_t count = __atomic_load_n(&t->dynamic_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < count; i++)
        if (dynamic_is(&marks[i], want)) return fv_rt.header->site_count + i;
    return UINT32_MAX;
}

static uint32_t append_dynamic(struct fv_tree *t, const struct fv_site *want) {
    struct fv_header *h = fv_rt.header;
    if (t->dynamic_count >= h->dynamic_max) {
        t->totals.mark_overflows++;
        return UINT32_MAX;
    }
    struct fv_mark *m = &fv_layout_marks(h, t)[h->site_count + t->dynamic_count];
    memset(m, 0, sizeof *m);
    m->kind = want->kind;
    m->compare = want->compare;
    m->line = want->line;
    snprintf(m->message, sizeof m->message, "%s", want->message);
    snprintf(m->file, sizeof m->file, "%s", want->file);
    __atomic_store_n(&t->dynamic_count, t->dynamic_count + 1, __ATOMIC_RELEASE);
    return h->site_count + t->dynamic_count - 1;
}

static uint32_t dynamic_index(const struct fv_site *want) {
    struct fv_tree *t = fv_layout_tree(fv_rt.header, fv_rt.tree_index);
    uint32_t index = find_dynamic(t, want);
    if (index != UINT32_MAX) return index;
    if (fv_rt.tree != NULL) fv_claim_turn();
    index = find_dynamic(t, want);
    return index != UINT32_MAX ? index : append_dynamic(t, want);
}

static struct fv_site *make_dynamic(const struct fv_site *want) {
    struct fv_site *site = malloc(sizeof *site);
    if (site == NULL) return NULL;
    *site = *want;
    site->message = strdup(want->message);
    site->file = strdup(want->file);
    return site->message != NULL && site->file != NULL ? site : NULL;
}

struct fv_site *fv_mark_dynamic(enum fv_mark_kind kind, enum fv_compare compare,
                                const char *message, const char *file, uint32_t line) {
    struct fv_site want = {.message = message,
                           .file = file,
                           .line = line,
                           .kind = (uint8_t)kind,
                           .compare = (uint8_t)compare};
    want.index = dynamic_index(&want);
    if (want.index == UINT32_MAX) return NULL;
    struct fv_site **site = &made[want.index - fv_rt.header->site_count];
    if (*site == NULL) *site = make_dynamic(&want);
    return *site;
}
