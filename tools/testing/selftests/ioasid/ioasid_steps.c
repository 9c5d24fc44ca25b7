// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random steps, and how they are printed. The generator looks at the reference, to
 * name what exists more often than what does not.
 */
#include <string.h>
#include <time.h>

#include "ioasid_steps.h"

/* Name, how often, and what its arguments are. */
static const struct {
	const char *name;
	unsigned int weight;
	const char *arg[STEP_ARGS];
} kinds[STEP_NR] = {
	[STEP_ALLOC] = { "ALLOC", 220, {
		"set", "min", "max", "dev", "private", "flags", "data" } },
	[STEP_FREE] = { "FREE", 120, { "set", "dev", "id" } },
	[STEP_FREE_RANGE] = { "FREE_RANGE", 8, { "set", "dev", "min", "max" } },
	[STEP_GET] = { "GET", 50, { "set", "dev", "id" } },
	[STEP_PUT] = { "PUT", 60, { "set", "dev", "id" } },
	[STEP_HOLD] = { "HOLD", 30, { "hold", "dev", "id", "token" } },
	[STEP_HOLD_PRIVATE] = { "HOLD_PRIVATE", 40, { "hold", "set", "private" } },
	[STEP_RELEASE] = { "RELEASE", 60, { "hold" } },
	[STEP_FIND] = { "FIND", 40, { "set", "dev", "id" } },
	[STEP_REPLACE] = { "REPLACE", 20, { "set", "dev", "id", "data" } },
	[STEP_ATTACH] = { "ATTACH", 100, { "set", "dev", "id", "private", "flags" } },
	[STEP_DETACH] = { "DETACH", 60, { "set", "private" } },
	[STEP_FIND_PRIVATE] = { "FIND_PRIVATE", 50, { "set", "private" } },
	[STEP_NEXT_PRIVATE] = { "NEXT_PRIVATE", 20, { "set", "private" } },
	[STEP_CREATE] = { "CREATE", 20, { "set", "token", "guarantee", "limit" } },
	[STEP_JOIN] = { "JOIN", 6, { "token" } },
	[STEP_FREE_SET] = { "FREE_SET", 10, { "set" } },
	[STEP_FIND_SET] = { "FIND_SET", 10, { "token" } },
	[STEP_PUT_SET] = { "PUT_SET", 10, { "set" } },
	[STEP_ADJUST] = { "ADJUST", 30, { "set", "guarantee", "limit", "flags" } },
	[STEP_REGISTER] = { "REGISTER", 14, {
		"listener", "scope", "what", "priority", "unsettles" } },
	[STEP_UNREGISTER] = { "UNREGISTER", 8, { "listener" } },
	[STEP_CAPACITY] = { "CAPACITY", 1, { "nr" } },
	[STEP_SYNC] = { "SYNC", 4, { "set" } },
	[STEP_WORK] = { "WORK", 30, {} },
	[STEP_LOOK] = { "LOOK", 3, {} },
};

/* xorshift64* */
static uint32_t random_next(struct random *rnd)
{
	rnd->state ^= rnd->state >> 12;
	rnd->state ^= rnd->state << 25;
	rnd->state ^= rnd->state >> 27;
	return (rnd->state * 0x2545F4914F6CDD1DULL) >> 32;
}

uint32_t random_below(struct random *rnd, uint32_t below)
{
	return (uint64_t)random_next(rnd) * below >> 32;
}

static bool one_in(struct random *rnd, uint32_t n)
{
	return !random_below(rnd, n);
}

static uint32_t random_size(struct random *rnd)
{
	static const uint32_t sizes[] = { 8, 8, 70, 70, 70, 300, 700, REF_IDS };

	return sizes[random_below(rnd, 8)];
}

void sequence_begin(struct sequence *seq, struct random *rnd)
{
	uint32_t size = random_size(rnd);

	seq->nr = 0;
	seq->cap = one_in(rnd, 3) ? 0 : 2 + random_below(rnd, size - 1);
	seq->reported = 0;
	if (!seq->cap || one_in(rnd, 4))
		seq->reported = one_in(rnd, 20) ? 0 : 2 + random_below(rnd, size - 1);
	seq->local = one_in(rnd, 2) ? 0 : random_below(rnd, size / 2 + 2);
}

/* A number, or a boundary. */
static uint32_t random_id(struct random *rnd, const struct reference *ref)
{
	struct ref_system system;
	uint32_t which = random_below(rnd, 12);

	ref_get_system(ref, &system);
	switch (which) {
	case 0:
		return system.capacity + random_below(rnd, 3) - 1;
	case 1:
		return system.shared_min + random_below(rnd, 3) - 1;
	case 2:
		return one_in(rnd, 2) ? 0 : UINT32_MAX - random_below(rnd, 2);
	default:
		return random_below(rnd, system.capacity + 1);
	}
}

