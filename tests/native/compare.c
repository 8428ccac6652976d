/* Which answers comparisons ask for: of the right draw, in its bounds, in bounded room. */
/* links: runtime/operands */
#include "../../native/runtime/compare.c"

#include "expect.h"
#include "layout.h"
#include "mix.h"

enum { LOOP = 1 << 20 };
#define MAGIC UINT64_C(0xdeadbeefcafef00d)

struct fv_runtime fv_rt;

static void begin(bool watches) {
    static struct fv_header header = {
        .worker_count = 1, .tree_count = 1, .policy = {.batch_size = 1}};
    fv_layout_plan(&header);
    fv_rt.header = &header;
    if (fv_rt.slot == NULL) fv_rt.slot = calloc(1, header.slot_stride);
    EXPECT(fv_rt.slot != NULL);
    fv_rt.slot->compare_count = 0;
    fv_rt.slot->watches = watches;
    fv_compare_enter(fv_rt.slot);
}

static uint32_t count(void) { return fv_rt.slot->compare_count; }

static bool has(uint64_t draws, uint64_t answer) {
    const struct fv_comparison *table = fv_layout_compares(fv_rt.header, fv_rt.slot);
    for (uint32_t i = 0; i < count(); i++)
        if (table[i].draws == draws && table[i].answer == answer) return true;
    return false;
}

static void nothing_is_noted_unless_watched(void) {
    begin(false);
    fv_compare_note_draw(0, 7, 0, 100);
    EXPECT(watch.drawn_count == 1);
    fv_compare_enter(NULL);
    EXPECT(watch.drawn_count == 0);
    __sanitizer_cov_trace_const_cmp4(50, 7);
    EXPECT(count() == 0);
    begin(true);
    __sanitizer_cov_trace_const_cmp4(50, 7);
    EXPECT(count() == 0);
}

static void constant_and_one_past_it(void) {
    begin(true);
    fv_compare_note_draw(3, 7, 0, 100);
    __sanitizer_cov_trace_const_cmp4(50, 7);
    EXPECT(count() == 2 && has(3, 50) && has(3, 51));
    begin(true);
    fv_compare_note_draw(3, 70, 0, 100);
    __sanitizer_cov_trace_const_cmp8(50, 70);
    EXPECT(count() == 2 && has(3, 50) && has(3, 49));
    begin(true);
    fv_compare_note_draw(3, 50, 0, 100);
    __sanitizer_cov_trace_const_cmp8(50, 50);
    __sanitizer_cov_trace_const_cmp8(100, 50);
    __sanitizer_cov_trace_const_cmp8(50, 7);
    EXPECT(count() == 0);
}

static void answers_stay_within_the_bound(void) {
    begin(true);
    fv_compare_note_draw(0, 7, 0, 100);
    __sanitizer_cov_trace_const_cmp4(99, 7);
    EXPECT(count() == 1 && has(0, 99));
    begin(true);
    fv_compare_note_draw(0, 7, 0, 100);
    __sanitizer_cov_trace_const_cmp4(0, 7);
    EXPECT(count() == 1 && has(0, 0));
    begin(true);
    fv_compare_note_draw(0, 1, 0, 2);
    fv_compare_note_draw(1, 0, 0, 1);
    __sanitizer_cov_trace_const_cmp4(0, 1);
    EXPECT(count() == 0);
}

/* fv_between(-10, 10) answers 0..20, which the target sees as int, int8_t or int64_t. */
static void bases_and_signs(void) {
    const uint64_t base = (uint64_t)-10;
    begin(true);
    fv_compare_note_draw(0, 13, base, 21);
    __sanitizer_cov_trace_const_cmp4((uint32_t)-5, 3);
    EXPECT(count() == 2 && has(0, 5) && has(0, 4));
    begin(true);
    fv_compare_note_draw(0, 7, base, 21);
    __sanitizer_cov_trace_const_cmp1(5, (uint8_t)-3);
    EXPECT(count() == 2 && has(0, 15) && has(0, 16));
    begin(true);
    fv_compare_note_draw(0, 7, base, 21);
    __sanitizer_cov_trace_const_cmp8((uint64_t)-1, (uint64_t)-3);
    EXPECT(count() == 2 && has(0, 9) && has(0, 10));
    begin(true);
    fv_compare_note_draw(0, 40, 1000, 100);
    __sanitizer_cov_trace_const_cmp2(1090, 1040);
    EXPECT(count() == 2 && has(0, 90) && has(0, 91));
}

static void either_side_may_be_drawn(void) {
    begin(true);
    fv_compare_note_draw(0, 7, 0, 100);
    __sanitizer_cov_trace_cmp4(7, 50);
    EXPECT(has(0, 50) && has(0, 51));
    __sanitizer_cov_trace_cmp4(20, 7);
    EXPECT(has(0, 20) && has(0, 21));
}

