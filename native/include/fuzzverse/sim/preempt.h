/* Included first into every source that is preempted at shared accesses (target.toml: `preempt`).
 * The compiler announces loads and stores there; this announces what it leaves out: copies of
 * memory, which it would take for its own, and atomic operations that read and write. Declarations
 * and macros of reserved names alone, so that the source may include what it likes. */
#ifndef FUZZVERSE_SIM_PREEMPT_H
#define FUZZVERSE_SIM_PREEMPT_H

#ifdef __cplusplus
#define FV_COPIES_THROW_ throw()
extern "C" {
#else
#define FV_COPIES_THROW_
#endif

/* With a name of its own in the object file, none of them is taken for what the compiler knows. */
void *memcpy(void *__restrict to, const void *__restrict from, __SIZE_TYPE__ bytes) FV_COPIES_THROW_
    __asm__("fv_copy_memcpy");
void *memmove(void *to, const void *from, __SIZE_TYPE__ bytes) FV_COPIES_THROW_
    __asm__("fv_copy_memmove");
void *memset(void *to, int byte, __SIZE_TYPE__ bytes) FV_COPIES_THROW_ __asm__("fv_copy_memset");
int memcmp(const void *one, const void *other, __SIZE_TYPE__ bytes) FV_COPIES_THROW_
    __asm__("fv_copy_memcmp");

void fv_touch_write(const void *at, __SIZE_TYPE__ bytes);

#ifdef __cplusplus
}
#endif

#ifdef __cplusplus
#define FV_TYPED_ auto
#else
#define FV_TYPED_ __auto_type
#endif

/* All that the operation works on is there before the point. A macro's own name in what it stands
 * for is the built-in again. */
#define FV_TOUCHED_(at) fv_touch_write((const void *)(at), sizeof *(at))
#define FV_SET_(builtin, at, order)                                                                \
    __extension__({                                                                                \
        FV_TYPED_ fv_at_ = (at);                                                                   \
        fv_touch_write((const void *)fv_at_, 1);                                                   \
        builtin(fv_at_, order);                                                                    \
    })
