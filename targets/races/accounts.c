/* Money moves between accounts, each with a lock of its own. */
#include <pthread.h>

#include "races.h"

static pthread_mutex_t locks[ACCOUNTS] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                          PTHREAD_MUTEX_INITIALIZER};
static int money_of[ACCOUNTS];

void accounts_open(int money_each) {
    for (int i = 0; i < ACCOUNTS; i++) money_of[i] = money_each;
}

/* Locks are taken in the order of their numbers, or two threads may wait for each other. */
void accounts_move(int from, int to, int money) {
    int first = from < to ? from : to, second = from < to ? to : from;
#ifdef ACCOUNTS_UNORDERED
    first = from;
    second = to;
#endif
    pthread_mutex_lock(&locks[first]);
    pthread_mutex_lock(&locks[second]);
    money_of[from] -= money;
    money_of[to] += money;
    pthread_mutex_unlock(&locks[second]);
    pthread_mutex_unlock(&locks[first]);
}

int accounts_total(void) {
    int total = 0;
    for (int i = 0; i < ACCOUNTS; i++) total += money_of[i];
    return total;
}
