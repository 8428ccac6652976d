#include "heap.h"

#include <fuzzverse/fuzzverse.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"

enum {
    LISTS = 8,
    LIST_NODES = 12, /* at the start */
    NODE_BITS_MAX = 8,
    TREE_NODES = 48, /* at the start */
    TREE_KEYS = 1 << 16,
    PIECES = 48,
    SMALL_BITS_MAX = 11,
    MIDDLE_BITS_MAX = 16,
    LARGE_BITS_MAX = 22,
    SIZE_ODDS = 32,          /* one piece in so many is large, and two are middling */
    PIECE_EDGE_BYTES = 2048, /* of a larger piece, only so much at either end is ever touched */
    BLOCKS = 2,
    BLOCK_BYTES = 136 << 10,
    STRETCH_BITS_MAX = 13
};

static void *allocated(void *memory) {
    if (memory == NULL) abort();
    return memory;
}

/* ---- lists ----------------------------------------------------------------------------------- */

struct node {
    struct node *next;
    size_t size;
    uint8_t bytes[];
};

static struct {
    struct node *first;
    uint32_t length;
} lists[LISTS];

static void push(uint32_t list, size_t size, uint64_t seed) {
    struct node *node = allocated(malloc(sizeof *node + size));
    node->next = lists[list].first;
    node->size = size;
    digest_fill(node->bytes, size, seed);
    lists[list].first = node;
    lists[list].length++;
}

void lists_build(void) {
    for (uint32_t i = 0; i < LISTS * LIST_NODES; i++) {
        uint64_t seed = digest_mix(i);
        push(i % LISTS, 1 + seed % (1 << NODE_BITS_MAX), seed);
    }
}

static uint64_t list_digest(uint32_t list) {
    uint64_t hash = list;
    uint32_t length = 0;
    for (const struct node *node = lists[list].first; node != NULL; node = node->next) {
        hash = digest_bytes(hash, node->bytes, node->size);
        length++;
    }
    return digest_word(digest_word(hash, length), lists[list].length);
}

uint64_t lists_digest(void) {
    uint64_t hash = 0;
    for (uint32_t i = 0; i < LISTS; i++) hash = digest_word(hash, list_digest(i));
    return hash;
}

uint32_t lists_push(void) {
    uint32_t list = (uint32_t)fv_below(LISTS);
    size_t size = digest_draw_size(NODE_BITS_MAX);
    push(list, size, fv_u64());
    return lists[list].length;
}

uint32_t lists_pop(void) {
    uint32_t list = (uint32_t)fv_below(LISTS);
    struct node *node = lists[list].first;
    if (node == NULL) return 0;
    lists[list].first = node->next;
    free(node);
    return --lists[list].length;
}

uint32_t lists_change(void) {
    uint32_t list = (uint32_t)fv_below(LISTS);
    if (lists[list].length == 0) return 0;
    uint64_t steps = fv_below(lists[list].length);
    struct node *node = lists[list].first;
    while (steps-- > 0) node = node->next;
    digest_fill(node->bytes, node->size, fv_u64());
    return lists[list].length;
}

uint32_t lists_reverse(void) {
    uint32_t list = (uint32_t)fv_below(LISTS);
    struct node *reversed = NULL;
    for (struct node *node = lists[list].first, *next; node != NULL; node = next) {
        next = node->next;
        node->next = reversed;
        reversed = node;
    }
    lists[list].first = reversed;
    return lists[list].length;
}

/* ---- a search tree --------------------------------------------------------------------------- */

struct branch {
    struct branch *children[2];
    uint64_t key, value;
};

static struct branch *root;

static uint32_t insert(uint64_t key, uint64_t value) {
    struct branch **place = &root;
    uint32_t depth = 0;
    for (; *place != NULL && (*place)->key != key; depth++)
        place = &(*place)->children[key > (*place)->key];
    if (*place == NULL) *place = allocated(calloc(1, sizeof **place));
    (*place)->key = key;
    (*place)->value = value;
    return depth;
}

void tree_build(void) {
    for (uint64_t i = 0; i < TREE_NODES; i++) insert(digest_mix(i) % TREE_KEYS, i);
}

static uint64_t branch_digest(const struct branch *branch) {
    if (branch == NULL) return 1;
    uint64_t hash = digest_word(branch->key, branch->value);
    hash = digest_word(hash, branch_digest(branch->children[0]));
    return digest_word(hash, branch_digest(branch->children[1]));
}

uint64_t tree_digest(void) { return branch_digest(root); }

uint32_t tree_insert(void) {
    uint64_t key = fv_below(TREE_KEYS);
    return insert(key, fv_u64());
}

/* One leaf: left or right as the drawn bits say, while there is a choice. */
uint32_t tree_prune(void) {
    uint64_t way = fv_u64();
    struct branch **place = &root;
    uint32_t depth = 0;
    if (root == NULL) return 0;
    for (;; depth++, way = way >> 1 | way << 63) {
        struct branch **children = (*place)->children;
        if (children[way & 1] != NULL)
            place = &children[way & 1];
        else if (children[~way & 1] != NULL)
            place = &children[~way & 1];
        else
            break;
    }
    free(*place);
    *place = NULL;
    return depth;
}

