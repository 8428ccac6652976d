/* A box for one letter. Who finds it full or empty waits for the other side. */
#include <pthread.h>

#include "races.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int content; /* 0: empty */

/* Of those that wait for either side, signal() may wake one that cannot go on. */
static void tell(void) {
#ifdef MAILBOX_SIGNALS
    pthread_cond_signal(&changed);
#else
    pthread_cond_broadcast(&changed);
#endif
}

void mailbox_put(int letter) {
    pthread_mutex_lock(&lock);
    while (content != 0) pthread_cond_wait(&changed, &lock);
    content = letter;
    tell();
    pthread_mutex_unlock(&lock);
}

#ifdef MAILBOX_CHECKS_UNLOCKED
/* What comes between the look and the wait is never heard of. */
int mailbox_take(void) {
    bool is_empty = content == 0;
    pthread_mutex_lock(&lock);
    if (is_empty) pthread_cond_wait(&changed, &lock);
    int letter = content;
    content = 0;
    tell();
    pthread_mutex_unlock(&lock);
    return letter;
}
#else
int mailbox_take(void) {
    pthread_mutex_lock(&lock);
    while (content == 0) pthread_cond_wait(&changed, &lock);
    int letter = content;
    content = 0;
    tell();
    pthread_mutex_unlock(&lock);
    return letter;
}
#endif
