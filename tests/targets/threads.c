/* A target that starts a thread in every timeline, and waits for it. */
#include <fuzzverse/fuzzverse.h>

#include <pthread.h>

static void *count(void *number) {
    ++*(int *)number;
    return number;
}

FV_TARGET(threads) {
    pthread_t thread;
    int number = 0;
    for (int step = 0; step < 20; step++) FV_SOMETIMES_GT(fv_below(64), 60, "a high draw");
    pthread_create(&thread, NULL, count, &number);
    pthread_join(thread, NULL);
    FV_ALWAYS(number == 1, "the thread has run");
}
