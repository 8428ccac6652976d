/* What the linker and the kernel gave: globals with and without values, thread-local variables, an
 * array kept sorted, the stack. Operations return the size of what they worked on. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdint.h>

void globals_build(void);
uint64_t globals_digest(void);
uint32_t globals_write_data(void);
uint32_t globals_write_bss(void);

void locals_build(void);
uint64_t locals_digest(void);
uint32_t locals_write(void);

void numbers_build(void);
uint64_t numbers_digest(void);
uint32_t numbers_sort(void);
/* Sorts with a comparison that never returns: it calls this. */
void numbers_sort_until(void (*strike)(void));

uint32_t stack_descend(void);
uint32_t stack_jump(void);

#endif