/* ---- loose pieces ---------------------------------------------------------------------------- */

static struct {
    uint8_t *bytes;
    size_t size;
} pieces[PIECES];

/* Fills what is new; of a large piece, its ends. */
static void fill_piece(uint32_t i, size_t known, uint64_t seed) {
    size_t size = pieces[i].size;
    if (size > 2 * PIECE_EDGE_BYTES) {
        digest_fill(pieces[i].bytes, PIECE_EDGE_BYTES, seed);
        digest_fill(pieces[i].bytes + size - PIECE_EDGE_BYTES, PIECE_EDGE_BYTES, ~seed);
    } else if (known < size) {
        digest_fill(pieces[i].bytes + known, size - known, seed);
    }
}

static void allocate_piece(uint32_t i, size_t size, bool zeroed) {
    free(pieces[i].bytes);
    pieces[i].bytes = allocated(zeroed ? calloc(1, size) : malloc(size));
    pieces[i].size = size;
}

void pieces_build(void) {
    for (uint32_t i = 0; i < PIECES; i += 2) {
        uint64_t seed = digest_mix(i);
        allocate_piece(i, 1 + seed % (1 << SMALL_BITS_MAX), false);
        fill_piece(i, 0, seed);
    }
}

static uint64_t piece_digest(const uint8_t *bytes, size_t size) {
    if (size <= 2 * PIECE_EDGE_BYTES) return digest_bytes(0, bytes, size);
    uint64_t hash = digest_bytes(size, bytes, PIECE_EDGE_BYTES);
    return digest_bytes(hash, bytes + size - PIECE_EDGE_BYTES, PIECE_EDGE_BYTES);
}

uint64_t pieces_digest(void) {
    uint64_t hash = 0;
    for (uint32_t i = 0; i < PIECES; i++)
        if (pieces[i].bytes != NULL)
            hash = digest_word(hash + i, piece_digest(pieces[i].bytes, pieces[i].size));
    return hash;
}

/* Now and then the heap must grow, or a piece is a mapping of its own. */
static size_t draw_piece_size(void) {
    uint64_t luck = fv_below(SIZE_ODDS);
    if (luck == 1) return digest_draw_size(LARGE_BITS_MAX);
    return digest_draw_size(luck == 2 || luck == 3 ? MIDDLE_BITS_MAX : SMALL_BITS_MAX);
}

uint32_t pieces_allocate(void) {
    uint32_t i = (uint32_t)fv_below(PIECES);
    size_t size = draw_piece_size();
    bool zeroed = fv_chance(1, 4);
    allocate_piece(i, size, zeroed);
    fill_piece(i, zeroed ? size : 0, fv_u64());
    return (uint32_t)size;
}

/* Shrinking a large piece to a small one would keep bytes that were never written. */
uint32_t pieces_resize(void) {
    uint32_t i = (uint32_t)fv_below(PIECES);
    size_t size = draw_piece_size(), known = pieces[i].size;
    pieces[i].bytes = allocated(realloc(pieces[i].bytes, size));
    pieces[i].size = size;
    fill_piece(i, known > 2 * PIECE_EDGE_BYTES ? 0 : known, fv_u64());
    return (uint32_t)size;
}

uint32_t pieces_free(void) {
    uint32_t i = (uint32_t)fv_below(PIECES);
    uint32_t size = (uint32_t)pieces[i].size;
    free(pieces[i].bytes);
    pieces[i].bytes = NULL;
    pieces[i].size = 0;
    return size;
}

/* ---- large blocks ---------------------------------------------------------------------------- */

static uint8_t *blocks[BLOCKS];

void blocks_build(void) {
    for (uint32_t i = 0; i < BLOCKS; i++) {
        blocks[i] = allocated(malloc(BLOCK_BYTES));
        digest_fill(blocks[i], BLOCK_BYTES, i);
    }
}

uint64_t blocks_digest(void) {
    uint64_t hash = 0;
    for (uint32_t i = 0; i < BLOCKS; i++) hash = digest_bytes(hash, blocks[i], BLOCK_BYTES);
    return hash;
}

uint32_t blocks_set(void) {
    uint8_t *block = blocks[fv_below(BLOCKS)];
    size_t size = digest_draw_size(STRETCH_BITS_MAX);
    uint64_t at = fv_below(BLOCK_BYTES - size + 1);
    memset(block + at, (int)fv_below(256), size);
    return (uint32_t)size;
}

uint32_t blocks_move(void) {
    uint8_t *to = blocks[fv_below(BLOCKS)], *from = blocks[fv_below(BLOCKS)];
    size_t size = digest_draw_size(STRETCH_BITS_MAX);
    uint64_t at = fv_below(BLOCK_BYTES - size + 1);
    memmove(to + at, from + fv_below(BLOCK_BYTES - size + 1), size);
    return (uint32_t)size;
}
