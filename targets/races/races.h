/* Four small pieces of threaded code, as they are found in programs: nothing in them knows that
 * they are simulated. Each has a mistake that a define switches on. */
#ifndef RACES_H
#define RACES_H

#include <stdbool.h>
#include <stdint.h>

/* tickets.c: a box office. */
void tickets_open(int count);
bool tickets_buy(void);
int tickets_sold(void);

/* stack.c: a lock-free stack of numbered nodes (Treiber, 1986). */
enum { STACK_NODES = 6 };
void stack_push(uint32_t node);
bool stack_pop(uint32_t *node);

/* mailbox.c: one letter at a time. */
void mailbox_put(int letter);
int mailbox_take(void);

/* accounts.c: money that moves. */
enum { ACCOUNTS = 3 };
void accounts_open(int money_each);
void accounts_move(int from, int to, int money);
int accounts_total(void);

#endif
