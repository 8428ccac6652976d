/* Classic races in threaded code that knows nothing of its being simulated: threads are tasks,
 * and may be preempted at every call and at every access to what they share. */
#include <fuzzverse/sim.h>
#include <pthread.h>
#include <string.h>

#include "races.h"

enum { THREADS_MAX = 4, TICKETS = 3, LETTERS = 4, MOVES = 3, ROUNDS = 3 };

static void run_threads(int count, void *(*body)(void *number)) {
    pthread_t threads[THREADS_MAX];
    for (intptr_t i = 0; i < count; i++) pthread_create(&threads[i], NULL, body, (void *)i);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

/* ---- tickets --------------------------------------------------------------------------------- */

static void *buy_all(void *number) {
    (void)number;
    while (tickets_buy()) fv_task_step();
    return NULL;
}

static void sell_tickets(void) {
    tickets_open(TICKETS);
    run_threads(3, buy_all);
    FV_ALWAYS_OR_UNREACHABLE(tickets_sold() == TICKETS, "no more tickets are sold than there are");
}

/* ---- the stack ------------------------------------------------------------------------------- */

/* Two nodes are taken, and come back the other way round. */
static void *shuffle(void *number) {
    (void)number;
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t first, second;
        bool has_first = stack_pop(&first), has_second = has_first && stack_pop(&second);
        if (has_first) stack_push(first);
        if (has_second) stack_push(second);
        fv_task_step();
    }
    return NULL;
}

static void shuffle_stack(void) {
    bool seen[STACK_NODES] = {false};
    uint32_t node, count = 0;
    for (uint32_t i = 0; i < STACK_NODES; i++) stack_push(i);
    run_threads(2, shuffle);
    for (; count <= STACK_NODES && stack_pop(&node); count++) {
        FV_ALWAYS_OR_UNREACHABLE(!seen[node], "no node is on the stack twice");
        seen[node] = true;
    }
    FV_ALWAYS_OR_UNREACHABLE(count == STACK_NODES, "no node is lost");
}

/* ---- the mailbox ----------------------------------------------------------------------------- */

static void *post_or_read(void *number) {
    bool is_reader = (intptr_t)number % 2 != 0;
    for (int i = 0; i < LETTERS; i++) {
        if (is_reader)
            FV_SOMETIMES(mailbox_take() != 0, "a letter is read");
        else
            mailbox_put(1 + i);
        fv_task_step();
    }
    return NULL;
}

static void exchange_letters(void) { run_threads(4, post_or_read); }

/* ---- accounts -------------------------------------------------------------------------------- */

static void *move_around(void *number) {
    int from = (int)(intptr_t)number;
    for (int i = 0; i < MOVES; i++) {
        accounts_move(from, (from + 1) % ACCOUNTS, 1);
        fv_task_step();
    }
    return NULL;
}

static void move_money(void) {
    accounts_open(10);
    run_threads(ACCOUNTS, move_around);
    FV_ALWAYS_OR_UNREACHABLE(accounts_total() == 10 * ACCOUNTS, "no money comes or goes");
}

/* ---- which of them --------------------------------------------------------------------------- */

#if defined(TICKETS_UNLOCKED)
enum { FIRST = 0, CASES = 1 };
#elif defined(STACK_UNTAGGED)
enum { FIRST = 1, CASES = 1 };
#elif defined(MAILBOX_CHECKS_UNLOCKED) || defined(MAILBOX_SIGNALS)
enum { FIRST = 2, CASES = 1 };
#elif defined(ACCOUNTS_UNORDERED)
enum { FIRST = 3, CASES = 1 };
#else
enum { FIRST = 0, CASES = 4 };
#endif

FV_TARGET(races) {
    static void (*const cases[])(void) = {sell_tickets, shuffle_stack, exchange_letters,
                                          move_money};
    fv_share_all();
    uint64_t which = FIRST + (CASES > 1 ? fv_below(CASES) : 0);
    cases[which]();
    FV_SOMETIMES(fv_shared_accesses() > 0, "accesses to shared memory are seen");
}
