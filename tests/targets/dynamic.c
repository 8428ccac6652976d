/* Marks made at run time, as a bridge to another language makes them. */
#include <fuzzverse/fuzzverse.h>

#include <stdio.h>

enum { MARKS = 40 };

FV_TARGET(dynamic) {
    uint32_t first = fv_pick("first", MARKS);
    for (uint32_t i = 0; i < MARKS; i++) {
        char message[32];
        uint32_t which = (first + i) % MARKS;
        snprintf(message, sizeof message, "dynamic %u", which);
        struct fv_site *site =
            fv_mark_dynamic(FV_KIND_SOMETIMES, FV_COMPARE_NONE, message, "script.lang", which);
        fv_mark_bool(site, fv_chance(1, 2));
    }
}
