/* Harnesses as libFuzzer knows them, in the place of a simulation. Source of the interface:
 * https://llvm.org/docs/LibFuzzer.html */
#ifndef FV_RUNTIME_HARNESS_H
#define FV_RUNTIME_HARNESS_H

/* What there is to run. */
enum fv_simulation {
    FV_SIMULATION_NONE,
    FV_SIMULATION_TARGET,  /* FV_TARGET */
    FV_SIMULATION_HARNESS, /* LLVMFuzzerTestOneInput, and no FV_TARGET */
};

enum fv_simulation fv_harness_kind(void);
/* Once in every process that is about to run timelines: LLVMFuzzerInitialize, where there is one.
 * Ends the process with words where there is nothing to run. */
void fv_harness_prepare(char *self);

#endif
