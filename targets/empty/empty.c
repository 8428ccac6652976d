/* A simulation that does nothing, draws nothing and says nothing: what is measured with it is what
 * fuzzverse itself costs. `fuzzverse bench bridge` runs it. */
#include <fuzzverse/fuzzverse.h>

FV_TARGET(empty) {}
