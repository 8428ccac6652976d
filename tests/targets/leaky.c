/* A target that looks at what no rewinding puts back: the page faults that its process has had. */
#include <fuzzverse/fuzzverse.h>

#include <sys/resource.h>

static long faults(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

FV_TARGET(leaky) {
    fv_below(6);
    FV_SOMETIMES_EACH("faults so far", FV_KEYS({"faults", faults()}), FV_QUALITY());
}
