/* Ways through chained nodes, against following them draw by draw. */
/* links: core/archive */
#include "archive.h"

#include <string.h>

#include "expect.h"
#include "mix.h"

enum { CHAINS = 400, CHAIN_MAX = 8, STEPS_MAX = 6, DRAWS = 40, ALL_MAX = 256 };

static struct fv_archive archive;
static uint64_t luck;

static uint64_t below(uint64_t n) { return fv_mix_draw(7, luck++) % n; }

/* What is known of a chain without the archive: the steps of its last node, one list. */
struct chain {
    struct fv_step steps[ALL_MAX];
    uint32_t count;
    uint32_t node;
};

static struct fv_step some_step(uint64_t at) {
    enum fv_segment_kind kind = (enum fv_segment_kind)below(FV_SEGMENT_KINDS);
    uint32_t offset = kind == FV_SEGMENT_RESEED ? (uint32_t)below(100) : 0;
    return (struct fv_step){at, fv_mix_draw(8, luck++), kind, offset};
}

static void cut(struct chain *chain, uint64_t draws) {
    while (chain->count > 0 && chain->steps[chain->count - 1].at >= draws) chain->count--;
}

/* One more timeline: it leaves the chain at `at`, where its first step is a reseeding. */
static void grow(struct chain *chain, uint64_t at) {
    struct fv_step own[STEPS_MAX] = {{at, fv_mix_draw(9, luck++), FV_SEGMENT_RESEED, 3}};
    uint32_t n = 1;
    for (uint64_t next = at + below(4); n < STEPS_MAX && below(4) > 0; next += below(5))
        own[n++] = some_step(next);
    struct fv_node node = {
        .root = 77, .cut = at, .draws = DRAWS, .tape = FV_NOTHING, .parent = chain->node};
    node.step_count = n;
    cut(chain, at);
    chain->node = fv_archive_add_node(&archive, &node, own);
    EXPECT(chain->node != FV_NOTHING);
    memcpy(chain->steps + chain->count, own, n * sizeof *own);
    chain->count += n;
}

static struct chain some_chain(uint32_t tape) {
    struct fv_node root = {.root = 77, .draws = DRAWS, .parent = FV_NOTHING, .tape = tape};
    struct chain chain = {.node = fv_archive_add_node(&archive, &root, &(struct fv_step){0})};
    for (uint64_t i = below(CHAIN_MAX); i > 0; i--) grow(&chain, below(DRAWS));
    return chain;
}

static bool same(const struct fv_step *a, const struct fv_step *b, uint32_t n) {
    return memcmp(a, b, n * sizeof *a) == 0;
}

static void prefixes(const struct chain *chain) {
    struct fv_step found[ALL_MAX];
    for (uint64_t draws = 0; draws <= DRAWS; draws++) {
        struct chain known = *chain;
        cut(&known, draws);
        EXPECT(fv_archive_prefix(&archive, chain->node, draws, found, ALL_MAX) == known.count);
        EXPECT(same(found, known.steps, known.count));
        EXPECT(fv_archive_prefix(&archive, chain->node, draws, found, known.count) == known.count);
        EXPECT(same(found, known.steps, known.count));
        if (known.count == 0) continue;
        uint32_t less = known.count - 1;
        EXPECT(fv_archive_prefix(&archive, chain->node, draws, found, less) == FV_NOTHING);
    }
}

static void futures(const struct chain *chain) {
    struct fv_step found[ALL_MAX];
    for (uint64_t draws = archive.nodes[chain->node].cut; draws <= DRAWS; draws++) {
        struct chain before = *chain;
        cut(&before, draws);
        uint32_t n = chain->count - before.count;
        EXPECT(fv_archive_future(&archive, chain->node, draws, found, ALL_MAX) == n);
        EXPECT(same(found, chain->steps + before.count, n));
        if (n == 0) continue;
        EXPECT(fv_archive_future(&archive, chain->node, draws, found, n - 1) == n - 1);
        EXPECT(same(found, chain->steps + before.count, n - 1));
    }
}

static void streams(const struct chain *chain, bool has_tape) {
    for (uint64_t draws = 0; draws < DRAWS; draws++) {
        uint64_t seed = 77, count = draws, found_seed = 0, found_count = 0;
        bool is_known = !has_tape;
        for (uint32_t i = 0; i < chain->count && chain->steps[i].at <= draws; i++) {
            const struct fv_step *step = &chain->steps[i];
            if (!fv_step_begins(step)) continue;
            seed = step->seed;
            count = draws - step->at + fv_segment_skips(step->kind, step->offset);
            is_known = step->kind != FV_SEGMENT_PLAIN;
        }
        bool is_found = fv_archive_stream(&archive, chain->node, draws, &found_seed, &found_count);
        EXPECT(is_found == is_known);
        if (is_known) EXPECT(found_seed == seed && found_count == count);
    }
}

