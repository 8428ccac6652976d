/* A box office: looks whether a ticket is left, then sells it. */
#include <pthread.h>

#include "races.h"

static int left, sold;
#ifndef TICKETS_UNLOCKED
static pthread_mutex_t office = PTHREAD_MUTEX_INITIALIZER;
#endif

void tickets_open(int count) {
    left = count;
    sold = 0;
}

static void lock_office(void) {
#ifndef TICKETS_UNLOCKED
    pthread_mutex_lock(&office);
#endif
}

static void unlock_office(void) {
#ifndef TICKETS_UNLOCKED
    pthread_mutex_unlock(&office);
#endif
}

/* Unlocked, another thread may sell the last ticket between the look and the sale. */
bool tickets_buy(void) {
    lock_office();
    bool is_left = left > 0;
    if (is_left) {
        left--;
        sold++;
    }
    unlock_office();
    return is_left;
}

int tickets_sold(void) { return sold; }
