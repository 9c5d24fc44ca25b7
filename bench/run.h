/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs steps on the core and on the reference, and compares.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "../tools/testing/selftests/ioasid/ioasid_steps.h"

enum run_outcome {
	RUN_DONE,
	RUN_REFUSED,
	RUN_NO_MEMORY,
	RUN_LEFT_OUT,
	RUN_OUTCOMES,
};

/* What came of each kind of step. */
extern unsigned long long run_counts[STEP_NR][RUN_OUTCOMES];

/* Once in a process. */
void run_init(void);
/* What the steps so far have come to. */
const struct reference *run_reference(void);

void run_begin(const struct sequence *seq);
/* NULL, or in what they differ. */
const char *run_step(const struct step *step);
/* Takes everything back; nothing may remain. */
const char *run_end(void);

#endif /* BENCH_RUN_H */
