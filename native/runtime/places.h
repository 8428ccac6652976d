/* Fixed places in a target's address space, below where the kernel puts mappings of its own accord:
 * the same in every process of a session, whatever its isolation. */
#ifndef FV_RUNTIME_PLACES_H
#define FV_RUNTIME_PLACES_H

#include <stdint.h>

#define FV_STACK_AT UINT64_C(0x2ff000000000)
#define FV_STACK_BYTES (UINT64_C(8) << 20)
/* The heap of native/heap lies between. */
#define FV_STORE_AT UINT64_C(0x400000000000) /* what a runner knows of pages; see blocks.h */

/* For state of the runtime that a rewinding must leave alone: pages of its own. The type carries
 * FV_KEPT_TYPE, which rounds its size up. */
#define FV_KEPT_TYPE __attribute__((aligned(4096)))
#define FV_KEPT __attribute__((section("fv_kept")))

#endif
