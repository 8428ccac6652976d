/* The index as it is. */
#define INDEX_ENTRY plain_index
#include "index.h"
