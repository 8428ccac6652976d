#include "inside.h"

void fv_preempt(void) {}
