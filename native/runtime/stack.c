#include "stack.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../common/check.h"
#include "ending.h"
#include "places.h"

enum { FV_GUARD_BYTES = 1 << 16 };

static struct {
    ucontext_t start;
    void (*body)(void);
    bool is_own;
} stack;

/* The lowest part stays out of reach: a stack that overflows is a crash. */
static bool map_stack(void) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_FIXED_NOREPLACE;
    void *at = (void *)(uintptr_t)FV_STACK_AT;
    if (mmap(at, FV_STACK_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0) != at) return false;
    return mprotect(at, FV_GUARD_BYTES, PROT_NONE) == 0;
}

void fv_stack_open(void (*body)(void)) {
    stack.body = body;
    if (fv_ending_sanitizer()[0] != '\0' || !map_stack()) return;
    if (getcontext(&stack.start) != 0) return;
    stack.start.uc_stack.ss_sp = (void *)(uintptr_t)FV_STACK_AT;
    stack.start.uc_stack.ss_size = FV_STACK_BYTES;
    stack.start.uc_link = NULL;
    makecontext(&stack.start, body, 0);
    stack.is_own = true;
}

bool fv_stack_is_own(void) { return stack.is_own; }
const ucontext_t *fv_stack_start(void) { return &stack.start; }

_Noreturn void fv_stack_enter(void) {
    if (stack.is_own) setcontext(&stack.start);
    stack.body();
    fv_check_failed("the target came back", __FILE__, __LINE__);
}