static void relating_and_back(const struct chain *chain) {
    struct fv_segment segments[ALL_MAX];
    struct fv_step back[ALL_MAX];
    uint64_t base = 0, last = 0;
    fv_archive_relate(chain->steps, chain->count, segments, &base);
    fv_archive_unrelate(segments, chain->count, back);
    EXPECT(same(back, chain->steps, chain->count));
    for (uint32_t i = 0; i < chain->count; i++)
        if (fv_step_begins(&chain->steps[i])) last = chain->steps[i].at;
    EXPECT(base == last);
    for (uint32_t half = 0; half <= chain->count; half++) {
        struct fv_segment parts[ALL_MAX];
        base = 0;
        fv_archive_relate(chain->steps, half, parts, &base);
        fv_archive_relate(chain->steps + half, chain->count - half, parts + half, &base);
        EXPECT(memcmp(parts, segments, chain->count * sizeof *parts) == 0);
    }
}

static void hints_are_in_order_and_set_once(uint32_t node) {
    const struct fv_comparison hints[] = {{9, 1}, {2, 2}, {9, 3}, {0, 4}};
    fv_archive_set_hints(&archive, node, hints, 4);
    fv_archive_set_hints(&archive, node, hints, 1);
    const struct fv_node *n = &archive.nodes[node];
    EXPECT(n->is_watched && n->hint_count == 4);
    const struct fv_comparison *kept = archive.hints + n->hints_at;
    EXPECT(kept[0].answer == 4 && kept[1].answer == 2);
    EXPECT(kept[2].answer == 1 && kept[3].answer == 3);
}

static void places_of_states(void) {
    struct fv_place state = {.state = 5}, entry = {.state = FV_NOTHING};
    EXPECT(archive.place_of_state[5] == FV_NOTHING);
    uint32_t number = fv_archive_add_place(&archive, &state);
    EXPECT(archive.place_of_state[5] == number);
    EXPECT(fv_archive_add_place(&archive, &entry) == number + 1);
}

static void what_children_brought_is_summed(void) {
    struct fv_place entry = {.state = FV_NOTHING};
    uint32_t number = fv_archive_add_place(&archive, &entry);
    uint8_t yields[] = {0, 4, 1};
    fv_archive_credit(&archive, number, yields, 3);
    fv_archive_credit(&archive, number, yields, 1);
    fv_archive_credit(&archive, FV_NOTHING, yields, 3);
    EXPECT(archive.places[number].tries == 4);
    EXPECT(archive.places[number].hits == 2);
}

static void what_finds_no_room_is_counted(void) {
    struct fv_node bare = {.parent = FV_NOTHING, .tape = FV_NOTHING};
    struct fv_node greedy = {.parent = FV_NOTHING, .step_count = FV_STEPS_MAX};
    struct fv_place entry = {.state = FV_NOTHING};
    struct fv_step step = {0};
    EXPECT(archive.overflow == 0);
    EXPECT(fv_archive_add_node(&archive, &greedy, &step) == FV_NOTHING);
    EXPECT(archive.overflow == 1);
    while (archive.node_count < FV_NODES_MAX)
        EXPECT(fv_archive_add_node(&archive, &bare, &step) != FV_NOTHING);
    EXPECT(fv_archive_add_node(&archive, &bare, &step) == FV_NOTHING);
    while (archive.place_count < FV_PLACES_MAX)
        EXPECT(fv_archive_add_place(&archive, &entry) != FV_NOTHING);
    EXPECT(fv_archive_add_place(&archive, &entry) == FV_NOTHING);
    EXPECT(archive.overflow == 3);
}

int main(void) {
    EXPECT(fv_archive_open(&archive));
    for (uint32_t i = 0; i < CHAINS; i++) {
        bool has_tape = i % 3 == 0;
        struct chain chain = some_chain(has_tape ? 0 : FV_NOTHING);
        prefixes(&chain);
        futures(&chain);
        streams(&chain, has_tape);
        relating_and_back(&chain);
    }
    hints_are_in_order_and_set_once(1);
    places_of_states();
    what_children_brought_is_summed();
    what_finds_no_room_is_counted();
    fv_archive_close(&archive);
    EXPECT(archive.nodes == NULL);
    return 0;
}
