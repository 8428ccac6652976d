/* Ways for a timeline to end before its time. */
#ifndef CRASH_H
#define CRASH_H

void crash_somehow(void); /* does not return */
void crash_never_end(void);

#endif
