#include "world.h"

void fv_disk_node_down(fv_node node, bool by_power) { (void)node, (void)by_power; }
