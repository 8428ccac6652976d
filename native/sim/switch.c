#include "switch.h"

/* What calls preserve is pushed, frame pointer and return address last but for the control words of
 * floating point, which are a task's own too. */
#if defined(__x86_64__)

enum { FV_SAVED_WORDS = 7, FV_FRAME_WORD = 6, FV_PLACE_WORD = 7 };
#define FV_MXCSR UINT64_C(0x1f80) /* the ABI's at the start of a process */
#define FV_X87_WORD UINT64_C(0x037f)

__asm__(".text\n"
        ".globl fv_switch_to\n"
        ".type fv_switch_to, @function\n"
        ".p2align 4\n"
        "fv_switch_to:\n"
        "    .cfi_startproc\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    subq $8, %rsp\n"
        "    stmxcsr (%rsp)\n"
        "    fnstcw 4(%rsp)\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    ldmxcsr (%rsp)\n"
        "    fldcw 4(%rsp)\n"
        "    addq $8, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size fv_switch_to, . - fv_switch_to\n");

void *fv_switch_begin(void *top, void (*entry)(void)) {
    uintptr_t *at = (uintptr_t *)((uintptr_t)top & ~(uintptr_t)15);
    *--at = 0; /* where `entry` would return to */
    *--at = (uintptr_t)entry;
    for (int i = 1; i < FV_SAVED_WORDS; i++) *--at = 0;
    *--at = FV_MXCSR | FV_X87_WORD << 32;
    return at;
}

#elif defined(__aarch64__)

enum { FV_SAVED_WORDS = 20, FV_FRAME_WORD = 10, FV_PLACE_WORD = 11 };

__asm__(".text\n"
        ".globl fv_switch_to\n"
        ".type fv_switch_to, %function\n"
        ".p2align 4\n"
        "fv_switch_to:\n"
        "    .cfi_startproc\n"
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp, #0]\n"
        "    stp x21, x22, [sp, #16]\n"
        "    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n"
        "    stp x27, x28, [sp, #64]\n"
        "    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n"
        "    str x9, [x0]\n"
        "    mov sp, x1\n"
        "    ldp x19, x20, [sp, #0]\n"
        "    ldp x21, x22, [sp, #16]\n"
        "    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n"
        "    ldp x27, x28, [sp, #64]\n"
        "    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size fv_switch_to, . - fv_switch_to\n");

void *fv_switch_begin(void *top, void (*entry)(void)) {
    uintptr_t *at = (uintptr_t *)((uintptr_t)top & ~(uintptr_t)15);
    for (int i = 0; i < FV_SAVED_WORDS; i++) *--at = 0;
    at[FV_PLACE_WORD] = (uintptr_t)entry;
    return at;
}

#else
#error "the simulation kit switches stacks on x86-64 and aarch64 alone"
#endif

const uintptr_t *fv_switch_frame(const void *left, uintptr_t *place) {
    const uintptr_t *at = left;
    *place = at[FV_PLACE_WORD];
    return (const uintptr_t *)at[FV_FRAME_WORD];
}
