/* Included first into every source that is preempted at shared accesses (target.toml:
 * `preempt`): its copies of memory are calls, whose reads and writes are seen as those of its
 * own are. Declarations and nothing else, so that the source may include what it likes. */
#ifndef FUZZVERSE_SIM_COPIES_H
#define FUZZVERSE_SIM_COPIES_H

#ifdef __cplusplus
#define FV_COPIES_THROW_ throw()
extern "C" {
#else
#define FV_COPIES_THROW_
#endif

/* With a name of its own in the object file, none of them is taken for what the compiler knows. */
void *memcpy(void *__restrict to, const void *__restrict from, __SIZE_TYPE__ bytes) FV_COPIES_THROW_
    __asm__("fv_share_memcpy");
void *memmove(void *to, const void *from, __SIZE_TYPE__ bytes) FV_COPIES_THROW_
    __asm__("fv_share_memmove");
void *memset(void *to, int byte, __SIZE_TYPE__ bytes) FV_COPIES_THROW_ __asm__("fv_share_memset");

#ifdef __cplusplus
}
#endif

#endif
