/* The simulation kit: a service written against it runs, its nodes, their tasks, clocks, disks and
 * network, in one process and one timeline, and every choice in it is a draw.
 *
 * The body of FV_TARGET opens the kit (fv_sim_open), makes nodes, starts them, and waits; the
 * timeline ends when it returns. Time passes only when nothing is left to do at the present
 * moment. */
#ifndef FUZZVERSE_SIM_H
#define FUZZVERSE_SIM_H

#include "sim/clock.h"
#include "sim/disk.h"
#include "sim/model.h"
#include "sim/net.h"
#include "sim/node.h"
#include "sim/record.h"
#include "sim/share.h"
#include "sim/task.h"

#endif
