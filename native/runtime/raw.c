#include "raw.h"

#if defined(__x86_64__)
__asm__(".text\n"
        ".hidden fv_raw\n"
        ".globl fv_raw\n"
        ".type fv_raw, @function\n"
        "fv_raw:\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    mov %rdx, %rsi\n"
        "    mov %rcx, %rdx\n"
        "    mov %r8, %r10\n"
        "    mov %r9, %r8\n"
        "    mov 8(%rsp), %r9\n"
        "    syscall\n"
        ".hidden fv_raw_return\n"
        ".globl fv_raw_return\n"
        "fv_raw_return:\n"
        "    ret\n"
        ".size fv_raw, . - fv_raw\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".hidden fv_raw\n"
        ".globl fv_raw\n"
        ".type fv_raw, @function\n"
        "fv_raw:\n"
        "    mov x8, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, x4\n"
        "    mov x4, x5\n"
        "    mov x5, x6\n"
        "    svc #0\n"
        ".hidden fv_raw_return\n"
        ".globl fv_raw_return\n"
        "fv_raw_return:\n"
        "    ret\n"
        ".size fv_raw, . - fv_raw\n");
#endif

#if FV_HAS_RAW
extern const char fv_raw_return[] __attribute__((visibility("hidden")));

uint64_t fv_raw_gate(void) { return (uint64_t)(uintptr_t)fv_raw_return; }
#else
#include <errno.h>

long fv_raw(long number, long a, long b, long c, long d, long e, long f) {
    (void)number, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return -ENOSYS;
}

uint64_t fv_raw_gate(void) { return 0; }
#endif
