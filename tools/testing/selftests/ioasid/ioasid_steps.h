/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A step is one call, with small numbers for whom and what; a sequence of them is a
 * test. Whatever makes no sense at its time is left out when it is run, so that any
 * part of a sequence is a sequence.
 *
 * Programs run them on the IOASID core, in user space or through /dev/ioasid, and on
 * the reference, and compare.
 */
#ifndef IOASID_STEPS_H
#define IOASID_STEPS_H

#include <stdio.h>

#include "ioasid_reference.h"

#define STEP_ARGS	7
#define SEQUENCE_MAX	2000
#define HOLDS		12

enum step_kind {
	STEP_ALLOC,
	STEP_FREE,
	STEP_FREE_RANGE,
	STEP_GET,
	STEP_PUT,
	STEP_HOLD,
	STEP_HOLD_PRIVATE,
	STEP_RELEASE,
	STEP_FIND,
	STEP_REPLACE,
	STEP_ATTACH,
	STEP_DETACH,
	STEP_FIND_PRIVATE,
	STEP_NEXT_PRIVATE,
	STEP_CREATE,
	STEP_JOIN,
	STEP_FREE_SET,
	STEP_FIND_SET,
	STEP_PUT_SET,
	STEP_ADJUST,
	STEP_REGISTER,
	STEP_UNREGISTER,
	STEP_CAPACITY,
	STEP_SYNC,
	STEP_WORK,
	STEP_LOOK,
	STEP_NR,
};

/* Of ALLOC and ATTACH, beside what the call knows. */
#define STEP_ATOMIC	0x100u

struct step {
	uint8_t kind;
	uint8_t fail_skip;	/* after so many allocations */
	uint8_t fail_count;	/* so many fail */
	uint32_t arg[STEP_ARGS];
};

struct sequence {
	uint32_t reported, cap, local;
	uint32_t nr;
	struct step step[SEQUENCE_MAX];
};

struct random {
	uint64_t state;
};

uint32_t random_below(struct random *rnd, uint32_t below);
void sequence_begin(struct sequence *seq, struct random *rnd);
void step_random(struct step *step, struct random *rnd,
		 const struct reference *ref);
#define STEP_BYTES	6
void step_from_bytes(struct step *step, const uint8_t *bytes,
		     const struct reference *ref);
const char *step_name(enum step_kind kind);
unsigned int step_nr_args(const struct step *step);
void step_print(FILE *to, const struct step *step);
/*
 * Makes a sequence as short as possible that @fails, which returns NULL if it does
 * not; gives up after so many seconds.
 */
void sequence_shrink(struct sequence *seq,
		     const char *(*fails)(const struct sequence *seq),
		     double seconds);
void sequence_print(FILE *to, const struct sequence *seq);

#endif /* IOASID_STEPS_H */
