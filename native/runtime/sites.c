#include "sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/layout.h"
#include "claim.h"
#include "runtime.h"

static struct {
    const struct fv_site *marks[FV_MARKS_MAX];
    struct fv_site *dynamic[FV_MARKS_MAX]; /* made by this process, by index */
    uint32_t count, overflow;
} table;

static bool same_identity(const struct fv_site *a, const struct fv_site *b) {
    return a->kind == b->kind && a->compare == b->compare && a->line == b->line &&
           strcmp(a->message, b->message) == 0 && strcmp(a->file, b->file) == 0;
}

static void register_site(struct fv_site *site) {
    if (site->index != UINT32_MAX) return;
    for (uint32_t i = 0; i < table.count; i++)
        if (same_identity(table.marks[i], site)) {
            site->index = i;
            return;
        }
    if (table.count == FV_MARKS_MAX) {
        table.overflow++;
        return;
    }
    site->index = table.count;
    table.marks[table.count++] = site;
}

void fv_sites_register(struct fv_site **start, struct fv_site **stop) {
    for (struct fv_site **site = start; site < stop; site++)
        if (*site != NULL) register_site(*site);
}

uint32_t fv_sites_count(void) { return table.count; }
const struct fv_site *fv_sites_get(uint32_t index) { return table.marks[index]; }
uint32_t fv_sites_overflow(void) { return table.overflow; }

static bool message_is_unique(const struct fv_site *site) {
    uint32_t same = 0;
    for (uint32_t i = 0; i < table.count; i++)
        same += strcmp(table.marks[i]->message, site->message) == 0;
    return same <= 1;
}

void fv_sites_name(const struct fv_site *site, char *to, size_t size) {
    if (message_is_unique(site))
        snprintf(to, size, "%s", site->message);
    else
        snprintf(to, size, "%s@%s:%u", site->message, site->file, site->line);
}

/* ---- dynamic marks: a table in the tree, appended to in turn --------------------------------- */

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
    struct fv_site **site = &table.dynamic[want.index - fv_rt.header->site_count];
    if (*site == NULL) *site = make_dynamic(&want);
    return *site;
}
