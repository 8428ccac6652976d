/* What a target says of itself, on stdout. */
#ifndef FV_RUNTIME_DESCRIBE_H
#define FV_RUNTIME_DESCRIBE_H

/* One JSON object. */
void fv_describe_print(const char *name, int fixed_addresses);
/* The address of each edge, one a line; 0 where no table has it. */
void fv_describe_edges(void);

#endif
