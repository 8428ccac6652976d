#include "harness.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../include/fuzzverse/fuzzverse.h"
#include "bytes.h"

enum { FV_USAGE = 2, FV_PATH_BYTES = 4096 };

/* The harness's. Infrastructure finds fuzz targets by this name in the file: here it is, should the
 * executable lose its symbols. */
__attribute__((weak)) int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
__attribute__((used)) static const char symbol_name[] = "LLVMFuzzerTestOneInput";

static void run_harness(void) {
    const uint8_t *data;
    size_t size;
    while (fv_bytes_next(&data, &size)) fv_bytes_end(LLVMFuzzerTestOneInput(data, size));
}

/* That of a FV_TARGET, where there is one, is taken instead by the linker. */
static char name[FV_PATH_BYTES] = "harness";
__attribute__((weak)) const struct fv_target fv_target_entry = {name, run_harness};

/* A harness has the name of its executable. */
__attribute__((constructor)) static void take_name(void) {
    char path[FV_PATH_BYTES];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return;
    path[n] = '\0';
    const char *slash = strrchr(path, '/');
    snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : path);
}

enum fv_simulation fv_harness_kind(void) {
    if (fv_target_entry.body != run_harness) return FV_SIMULATION_TARGET;
    return LLVMFuzzerTestOneInput != NULL ? FV_SIMULATION_HARNESS : FV_SIMULATION_NONE;
}

void fv_harness_prepare(char *self) {
    static char *arguments[2], **argv = arguments;
    static int argc = 1;
    arguments[0] = self;
    enum fv_simulation kind = fv_harness_kind();
    if (kind == FV_SIMULATION_NONE) {
        fprintf(stderr,
                "%s: has neither a simulation, FV_TARGET(name) {...}, nor a harness, "
                "int LLVMFuzzerTestOneInput(const uint8_t *, size_t), in C++ extern \"C\"\n",
                self);
        exit(FV_USAGE);
    }
    if (kind == FV_SIMULATION_HARNESS && LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
}