#define FV_CHANGE_(builtin, at, value, ...)                                                        \
    __extension__({                                                                                \
        FV_TYPED_ fv_at_ = (at);                                                                   \
        FV_TYPED_ fv_value_ = (value);                                                             \
        FV_TOUCHED_(fv_at_);                                                                       \
        builtin(fv_at_, fv_value_, ##__VA_ARGS__);                                                 \
    })
#define FV_SWAP_(builtin, at, old, desired, ...)                                                   \
    __extension__({                                                                                \
        FV_TYPED_ fv_at_ = (at);                                                                   \
        FV_TYPED_ fv_old_ = (old);                                                                 \
        FV_TYPED_ fv_new_ = (desired);                                                             \
        FV_TOUCHED_(fv_at_);                                                                       \
        builtin(fv_at_, fv_old_, fv_new_, ##__VA_ARGS__);                                          \
    })
#define __c11_atomic_exchange(at, value, order) FV_CHANGE_(__c11_atomic_exchange, at, value, order)
#define __c11_atomic_fetch_add(at, value, order)                                                   \
    FV_CHANGE_(__c11_atomic_fetch_add, at, value, order)
#define __c11_atomic_fetch_sub(at, value, order)                                                   \
    FV_CHANGE_(__c11_atomic_fetch_sub, at, value, order)
#define __c11_atomic_fetch_or(at, value, order) FV_CHANGE_(__c11_atomic_fetch_or, at, value, order)
#define __c11_atomic_fetch_xor(at, value, order)                                                   \
    FV_CHANGE_(__c11_atomic_fetch_xor, at, value, order)
#define __c11_atomic_fetch_and(at, value, order)                                                   \
    FV_CHANGE_(__c11_atomic_fetch_and, at, value, order)
#define __c11_atomic_fetch_nand(at, value, order)                                                  \
    FV_CHANGE_(__c11_atomic_fetch_nand, at, value, order)
#define __c11_atomic_fetch_max(at, value, order)                                                   \
    FV_CHANGE_(__c11_atomic_fetch_max, at, value, order)
#define __c11_atomic_fetch_min(at, value, order)                                                   \
    FV_CHANGE_(__c11_atomic_fetch_min, at, value, order)
#define __atomic_exchange_n(at, value, order) FV_CHANGE_(__atomic_exchange_n, at, value, order)
#define __atomic_fetch_add(at, value, order) FV_CHANGE_(__atomic_fetch_add, at, value, order)
#define __atomic_fetch_sub(at, value, order) FV_CHANGE_(__atomic_fetch_sub, at, value, order)
#define __atomic_fetch_or(at, value, order) FV_CHANGE_(__atomic_fetch_or, at, value, order)
#define __atomic_fetch_xor(at, value, order) FV_CHANGE_(__atomic_fetch_xor, at, value, order)
#define __atomic_fetch_and(at, value, order) FV_CHANGE_(__atomic_fetch_and, at, value, order)
#define __atomic_fetch_nand(at, value, order) FV_CHANGE_(__atomic_fetch_nand, at, value, order)
#define __atomic_add_fetch(at, value, order) FV_CHANGE_(__atomic_add_fetch, at, value, order)
#define __atomic_sub_fetch(at, value, order) FV_CHANGE_(__atomic_sub_fetch, at, value, order)
#define __atomic_or_fetch(at, value, order) FV_CHANGE_(__atomic_or_fetch, at, value, order)
#define __atomic_xor_fetch(at, value, order) FV_CHANGE_(__atomic_xor_fetch, at, value, order)
#define __atomic_and_fetch(at, value, order) FV_CHANGE_(__atomic_and_fetch, at, value, order)
#define __atomic_nand_fetch(at, value, order) FV_CHANGE_(__atomic_nand_fetch, at, value, order)
#define __sync_fetch_and_add(at, value) FV_CHANGE_(__sync_fetch_and_add, at, value)
#define __sync_fetch_and_sub(at, value) FV_CHANGE_(__sync_fetch_and_sub, at, value)
#define __sync_fetch_and_or(at, value) FV_CHANGE_(__sync_fetch_and_or, at, value)
#define __sync_fetch_and_and(at, value) FV_CHANGE_(__sync_fetch_and_and, at, value)
#define __sync_fetch_and_xor(at, value) FV_CHANGE_(__sync_fetch_and_xor, at, value)
#define __sync_add_and_fetch(at, value) FV_CHANGE_(__sync_add_and_fetch, at, value)
#define __sync_sub_and_fetch(at, value) FV_CHANGE_(__sync_sub_and_fetch, at, value)
#define __sync_or_and_fetch(at, value) FV_CHANGE_(__sync_or_and_fetch, at, value)
#define __sync_and_and_fetch(at, value) FV_CHANGE_(__sync_and_and_fetch, at, value)
#define __sync_xor_and_fetch(at, value) FV_CHANGE_(__sync_xor_and_fetch, at, value)
#define __sync_lock_test_and_set(at, value) FV_CHANGE_(__sync_lock_test_and_set, at, value)
#define __c11_atomic_compare_exchange_strong(at, old, ...)                                         \
    FV_SWAP_(__c11_atomic_compare_exchange_strong, at, old, __VA_ARGS__)
#define __c11_atomic_compare_exchange_weak(at, old, ...)                                           \
    FV_SWAP_(__c11_atomic_compare_exchange_weak, at, old, __VA_ARGS__)
#define __atomic_compare_exchange(at, old, ...)                                                    \
    FV_SWAP_(__atomic_compare_exchange, at, old, __VA_ARGS__)
#define __atomic_compare_exchange_n(at, old, ...)                                                  \
    FV_SWAP_(__atomic_compare_exchange_n, at, old, __VA_ARGS__)
#define __sync_bool_compare_and_swap(at, old, ...)                                                 \
    FV_SWAP_(__sync_bool_compare_and_swap, at, old, __VA_ARGS__)
#define __sync_val_compare_and_swap(at, old, ...)                                                  \
    FV_SWAP_(__sync_val_compare_and_swap, at, old, __VA_ARGS__)
#define __atomic_test_and_set(at, order) FV_SET_(__atomic_test_and_set, at, order)
#define __atomic_clear(at, order) FV_SET_(__atomic_clear, at, order)
#define __atomic_exchange(at, old, ...) FV_SWAP_(__atomic_exchange, at, old, __VA_ARGS__)
#define __sync_lock_release(at) (FV_TOUCHED_(at), __sync_lock_release(at))

#endif
