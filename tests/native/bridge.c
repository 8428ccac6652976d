/* What the controller says of an engine, and how it reads the log of a job that a target may have
 * scribbled over. */
/* links: core/bridge core/queue */
#include "bridge.h"

#include <string.h>
#include <sys/mman.h>

#include "expect.h"
#include "queue.h"

static struct fv_campaign campaign;
static struct fv_ask *ask;
static struct fv_tree *tree;

static void open_session(void) {
    struct fv_header plan = {.worker_count = 1,
                             .tree_count = 1,
                             .edge_count = 10,
                             .engine = FV_ENGINE_ASKS,
                             .policy = {.batch_size = 1}};
    fv_layout_plan(&plan);
    struct fv_header *h = mmap(NULL, plan.total_size, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT(h != MAP_FAILED);
    *h = plan;
    EXPECT(fv_layout_valid(h, plan.total_size));
    campaign.header = h;
    ask = fv_layout_ask(h);
    tree = campaign.lanes[0].tree = fv_layout_tree(h, 0);
    campaign.plan.deadline_ms = 1000;
    campaign.known = calloc(1, sizeof *campaign.known);
    campaign.lanes[0].job = 4;
    campaign.lanes[0].roots = 10;
    EXPECT(fv_queue_append(&campaign.records, "12345678", 8));
}

static void later(uint64_t seconds) { campaign.engine_seen_ns -= seconds * UINT64_C(1000000000); }

static void silence_and_garbage_are_told(void) {
    EXPECT(fv_bridge_look(&campaign));
    later(29);
    EXPECT(fv_bridge_look(&campaign));
    later(2);
    EXPECT(!fv_bridge_look(&campaign));
    EXPECT(strstr(campaign.error, "no input for 30 s") != NULL);
    ask->asks++; /* now it is the worker's turn, whose timelines have deadlines of their own */
    EXPECT(fv_bridge_look(&campaign));
    later(40);
    EXPECT(fv_bridge_look(&campaign));
    tree->totals.timelines++; /* a large tree */
    EXPECT(fv_bridge_look(&campaign));
    later(40);
    EXPECT(fv_bridge_look(&campaign));
    later(30);
    EXPECT(!fv_bridge_look(&campaign));
    EXPECT(strstr(campaign.error, "wait for each other") != NULL);
    ask->answers++;
    EXPECT(fv_bridge_look(&campaign));
    ask->is_garbage = 1;
    EXPECT(!fv_bridge_look(&campaign));
    EXPECT(strstr(campaign.error, "neither") != NULL);
}

static void put_last(uint32_t at, const char *bytes, uint32_t size) {
    struct fv_asked *a = fv_layout_asked(campaign.header, tree, at);
    tree->asked_last = at;
    a->size = size;
    memcpy(a + 1, bytes, strlen(bytes));
}

/* The payload of the tape that is told next; NULL: none is. */
static const char *tell(uint32_t has_tape, size_t *n) {
    struct fv_record r = {.kind = FV_RECORD_TIMELINE, .root = 9, .has_tape = has_tape};
    size_t size = 0;
    fv_queue_drop(&campaign.records, campaign.records.size - campaign.records.taken);
    fv_bridge_tell_tape(&campaign, &r);
    const struct fv_record *head = (const void *)fv_queue_front(&campaign.records, &size);
    if (size == 0) return NULL;
    EXPECT(head->kind == FV_RECORD_TAPE && head->root == 9 && head->size == size && size % 8 == 0);
    *n = head->draws;
    EXPECT(sizeof *head + *n <= size && size < sizeof *head + *n + 8);
    return (const char *)(head + 1);
}

static void a_tape_is_told_once_a_job(void) {
    size_t n = 0;
    put_last(64, "tape", 4);
    EXPECT(tell(0, &n) == NULL);
    const char *tape = tell(1, &n);
    EXPECT(tape != NULL && n == 4 && memcmp(tape, "tape", 4) == 0);
    EXPECT(tell(1, &n) == NULL);
    campaign.lanes[0].job++;
    put_last(0, FV_INPUT_HEADER "tape 4142\npath 1@2\n",
             (uint32_t)strlen(FV_INPUT_HEADER "tape 4142\npath 1@2\n"));
    tape = tell(1, &n);
    EXPECT(tape != NULL && n == 2 && memcmp(tape, "AB", 2) == 0);
}

/* Nothing of it is believed; a tape that cannot be read is empty. */
static void a_scribbled_log_does_no_harm(void) {
    const uint32_t places[] = {1, FV_ASKED_LOG_BYTES - 4, FV_ASKED_LOG_BYTES, UINT32_MAX};
    size_t n = 1;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        campaign.lanes[0].job++;
        tree->asked_last = places[i];
        EXPECT(tell(1, &n) != NULL && n == 0);
    }
    campaign.lanes[0].job++;
    put_last(FV_ASKED_LOG_BYTES - 4096, "", 1 << 20);
    EXPECT(tell(1, &n) != NULL && n == 0);
    tree->asked_count = UINT32_MAX;
    EXPECT(fv_bridge_taken(&campaign.lanes[0]) == 10);
    tree->asked_count = 3;
    EXPECT(fv_bridge_taken(&campaign.lanes[0]) == 3);
}

static void a_job_that_begins_again_keeps_its_inputs(void) {
    ask->answers = 7;
    fv_bridge_begin(&campaign, &campaign.lanes[0]);
    EXPECT(tree->asked_from == 7 && tree->asked_count == 0);
    tree->asked_count = 2;
    ask->answers = 8;
    campaign.lanes[0].attempts = 1;
    fv_bridge_begin(&campaign, &campaign.lanes[0]);
    EXPECT(tree->asked_from == 7 && tree->asked_count == 2);
}

int main(void) {
    open_session();
    silence_and_garbage_are_told();
    a_tape_is_told_once_a_job();
    a_scribbled_log_does_no_harm();
    a_job_that_begins_again_keeps_its_inputs();
    fv_queue_free(&campaign.records);
    free(campaign.known);
    return 0;
}
