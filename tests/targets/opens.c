/* A target that opens a file in every fourth timeline, which cannot be rewound. */
#include <fuzzverse/fuzzverse.h>

#include <fcntl.h>
#include <unistd.h>

FV_TARGET(opens) {
    for (int step = 0; step < 20; step++) FV_SOMETIMES_GT(fv_below(64), 60, "a high draw");
    if (!fv_chance(1, 4)) return;
    int fd = open("/dev/null", O_RDONLY);
    FV_ALWAYS(fd >= 0, "it opens");
    close(fd);
}
