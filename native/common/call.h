/* Names of system calls, for messages. */
#ifndef FV_COMMON_CALL_H
#define FV_COMMON_CALL_H

#include <stddef.h>

/* The number's name as programmers know it, or "system call N", which is written to `to`. */
const char *fv_call_name(long number, char *to, size_t size);

#endif
