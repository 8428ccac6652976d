/* A harness called as libFuzzer's users call theirs: flags with one dash, files, directories.
 * Source of the flags and exit codes: https://llvm.org/docs/LibFuzzer.html */
#ifndef FV_RUNTIME_REPRODUCE_H
#define FV_RUNTIME_REPRODUCE_H

#include <stdbool.h>

/* Whether these are such words, and not ours (--seed and its like). */
bool fv_reproduce_is_asked(int argc, char **argv);
/* Where files alone are named, returns. All else is exploring: this process becomes `fuzzverse
 * libfuzzer`, or ends with words where there is none. */
void fv_reproduce_hand_over(int argc, char **argv);
/* Runs every file in a process of its own; returns in that process, whose timeline is about to
 * begin. In a debugger the one file runs in this one. */
void fv_reproduce_start(int argc, char **argv);

#endif
