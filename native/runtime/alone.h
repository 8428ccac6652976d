/* A target started by hand: one timeline after the other replayed, without a controller. */
#ifndef FV_RUNTIME_ALONE_H
#define FV_RUNTIME_ALONE_H

/* Reads the arguments and makes ready to run the body once; never returns on --help or on wrong
 * usage. With several inputs each but the last runs in a child of its own. */
void fv_alone_start(int argc, char **argv);
/* Makes ready to run the body once with the input in a file; ends the process where it is none. */
void fv_alone_take(const char *self, const char *path);

#endif
