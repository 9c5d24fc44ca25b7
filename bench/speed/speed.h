/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each peer brings to speed.c, which does the rest. A peer leaves out what it
 * does not have. Numbers go from 1 to NUMBERS - 1, and populations are dense.
 */
#ifndef BENCH_SPEED_H
#define BENCH_SPEED_H

#include <stdbool.h>
#include <linux/types.h>

#define NUMBERS		0x100000U
#define OWNERS_MAX	1024

/**
 * struct speed_peer - a way to hand out numbers
 * @name:         as in the table
 * @init:         once, before anything else
 * @open:         makes that many owners, numbered from 0; the peer is empty
 * @alloc:        the lowest free number of a range for an owner; 0 if there is none
 * @free:         gives it back
 * @find:         looks it up and looks at what was found
 * @find_hold:    likewise, takes a reference to what was found and gives it back
 * @find_ref:     takes a reference by number, gives it back by number
 * @bind:         has a private number of owner 0 stand for a number
 * @find_private: the number for which it stands
 * @close:        an owner and all that it has, at once
 * @find_owner:   looks an owner up by what names it
 * @make_owner:   makes an owner and closes it again
 * @adjust:       gives an owner another limit
 * @listen:       has that many listen to owner 0, and no others
 * @free_range:   all numbers of owner 0 in a range, and the owner stays
 *
 * A lookup returns what nobody uses, so that the compiler has to make it.
 */
struct speed_peer {
	const char *name;
	bool owners;		/* it makes a difference to it whose a number is */
	void (*init)(void);
	void (*open)(unsigned int owners);
	u32 (*alloc)(unsigned int owner, u32 min, u32 max);
	void (*free)(unsigned int owner, u32 id);
	unsigned long (*find)(unsigned int owner, u32 id);
	unsigned long (*find_hold)(unsigned int owner, u32 id);
	unsigned long (*find_ref)(unsigned int owner, u32 id);
	void (*bind)(u32 id, u32 private);
	unsigned long (*find_private)(u32 private);
	void (*close)(unsigned int owner);
	unsigned long (*find_owner)(unsigned int owner);
	void (*make_owner)(void);
	void (*adjust)(unsigned int owner, u32 limit);
	void (*listen)(unsigned int listeners);
	void (*free_range)(u32 min, u32 max);
};

extern const struct speed_peer speed_peer;

/* Ends the program: what a peer did is not what it is there for. */
void speed_die(const char *why) __attribute__((noreturn));

#endif /* BENCH_SPEED_H */