static const struct ref_pasid *random_pasid(struct random *rnd,
					    const struct reference *ref)
{
	const struct ref_pasid *pasid;
	int tries;

	for (tries = 4; ref->pasids && tries; tries--) {
		pasid = &ref->pasid[random_below(rnd, ref->pasids)];
		if (pasid->exists)
			return pasid;
	}
	return NULL;
}

static uint32_t random_set(struct random *rnd, const struct reference *ref)
{
	uint32_t set = random_below(rnd, REF_SETS), tries = 10;

	while (!ref_set_usable(ref, set) && tries--)
		set = random_below(rnd, REF_SETS);
	return set;
}

static uint32_t random_private(struct random *rnd, const struct reference *ref)
{
	const struct ref_pasid *pasid;

	if (one_in(rnd, 40))
		return one_in(rnd, 2) ? UINT32_MAX : REF_IDS - random_below(rnd, 2);
	pasid = one_in(rnd, 2) ? random_pasid(rnd, ref) : NULL;
	if (pasid && pasid->private != REF_NONE)
		return pasid->private;
	return random_below(rnd, one_in(rnd, 8) ? REF_IDS : 60);
}

/* A private ID, most often one that the set has. */
static void random_bound(struct random *rnd, const struct reference *ref,
			 uint32_t *set, uint32_t *private)
{
	const struct ref_pasid *pasid = NULL;
	int tries;

	for (tries = 4; tries && (!pasid || pasid->private == REF_NONE); tries--)
		pasid = random_pasid(rnd, ref);
	if (!pasid || one_in(rnd, 5)) {
		*set = random_set(rnd, ref);
		*private = random_private(rnd, ref);
		return;
	}
	*set = one_in(rnd, 10) ? random_set(rnd, ref) : pasid->set;
	*private = pasid->private;
}

/* A PASID that exists, with its set; or one that perhaps does not. */
static void random_name(struct random *rnd, const struct reference *ref,
			uint32_t *set, uint32_t *dev, uint32_t *id)
{
	const struct ref_pasid *pasid = random_pasid(rnd, ref);

	if (!pasid || one_in(rnd, 6)) {
		*set = random_set(rnd, ref);
		*dev = one_in(rnd, 2) ? 0 : random_below(rnd, REF_DEVS);
		*id = random_id(rnd, ref);
		return;
	}
	*set = one_in(rnd, 10) ? random_set(rnd, ref) : pasid->set;
	*dev = one_in(rnd, 20) ? random_below(rnd, REF_DEVS) : pasid->dev;
	*id = pasid->id;
}

static void random_range(struct random *rnd, const struct reference *ref,
			 uint32_t *min, uint32_t *max)
{
	uint32_t swap;

	*min = 0;
	*max = UINT32_MAX;
	if (one_in(rnd, 3))
		return;
	*min = random_id(rnd, ref);
	*max = one_in(rnd, 4) ? *min : random_id(rnd, ref);
	if (*min > *max && !one_in(rnd, 10)) {
		swap = *min;
		*min = *max;
		*max = swap;
	}
}

static uint32_t random_amount(struct random *rnd, const struct reference *ref)
{
	struct ref_system system;

	ref_get_system(ref, &system);
	switch (random_below(rnd, 6)) {
	case 0:
		return UINT32_MAX;
	case 1:
		return system.free + random_below(rnd, 3) - 1;
	case 2:
		return 0;
	default:
		return random_below(rnd, (system.capacity < 400 ?
					  system.capacity : 400) + 2);
	}
}

static void random_quota(struct random *rnd, const struct reference *ref,
			 uint32_t *guarantee, uint32_t *limit)
{
	uint32_t swap;

	*guarantee = one_in(rnd, 2) ? 0 : random_amount(rnd, ref);
	*limit = one_in(rnd, 2) ? UINT32_MAX : random_amount(rnd, ref);
	if (*guarantee > *limit && !one_in(rnd, 8)) {
		swap = *guarantee;
		*guarantee = *limit;
		*limit = swap;
	}
}

static enum step_kind random_kind(struct random *rnd)
{
	unsigned int i, at, sum = 0;

	for (i = 0; i < STEP_NR; i++)
		sum += kinds[i].weight;
	at = random_below(rnd, sum);
	for (i = 0; at >= kinds[i].weight; i++)
		at -= kinds[i].weight;
	return i;
}

