/* What a target says of itself: one JSON object on stdout. */
#ifndef FV_RUNTIME_DESCRIBE_H
#define FV_RUNTIME_DESCRIBE_H

void fv_describe_print(const char *name, int fixed_addresses);

#endif
