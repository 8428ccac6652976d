#include "frames.h"

#include "runtime.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unwind.h>

enum { FV_FRAMES_MAX = 12, FV_FRAMES_WALKED_MAX = 256, FV_FRAME_TEXT_BYTES = 24 };

/* The linker's: where the target's own file lies. */
extern const char __executable_start, etext;

struct walk {
    char *to;
    size_t size, length;
    uint64_t place;
    uint32_t walked, told;
    bool is_below; /* the place itself has been met: what was above it were handlers */
};

static bool is_own(uintptr_t place) {
    return place - (uintptr_t)&__executable_start <
           (uintptr_t)&etext - (uintptr_t)&__executable_start;
}

/* Whole or not at all. */
static void tell(struct walk *w, const char *text) {
    size_t n = strlen(text);
    if (w->length + n >= w->size) return;
    memcpy(w->to + w->length, text, n + 1);
    w->length += n;
}

static void tell_place(struct walk *w, uintptr_t place) {
    char text[FV_FRAME_TEXT_BYTES];
    snprintf(text, sizeof text, " %#llx", (unsigned long long)place);
    tell(w, text);
}

/* A place to return to is the one behind the call; where a signal struck is the place itself. */
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *to) {
    struct walk *w = to;
    int is_exact = 0;
    uintptr_t place = _Unwind_GetIPInfo(context, &is_exact);
    if (place == 0 || ++w->walked > FV_FRAMES_WALKED_MAX) return _URC_END_OF_STACK;
    if (place == w->place || place - 1 == w->place) w->is_below = true;
    if (!w->is_below || !is_own(place)) return _URC_NO_REASON;
    tell_place(w, is_exact ? place : place - 1);
    return ++w->told == FV_FRAMES_MAX ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void fv_frames_tell(char *identity, size_t size, uint64_t place) {
    struct walk w = {.to = identity, .size = size, .length = strlen(identity), .place = place};
    _Unwind_Backtrace(step, &w);
}

void fv_frames_log(uint64_t place) {
    char places[FV_FRAMES_MAX * FV_FRAME_TEXT_BYTES] = "", *rest = NULL;
    if (!fv_log_is_on()) return;
    fv_frames_tell(places, sizeof places, place);
    for (char *one = strtok_r(places, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest))
        fv_log("    at %s", one);
}

void fv_frames_list(char *identity, size_t size, const uintptr_t *places, uint32_t count) {
    struct walk w = {.to = identity, .size = size, .length = strlen(identity)};
    for (uint32_t i = 0; i < count; i++) {
        if (places[i] == 0)
            tell(&w, " |");
        else
            tell_place(&w, places[i]);
    }
}
