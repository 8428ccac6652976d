/* A lock-free stack. Its head is a node's number and a tag that changes with every operation;
 * without the tag, a head that is the same again is taken for one that never changed (the ABA
 * problem). */
#include <stdatomic.h>

#include "races.h"

enum { NOTHING = STACK_NODES };

static _Atomic uint64_t head = NOTHING;
static _Atomic uint32_t next[STACK_NODES];

static uint32_t node_of(uint64_t word) { return (uint32_t)word; }

static uint64_t after(uint64_t word, uint32_t node) {
#ifdef STACK_UNTAGGED
    (void)word;
    return node;
#else
    return ((word >> 32) + 1) << 32 | node;
#endif
}

void stack_push(uint32_t node) {
    uint64_t seen = atomic_load(&head);
    do atomic_store(&next[node], node_of(seen));
    while (!atomic_compare_exchange_weak(&head, &seen, after(seen, node)));
}

bool stack_pop(uint32_t *node) {
    uint64_t seen = atomic_load(&head);
    do {
        *node = node_of(seen);
        if (*node == NOTHING) return false;
    } while (!atomic_compare_exchange_weak(&head, &seen, after(seen, atomic_load(&next[*node]))));
    return true;
}
