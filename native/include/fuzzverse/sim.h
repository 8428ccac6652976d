/* The simulation kit: a service written against it runs, nodes, network, disks, clocks and tasks,
 * in one process and one timeline, and every choice in it is a draw. docs/simulations.md is the
 * guide.
 *
 * The body of FV_TARGET is the first task. It opens the kit with what it declares (`struct
 * fv_model`), makes nodes, and sleeps while they work; the timeline ends when it returns. Time
 * passes only when nothing is left to do at the present moment. */
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