static void random_alloc(struct step *step, struct random *rnd,
			 const struct reference *ref)
{
	uint32_t *a = step->arg;

	a[0] = random_set(rnd, ref);
	random_range(rnd, ref, &a[1], &a[2]);
	a[3] = one_in(rnd, 3) ? random_below(rnd, REF_DEVS) : 0;
	a[4] = random_private(rnd, ref);
	a[5] = random_below(rnd, one_in(rnd, 20) ? 16 : 2);
	if (one_in(rnd, 8))
		a[5] |= REF_WITH_GET;
	if (one_in(rnd, 4))
		a[5] |= STEP_ATOMIC;
	a[6] = random_below(rnd, 100);
}

static void random_register(struct step *step, struct random *rnd,
			    const struct reference *ref)
{
	uint32_t *a = step->arg;

	a[0] = random_below(rnd, REF_LISTENERS);
	a[1] = random_below(rnd, 3);
	a[2] = a[1] == REF_SCOPE_TOKEN ? random_below(rnd, REF_TOKENS) :
	       random_set(rnd, ref);
	a[3] = random_below(rnd, one_in(rnd, 30) ? 5 : 3);
	a[4] = one_in(rnd, 4) ? random_below(rnd, 64) : 0;
}

/* What any step may need; the ones that need something else overwrite it. */
static void step_random_args(struct step *step, struct random *rnd,
			     const struct reference *ref)
{
	uint32_t *a = step->arg;

	random_name(rnd, ref, &a[0], &a[1], &a[2]);
	switch (step->kind) {
	case STEP_ALLOC:
		random_alloc(step, rnd, ref);
		break;
	case STEP_FREE_RANGE:
		random_range(rnd, ref, &a[2], &a[3]);
		break;
	case STEP_GET:
	case STEP_PUT:
	case STEP_FIND:
		if (one_in(rnd, 4))
			a[0] = REF_NO_SET;
		break;
	case STEP_HOLD:
		a[0] = random_below(rnd, HOLDS);
		a[3] = random_below(rnd, REF_TOKENS);
		break;
	case STEP_HOLD_PRIVATE:
		a[0] = random_below(rnd, HOLDS);
		random_bound(rnd, ref, &a[1], &a[2]);
		break;
	case STEP_RELEASE:
		a[0] = random_below(rnd, HOLDS);
		break;
	case STEP_REPLACE:
		a[3] = random_below(rnd, 100);
		break;
	case STEP_ATTACH:
		a[3] = random_private(rnd, ref);
		a[4] = one_in(rnd, 3) ? STEP_ATOMIC : 0;
		break;
	case STEP_DETACH:
	case STEP_FIND_PRIVATE:
	case STEP_NEXT_PRIVATE:
		random_bound(rnd, ref, &a[0], &a[1]);
		break;
	case STEP_CREATE:
		a[0] = random_below(rnd, REF_SETS);
		a[1] = random_below(rnd, REF_TOKENS);
		random_quota(rnd, ref, &a[2], &a[3]);
		break;
	case STEP_JOIN:
	case STEP_FIND_SET:
		a[0] = random_below(rnd, REF_TOKENS);
		break;
	case STEP_ADJUST:
		random_quota(rnd, ref, &a[1], &a[2]);
		a[3] = random_below(rnd, one_in(rnd, 10) ? 16 : 8);
		break;
	case STEP_REGISTER:
		random_register(step, rnd, ref);
		break;
	case STEP_UNREGISTER:
		a[0] = random_below(rnd, REF_LISTENERS);
		break;
	case STEP_CAPACITY:
		a[0] = random_id(rnd, ref);
		break;
	default:
		break;
	}
}

/* With some calls there is not enough memory. */
static void step_random_fail(struct step *step, struct random *rnd)
{
	if (!one_in(rnd, 12))
		return;
	step->fail_skip = random_below(rnd, 6);
	step->fail_count = one_in(rnd, 3) ? 200 : 1 + random_below(rnd, 3);
}

void step_random(struct step *step, struct random *rnd,
		 const struct reference *ref)
{
	memset(step, 0, sizeof(*step));
	step->kind = random_kind(rnd);
	step_random_args(step, rnd, ref);
	step_random_fail(step, rnd);
}

/* One says what call, another what memory there is; the others choose the rest. */
void step_from_bytes(struct step *step, const uint8_t *bytes,
		     const struct reference *ref)
{
	struct random rnd = { .state = 1 };

	memset(step, 0, sizeof(*step));
	memcpy(&rnd.state, bytes + 2, STEP_BYTES - 2);
	rnd.state = rnd.state * 0x9E3779B97F4A7C15ULL + 1;
	rnd.state |= !rnd.state;
	step->kind = bytes[0] % STEP_NR;
	step_random_args(step, &rnd, ref);
	if (bytes[1] & 0x80) {
		step->fail_skip = bytes[1] & 7;
		step->fail_count = bytes[1] & 0x40 ? 200 : 1 + (bytes[1] >> 3 & 3);
	}
}

