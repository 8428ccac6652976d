/* What malloc gave: lists and a tree of nodes, loose pieces of every size, blocks so large that
 * each is a mapping of its own. Operations return the size of what they worked on. */
#ifndef HEAP_H
#define HEAP_H

#include <stdint.h>

void lists_build(void);
uint64_t lists_digest(void);
uint32_t lists_push(void);
uint32_t lists_pop(void);
uint32_t lists_change(void);
uint32_t lists_reverse(void);

void tree_build(void);
uint64_t tree_digest(void);
uint32_t tree_insert(void);
uint32_t tree_prune(void);

void pieces_build(void);
uint64_t pieces_digest(void);
uint32_t pieces_allocate(void);
uint32_t pieces_resize(void);
uint32_t pieces_free(void);

void blocks_build(void);
uint64_t blocks_digest(void);
uint32_t blocks_set(void);
uint32_t blocks_move(void);

#endif
