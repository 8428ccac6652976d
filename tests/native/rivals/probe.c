/* What the stand-in for the runtime draws out of bytes, and what it tells of marks. */
#include <string.h>

#include "../expect.h"
#include "rival.h"

static uint8_t told[FV_RIVAL_COUNTERS];
static uint32_t told_count;

void fv_rival_tell(uint32_t counter) {
    EXPECT(counter < FV_RIVAL_COUNTERS);
    told_count += !told[counter];
    told[counter] = 1;
}

static void (*body)(void);
static bool ran_to_its_end;

static void run(void) {
    body();
    ran_to_its_end = true;
}

extern const struct fv_target fv_target_entry;
const struct fv_target fv_target_entry = {"probe", run};

static bool ends(void (*of)(void), const uint8_t *bytes, size_t n) {
    body = of;
    ran_to_its_end = false;
    EXPECT(LLVMFuzzerTestOneInput(bytes, n) == 0);
    return ran_to_its_end;
}

/* How many counters a body touches that were not touched before. */
static uint32_t news(void (*of)(void)) {
    uint32_t before = told_count;
    EXPECT(ends(of, (const uint8_t *)"", 0));
    return told_count - before;
}

/* ---- draws ----------------------------------------------------------------------------------- */

static void draw_everything(void) {
    uint8_t bytes[3];
    EXPECT(fv_below(10) == 7);
    EXPECT(fv_below(256) == 255);
    EXPECT(fv_below(257) == 0x0102 % 257);
    EXPECT(fv_between(-3, 3) == 8 % 7 - 3);
    EXPECT(fv_chance(3, 100));
    EXPECT(!fv_chance(3, 100));
    EXPECT(fv_pick("label", 4) == 1);
    EXPECT(fv_weighted("label", (uint32_t[]){1, 0, 2}, 3) == 2);
    fv_bytes(bytes, sizeof bytes);
    EXPECT(memcmp(bytes, "abc", 3) == 0);
    EXPECT(fv_u64() == UINT64_C(0x0807060504030201));
    EXPECT(fv_between(INT64_MIN, INT64_MAX) == INT64_MIN);
}

static void every_draw_takes_the_bytes_that_its_bound_needs(void) {
    static const uint8_t bytes[] = {17, 255, 2, 1, 8, 102, 3, 5, 1, 'a', 'b', 'c', 1, 2,
                                    3,  4,   5, 6, 7, 8,   0, 0, 0, 0,   0,   0,   0, 0};
    EXPECT(ends(draw_everything, bytes, sizeof bytes));
    EXPECT(!ends(draw_everything, bytes, sizeof bytes - 1));
    EXPECT(!ends(draw_everything, bytes, 3)); /* half of a draw is none */
    EXPECT(!ends(draw_everything, bytes, 0));
}

/* ---- marks ----------------------------------------------------------------------------------- */

static struct fv_site *mark(enum fv_mark_kind kind, enum fv_compare compare, uint32_t line) {
    return fv_mark_dynamic(kind, compare, "a mark", "probe.c", line);
}

static void pass(void) { fv_mark_bool(mark(FV_KIND_SOMETIMES, FV_COMPARE_NONE, 1), true); }
static void fail(void) { fv_mark_bool(mark(FV_KIND_SOMETIMES, FV_COMPARE_NONE, 1), false); }

static int64_t left, condition, key, quality;

static void compare(void) {
    fv_mark_numeric(mark(FV_KIND_SOMETIMES_NUMERIC, FV_COMPARE_GT, 2), left, 100);
}

static void widen(void) {
    const struct fv_pair conditions[] = {{"a", condition > 0}, {"b", condition > 1}};
    fv_mark_all(mark(FV_KIND_SOMETIMES_ALL, FV_COMPARE_NONE, 3), conditions, 2);
}

static void visit(void) {
    const struct fv_pair keys[] = {{"floor", key}, {"x", 1}}, qualities[] = {{"health", quality}};
    fv_mark_each(mark(FV_KIND_SOMETIMES_EACH, FV_COMPARE_NONE, 4), keys, 2, qualities, 1);
}

static uint32_t news_at(void (*of)(void), int64_t *value, int64_t at) {
    *value = at;
    return news(of);
}

static void what_is_a_discovery_is_a_counter(void) {
    EXPECT(news(fail) == 0);
    EXPECT(news(pass) == 1);
    EXPECT(news(pass) == 0);
    EXPECT(news_at(compare, &left, 0) == 1);
    EXPECT(news_at(compare, &left, 1) == 0); /* of the same step */
    EXPECT(news_at(compare, &left, 90) == 1);
    EXPECT(news_at(compare, &left, 101) == 2); /* a step, and the first pass */
    EXPECT(news_at(widen, &condition, 0) == 1);
    EXPECT(news_at(widen, &condition, 1) == 1);
    EXPECT(news_at(widen, &condition, 2) == 2);
    EXPECT(news_at(visit, &key, 1) == 2); /* the bucket, and its quality */
    EXPECT(news_at(visit, &key, 1) == 0);
    EXPECT(news_at(visit, &key, 2) == 2);
    EXPECT(news_at(visit, &quality, 5) == 1);
}

static void a_mark_that_is_in_no_table_is_nothing(void) {
    fv_mark_bool(NULL, false);
    fv_mark_numeric(NULL, 1, 2);
    EXPECT(mark(FV_KIND_SOMETIMES, FV_COMPARE_NONE, 1) ==
           mark(FV_KIND_SOMETIMES, FV_COMPARE_NONE, 1));
}

int main(void) {
    every_draw_takes_the_bytes_that_its_bound_needs();
    what_is_a_discovery_is_a_counter();
    a_mark_that_is_in_no_table_is_nothing();
    return 0;
}