static void parts_of_a_word(void) {
    begin(true);
    fv_compare_note_draw(0, MAGIC, 0, 0);
    __sanitizer_cov_trace_const_cmp8(5, MAGIC);
    EXPECT(count() == 2 && has(0, 5) && has(0, 4));
    begin(true);
    fv_compare_note_draw(0, MAGIC, 0, 0);
    __sanitizer_cov_trace_const_cmp4(0x11223344, 0xcafef00d);
    EXPECT(has(0, UINT64_C(0xdeadbeef11223344)));
    __sanitizer_cov_trace_const_cmp4(0x11223344, 0xdeadbeef);
    EXPECT(has(0, UINT64_C(0x11223344cafef00d)));
    begin(true);
    fv_compare_note_draw(0, MAGIC, 0, 0);
    __sanitizer_cov_trace_const_cmp1('F', 0xca);
    EXPECT(has(0, UINT64_C(0xdeadbeef46fef00d)));
    begin(true);
    fv_compare_note_draw(0, MAGIC, 0, 0);
    __sanitizer_cov_trace_const_cmp4('F', 0xca); /* promoted to int */
    EXPECT(has(0, UINT64_C(0xdeadbeef46fef00d)));
    begin(true);
    fv_compare_note_draw(0, UINT64_C(0x123456), 0, UINT64_C(1) << 24);
    __sanitizer_cov_trace_const_cmp1(0xff, 0x12);
    EXPECT(has(0, UINT64_C(0xff3456)) && has(0, UINT64_C(0xfe3456)) == false);
}

static void least_likely_coincidence_wins_then_the_newest(void) {
    begin(true);
    fv_compare_note_draw(0, 3, 0, 1000);
    fv_compare_note_draw(1, 3, 0, 5);
    __sanitizer_cov_trace_const_cmp4(500, 3);
    EXPECT(count() == 2 && has(0, 500));
    begin(true);
    fv_compare_note_draw(0, 3, 0, 1000);
    fv_compare_note_draw(1, 3, 0, 1000);
    __sanitizer_cov_trace_const_cmp4(500, 3);
    EXPECT(count() == 2 && has(1, 500));
    begin(true);
    fv_compare_note_draw(0, 3, 0, 1000);
    fv_compare_note_draw(1, 3, 0, 5);
    __sanitizer_cov_trace_const_cmp4(4, 3);
    EXPECT(has(0, 4) && !has(1, 4));
}

static void only_recent_draws_count(void) {
    begin(true);
    fv_compare_note_draw(0, 999, 0, 1000);
    for (uint64_t i = 1; i <= FV_DRAWN_MAX; i++) fv_compare_note_draw(i, i, 0, 1000);
    __sanitizer_cov_trace_const_cmp4(500, 999);
    EXPECT(count() == 0);
    __sanitizer_cov_trace_const_cmp4(500, 1);
    EXPECT(has(1, 500));
}

static void some_answers_for_each_draw(void) {
    begin(true);
    fv_compare_note_draw(0, 7, 0, 1000);
    for (uint32_t i = 100; i < 200; i++) __sanitizer_cov_trace_const_cmp4(i, 7);
    EXPECT(count() == FV_ANSWERS_OF_DRAW_MAX);
    begin(true);
    fv_compare_note_draw(0, 7, 0, 1000);
    for (uint32_t i = 1; i <= FV_ANSWERS_OF_DRAW_MAX; i++)
        __sanitizer_cov_trace_const_cmp4(100 * i, 7);
    for (uint32_t i = 1; i <= FV_ANSWERS_OF_DRAW_MAX; i++) EXPECT(has(0, 100 * i));
    EXPECT(count() == FV_ANSWERS_OF_DRAW_MAX);
    __sanitizer_cov_trace_const_cmp4(100, 7);
    EXPECT(count() == FV_ANSWERS_OF_DRAW_MAX);
}

static void rare_ones_push_out_common_ones(void) {
    begin(true);
    for (uint64_t i = 0; i < 100; i++) {
        fv_compare_note_draw(i, 1, 0, 6);
        __sanitizer_cov_trace_const_cmp4(4, 1);
    }
    EXPECT(count() == FV_COMPARES_MAX);
    fv_compare_note_draw(100, 77777, 0, UINT64_C(1) << 32);
    __sanitizer_cov_trace_const_cmp4(0xabcdef01, 77777);
    EXPECT(count() == FV_COMPARES_MAX && has(100, 0xabcdef01) && has(100, 0xabcdef02));
}

static void switches(void) {
    const uint64_t cases[] = {3, 32, 10, 20, 0x80000000};
    begin(true);
    fv_compare_note_draw(0, 7, 0, UINT64_C(1) << 32);
    __sanitizer_cov_trace_switch(7, cases);
    EXPECT(count() == 3 && has(0, 10) && has(0, 20) && has(0, 0x80000000));
    begin(true);
    fv_compare_note_draw(0, 20, 0, 100);
    __sanitizer_cov_trace_switch(20, cases);
    EXPECT(count() == 1 && has(0, 10));
}

