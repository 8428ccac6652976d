/* What the kernel keeps of a process, and nobody puts back by writing to memory: descriptors,
 * mappings, how signals are handled, the working directory. */
#ifndef KERNEL_H
#define KERNEL_H

#ifndef KERNEL_ODDS
#define KERNEL_ODDS 0 /* one timeline in so many changes something, none for 0 */
#endif

void kernel_build(void);
void kernel_check(void);  /* at the start of a timeline: that it is as it was built */
void kernel_change(void); /* for good */

#endif
