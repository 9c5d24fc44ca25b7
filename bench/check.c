// SPDX-License-Identifier: GPL-2.0-only
/*
 * check [--steps N] [--seconds N] [--seed N]: random sequences of steps on the core
 * and on the reference. The first in which they differ, or in which the core breaks
 * down, is made as short as possible and printed as a test case for cases.h.
 *
 * The core runs in a child, so that this process can try as often as it likes.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

/* A sequence takes milliseconds. */
#define HANG_SECONDS	30
/* It gets shorter for ever more slowly. */
#define SHRINK_SECONDS	60

#define STEP(k, ...)	STEP_FAIL(0, 0, k, __VA_ARGS__)
#define STEP_FAIL(skip, count, k, ...)					\
	{ .kind = STEP_##k, .fail_skip = (skip), .fail_count = (count),	\
	  .arg = { __VA_ARGS__ } }

static const struct sequence cases[] = {
#include "cases.h"
};

/* What the child tells. */
static struct shared {
	struct sequence seq;
	unsigned long long steps;
	unsigned long sequences;
	unsigned long long counts[STEP_NR][RUN_OUTCOMES];
	char why[400];
} *shared;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void child_fails(const char *why)
{
	snprintf(shared->why, sizeof(shared->why), "%s", why);
	_exit(1);
}

static void replay(const struct sequence *seq)
{
	const char *why = NULL;
	u32 i;

	run_begin(seq);
	for (i = 0; i < seq->nr && !why; i++)
		why = run_step(&seq->step[i]);
	if (!why)
		why = run_end();
	if (why)
		child_fails(why);
}

/* Steps are noted before they run, for the parent of a child that dies of one. */
static void run_random(u64 seed)
{
	struct sequence *seq = &shared->seq;
	struct random rnd = { .state = seed | 1 };
	const char *why = NULL;
	u32 length, i;

	for (i = 0; i < 4; i++)
		random_below(&rnd, 1);
	length = 10u << random_below(&rnd, 8);
	sequence_begin(seq, &rnd);
	run_begin(seq);
	for (i = 0; i < length && !why; i++) {
		step_random(&seq->step[i], &rnd, run_reference());
		seq->nr = i + 1;
		why = run_step(&seq->step[i]);
	}
	shared->steps += length;
	if (!why)
		why = run_end();
	if (why)
		child_fails(why);
	shared->sequences++;
}

static void run_many(u64 seed, unsigned long long steps, double seconds)
{
	double end = now() + seconds;

	run_init();
	while (shared->steps < steps && (!seconds || now() < end)) {
		if (!(shared->sequences % 64))
			alarm(HANG_SECONDS);
		run_random(seed * 0x9E3779B97F4A7C15ULL +
			   shared->sequences * 0xBF58476D1CE4E5B9ULL);
	}
	memcpy(shared->counts, run_counts, sizeof(run_counts));
	_exit(0);
}

/* How the child ended, in words; NULL if all is well. */
static const char *wait_for(pid_t pid)
{
	static char why[500];
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			exit(2);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return NULL;
	if (shared->why[0])
		snprintf(why, sizeof(why), "%s", shared->why);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(why, sizeof(why), "it hangs");
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "it dies of %s",
			 strsignal(WTERMSIG(status)));
	else
		snprintf(why, sizeof(why), "the sanitizer ends it");
	return why;
}

static const char *try_sequence(const struct sequence *seq, bool loud)
{
	pid_t pid;

	shared->why[0] = 0;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (!loud && !freopen("/dev/null", "w", stderr))
			_exit(2);
		alarm(HANG_SECONDS / 3);
		run_init();
		replay(seq);
		_exit(0);
	}
	return wait_for(pid);
}

static const char *fails(const struct sequence *seq)
{
	return try_sequence(seq, false);
}

static int report(const char *why)
{
	static struct sequence seq;
	char first[500];
	u32 nr;

	snprintf(first, sizeof(first), "%s", why);
	seq = shared->seq;
	nr = seq.nr;
	fprintf(stderr, "after %llu steps: %s\n", shared->steps + nr, first);
	if (!try_sequence(&seq, false)) {
		fprintf(stderr, "the sequence alone does not fail\n");
	} else {
		sequence_shrink(&seq, fails, SHRINK_SECONDS);
		why = try_sequence(&seq, true);
		fprintf(stderr, "%u steps became %u: %s\n", nr, seq.nr, why);
	}
	sequence_print(stderr, &seq);
	return 1;
}

static int run_cases(void)
{
	const char *why;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!cases[i].nr)
			continue;
		why = try_sequence(&cases[i], true);
		if (why) {
			fprintf(stderr, "case %u of cases.h: %s\n", i, why);
			return 1;
		}
	}
	return 0;
}

/* Steps that are always left out, or always refused, would test nothing. */
static int print_counts(void)
{
	unsigned long long *count;
	int kind, missing = 0;

	printf("%-14s %10s %10s %10s %10s\n", "", "done", "refused",
	       "no memory", "left out");
	for (kind = 0; kind < STEP_NR; kind++) {
		count = shared->counts[kind];
		printf("%-14s %10llu %10llu %10llu %10llu\n", step_name(kind),
		       count[RUN_DONE], count[RUN_REFUSED],
		       count[RUN_NO_MEMORY], count[RUN_LEFT_OUT]);
		missing |= !count[RUN_DONE];
	}
	return missing;
}

int main(int argc, char **argv)
{
	unsigned long long steps = 0;
	const struct rlimit no_core = { 0, 0 };
	double seconds = 0, start;
	u64 seed = time(NULL);
	const char *why;
	pid_t pid;
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--steps"))
			steps = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--seconds"))
			seconds = atof(argv[i + 1]);
		else if (!strcmp(argv[i], "--seed"))
			seed = strtoull(argv[i + 1], NULL, 0);
		else
			break;
	}
	if (i < argc) {
		fprintf(stderr, "usage: check [--steps N] [--seconds N] [--seed N]\n");
		return 2;
	}
	if (!steps)
		steps = seconds ? ~0ULL : 1000000;
	setrlimit(RLIMIT_CORE, &no_core);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || run_cases())
		return 1;

	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	start = now();
	pid = fork();
	if (!pid)
		run_many(seed, steps, seconds);
	why = wait_for(pid);
	printf("check: %s, seed %llu, %llu steps in %lu sequences, %.1f s, ",
	       VARIANT, (unsigned long long)seed, shared->steps,
	       shared->sequences, now() - start);
	printf("%.1f million a minute: %s\n",
	       shared->steps / (now() - start) * 60e-6,
	       why ? "FAILS" : "all the same");
	if (why)
		return report(why);
	if (print_counts()) {
		fprintf(stderr, "there are steps that were never done\n");
		return 1;
	}
	return 0;
}
