// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: each input is a sequence of steps on the core and on the reference. The
 * first bytes say how large the space is, then come STEP_BYTES for each step.
 */
#include <linux/types.h>
#include <shim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size);

static struct sequence seq;

static void print(void)
{
	sequence_print(stderr, &seq);
}

static void fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	print();
	abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	run_init();
	shim_last_words = print;
	return 0;
}

static size_t begin(const u8 *bytes)
{
	static const u32 sizes[] = { 0, 2, 3, 8, 20, 65, 300, REF_IDS };

	seq.nr = 0;
	seq.reported = sizes[bytes[0] & 7];
	seq.cap = sizes[bytes[0] >> 3 & 7];
	seq.local = bytes[1] & 1 ? bytes[1] >> 1 : 0;
	run_begin(&seq);
	return 2;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t size)
{
	const char *why = NULL;
	struct step *step;
	size_t at;

	if (size < 2)
		return 0;
	for (at = begin(bytes); at + STEP_BYTES <= size && !why; at += STEP_BYTES) {
		if (seq.nr == SEQUENCE_MAX)
			break;
		step = &seq.step[seq.nr++];
		step_from_bytes(step, bytes + at, run_reference());
		why = run_step(step);
	}
	if (!why)
		why = run_end();
	if (why)
		fail(why);
	return 0;
}
