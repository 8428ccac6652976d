/* The index with a call for every load and store: target.toml says so. */
#define INDEX_ENTRY preempted_index
#include "index.h"