static void every_case_has_its_turn(void) {
    enum { CASES = 40 };
    uint64_t cases[2 + CASES] = {CASES, 64};
    bool tried[CASES] = {false};
    for (uint64_t i = 0; i < CASES; i++) cases[2 + i] = 1000 + i;
    for (uint64_t value = 0; value < CASES; value++) {
        begin(true);
        fv_compare_note_draw(0, value, 0, 0);
        __sanitizer_cov_trace_switch(value, cases);
        EXPECT(count() == FV_ANSWERS_OF_DRAW_MAX);
        for (uint64_t i = 0; i < CASES; i++) tried[i] |= has(0, 1000 + i);
    }
    for (uint64_t i = 0; i < CASES; i++) EXPECT(tried[i]);
}

/* A loop of comparisons must not eat the deadline of its timeline. */
static void looking_comes_to_an_end(void) {
    begin(true);
    fv_compare_note_draw(0, 7, 0, 100);
    for (uint32_t i = 0; i < FV_LOOKS_OF_DRAW_MAX; i++) __sanitizer_cov_trace_const_cmp4(5, 5);
    __sanitizer_cov_trace_const_cmp4(50, 7);
    EXPECT(count() == 0 && watch.looks_left == 0);
    fv_compare_note_draw(1, 8, 0, 100);
    __sanitizer_cov_trace_const_cmp4(50, 7);
    EXPECT(has(0, 50));
    for (uint64_t i = 2; i < LOOP / FV_LOOKS_OF_DRAW_MAX; i++) {
        fv_compare_note_draw(i, 8, 0, 100);
        for (uint32_t k = 0; k < FV_LOOKS_OF_DRAW_MAX; k++) __sanitizer_cov_trace_const_cmp4(5, 5);
    }
    EXPECT(watch.looks_left == 0 && watch.looks_left_in_all == 0);
    begin(true);
    EXPECT(watch.looks_left_in_all == FV_LOOKS_MAX && watch.drawn_count == 0);
}

/* Whatever is compared, the table stays in its bounds and so do the answers. */
static void random_comparisons_keep_every_bound(void) {
    uint64_t bounds[64] = {0};
    begin(true);
    for (uint64_t i = 0; i < 64; i++) {
        uint64_t at = i * 1000, bits = fv_mix_draw(1, at) % 64;
        bounds[i] = bits == 0 ? 0 : (fv_mix_draw(1, at + 1) >> (64 - bits)) + 1;
        uint64_t word = fv_mix_draw(1, at + 2), value = bounds[i] ? word % bounds[i] : word;
        uint64_t base = i % 3 ? 0 : fv_mix_draw(1, at + 3);
        fv_compare_note_draw(i, value, base, bounds[i]);
        for (uint64_t k = 0; k < 200; k++) {
            uint64_t other = fv_mix_draw(2, at + k) >> (k % 64), seen = (base + value) >> (k % 48);
            __sanitizer_cov_trace_cmp1((uint8_t)other, (uint8_t)seen);
            __sanitizer_cov_trace_cmp2((uint16_t)seen, (uint16_t)other);
            __sanitizer_cov_trace_cmp4((uint32_t)other, (uint32_t)seen);
            __sanitizer_cov_trace_cmp8(seen, other);
        }
    }
    EXPECT(count() == FV_COMPARES_MAX);
    const struct fv_comparison *table = fv_layout_compares(fv_rt.header, fv_rt.slot);
    for (uint32_t i = 0; i < count(); i++) {
        EXPECT(table[i].draws < 64);
        EXPECT(table[i].answer <= bounds[table[i].draws] - 1);
        for (uint32_t k = 0; k < i; k++)
            EXPECT(table[i].draws != table[k].draws || table[i].answer != table[k].answer);
    }
}

static void all_are_counted(void) {
    uint64_t cases[] = {1, 32, 5}, before = fv_rt.compared;
    begin(false);
    __sanitizer_cov_trace_const_cmp4(1, 2);
    __sanitizer_cov_trace_cmp8(3, 3);
    __sanitizer_cov_trace_switch(4, cases);
    EXPECT(fv_rt.compared == before + 3);
    begin(true);
    __sanitizer_cov_trace_cmp1(5, 6);
    EXPECT(fv_rt.compared == before + 4);
}

int main(void) {
    nothing_is_noted_unless_watched();
    constant_and_one_past_it();
    answers_stay_within_the_bound();
    bases_and_signs();
    either_side_may_be_drawn();
    parts_of_a_word();
    least_likely_coincidence_wins_then_the_newest();
    only_recent_draws_count();
    some_answers_for_each_draw();
    rare_ones_push_out_common_ones();
    switches();
    every_case_has_its_turn();
    looking_comes_to_an_end();
    all_are_counted();
    random_comparisons_keep_every_bound();
    free(fv_rt.slot);
    return 0;
}
