/* The simulation kit: a service written against it runs, its tasks, threads and clocks, in one
 * process and one timeline, and every choice in it is a draw. Nodes, network and disks are not
 * there yet.
 *
 * The body of FV_TARGET is the first task. It spawns others and waits for them; the timeline
 * ends when it returns. Time passes only when nothing is left to do at the present moment. */
#ifndef FUZZVERSE_SIM_H
#define FUZZVERSE_SIM_H

#include "sim/clock.h"
#include "sim/record.h"
#include "sim/share.h"
#include "sim/task.h"

#endif