const char *step_name(enum step_kind kind)
{
	return kinds[kind].name;
}

unsigned int step_nr_args(const struct step *step)
{
	unsigned int nr = 0;

	while (nr < STEP_ARGS && kinds[step->kind].arg[nr])
		nr++;
	return nr;
}

static void print_number(FILE *to, uint32_t nr)
{
	if (nr > UINT32_MAX - 16)
		fprintf(to, "-%u", -nr);
	else
		fprintf(to, "%u", nr);
}

/* As a row of a table in C, with the names of its arguments. */
void step_print(FILE *to, const struct step *step)
{
	unsigned int i, nr = step_nr_args(step);

	if (step->fail_count)
		fprintf(to, "STEP_FAIL(%u, %u, ", step->fail_skip,
			step->fail_count);
	else
		fprintf(to, "STEP(");
	fprintf(to, "%s", kinds[step->kind].name);
	for (i = 0; i < nr; i++) {
		fprintf(to, ", ");
		print_number(to, step->arg[i]);
	}
	fprintf(to, "),\t/*");
	for (i = 0; i < nr; i++) {
		fprintf(to, " %s ", kinds[step->kind].arg[i]);
		print_number(to, step->arg[i]);
	}
	fprintf(to, " */\n");
}

void sequence_print(FILE *to, const struct sequence *seq)
{
	uint32_t i;

	fprintf(to, "{\n\t.reported = %u, .cap = %u, .local = %u,\n\t.nr = %u, .step = {\n",
		seq->reported, seq->cap, seq->local, seq->nr);
	for (i = 0; i < seq->nr; i++) {
		fprintf(to, "\t\t");
		step_print(to, &seq->step[i]);
	}
	fprintf(to, "\t},\n},\n");
}

typedef const char *(*fails_fn)(const struct sequence *seq);

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void without(struct sequence *to, const struct sequence *from,
		    uint32_t at, uint32_t nr)
{
	*to = *from;
	memmove(&to->step[at], &to->step[at + nr],
		(from->nr - at - nr) * sizeof(to->step[0]));
	to->nr = from->nr - nr;
}

static bool shrink_steps(struct sequence *seq, fails_fn fails)
{
	static struct sequence shorter;
	uint32_t nr, at;
	bool better = false;

	for (nr = seq->nr / 2; nr; nr /= 2) {
		for (at = 0; at + nr <= seq->nr;) {
			without(&shorter, seq, at, nr);
			if (fails(&shorter)) {
				*seq = shorter;
				better = true;
			} else {
				at += nr;
			}
		}
	}
	return better;
}

static bool shrink_number(struct sequence *seq, fails_fn fails,
			  uint32_t *number, uint32_t to)
{
	uint32_t old = *number;

	if (old <= to)
		return false;
	*number = to;
	if (fails(seq))
		return true;
	*number = old;
	return false;
}

static bool shrink_numbers(struct sequence *seq, fails_fn fails,
			   struct step *step)
{
	struct step plain = *step, old = *step;
	bool better = false;
	unsigned int i;

	plain.fail_count = 0;
	plain.fail_skip = 0;
	if (step->fail_count) {
		*step = plain;
		if (fails(seq))
			better = true;
		else
			*step = old;
	}
	for (i = 0; i < STEP_ARGS; i++)
		better |= shrink_number(seq, fails, &step->arg[i], 0) ||
			  shrink_number(seq, fails, &step->arg[i], 1) ||
			  shrink_number(seq, fails, &step->arg[i],
					step->arg[i] / 2) ||
			  shrink_number(seq, fails, &step->arg[i],
					step->arg[i] - !!step->arg[i]);
	return better;
}

void sequence_shrink(struct sequence *seq, fails_fn fails, double seconds)
{
	double end = now() + seconds;
	bool better;
	uint32_t i;

	do {
		better = shrink_steps(seq, fails);
		for (i = 0; i < seq->nr && now() < end; i++)
			better |= shrink_numbers(seq, fails, &seq->step[i]);
		better |= shrink_number(seq, fails, &seq->local, 0);
		better |= shrink_number(seq, fails, &seq->cap, seq->cap / 2);
		better |= shrink_number(seq, fails, &seq->reported, 0);
	} while (better && now() < end);
}
