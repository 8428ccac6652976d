#include "sites.h"

#include <stdio.h>
#include <string.h>

#include "../common/layout.h"

static struct {
    const struct fv_site *marks[FV_MARKS_MAX];
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
