// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trace instance of our own, and what its CPUs have written, in one order.
 *
 * tracefs_iterate_raw_events() opens and maps the buffers anew for each look at them,
 * and orders only what one look has found. Here the files are held open, and an event
 * is shown when no earlier one can come any more.
 */
#include <dirent.h>
#include <errno.h>
#include <kbuffer.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ioasidctl.h"
#include "trace.h"

#define EVENTS		"ioasid"
#define INSTANCE	"ioasidctl-"

/* The buffer of a CPU, and the first event in it that was not shown. */
struct cpu {
	unsigned int number;
	struct tracefs_cpu *file;
	/* What was read of it last. */
	struct kbuffer *page;
	struct tep_record record;
	/* NULL is none. */
	struct tep_event *event;
};

struct trace {
	struct tep_handle *tep;
	struct tracefs_instance *instance;
	struct cpu *cpus;
	unsigned int nr_cpus;
	/* When the last reading began, by the clock of the instance. */
	unsigned long long last;
};

/* -------- the instance -------- */

/* One that was killed could not take its instance away. */
static void remove_stale_instances(void)
{
	char **names = tracefs_instances("^" INSTANCE);
	struct tracefs_instance *instance;
	int i;

	for (i = 0; names && names[i]; i++) {
		pid_t pid = strtol(names[i] + strlen(INSTANCE), NULL, 10);

		if (!kill(pid, 0) || errno != ESRCH)
			continue;
		instance = tracefs_instance_alloc(NULL, names[i]);
		if (instance)
			tracefs_instance_destroy(instance);
		tracefs_instance_free(instance);
	}
	tracefs_list_free(names);
}

/* Each CPU that may ever write, whatever its number. */
static bool open_cpus(struct trace *trace)
{
	char *path = tracefs_instance_get_file(trace->instance, "per_cpu");
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *entry;
	bool done = dir;
	struct cpu *cpu;

	tracefs_put_tracing_file(path);
	while (done && (entry = readdir(dir))) {
		struct cpu new = {};

		if (sscanf(entry->d_name, "cpu%u", &new.number) != 1)
			continue;
		cpu = reallocarray(trace->cpus, trace->nr_cpus + 1, sizeof(*cpu));
		done = cpu;
		if (!done)
			break;
		trace->cpus = cpu;
		new.file = tracefs_cpu_open(trace->instance, new.number, true);
		done = new.file;
		if (done)
			cpu[trace->nr_cpus++] = new;
	}
	if (dir)
		closedir(dir);
	return done;
}

struct trace *trace_open(void)
{
	static const char *const systems[] = { EVENTS, NULL };
	struct trace *trace = calloc(1, sizeof(*trace));
	char name[32];
	int error;

	if (!trace)
		fail(STATUS_FAILED, "watch: no memory");
	if (geteuid())
		fail(STATUS_NO_PERMISSION, "watch: tracing is not for this user; try as root");
	if (!tracefs_tracing_dir())
		fail(STATUS_NO_FEATURE, "watch: this kernel has no tracefs");
	if (!tracefs_dir_exists(NULL, "events/" EVENTS))
		fail(STATUS_NO_FEATURE,
		     "watch: this kernel has no tracepoints of IOASID sets");
	trace->tep = tracefs_local_events_system(NULL, systems);
	if (!trace->tep)
		fail(STATUS_FAILED, "watch: the tracepoints cannot be read");
	remove_stale_instances();
	snprintf(name, sizeof(name), INSTANCE "%d", getpid());
	trace->instance = tracefs_instance_create(name);
	if (!trace->instance)
		fail(STATUS_FAILED, "watch: no trace instance: %s", strerror(errno));
	/* The clocks of CPUs may differ, this one is the same on all. */
	if (tracefs_instance_file_write(trace->instance, "trace_clock", "mono") < 0 ||
	    !open_cpus(trace) ||
	    tracefs_event_enable(trace->instance, EVENTS, NULL)) {
		error = errno;
		trace_close(trace);
		fail(STATUS_FAILED, "watch: the tracepoints cannot be switched on: %s",
		     strerror(error));
	}
	return trace;
}

void trace_stop(struct trace *trace)
{
	tracefs_event_disable(trace->instance, EVENTS, NULL);
}

void trace_close(struct trace *trace)
{
	/* The kernel keeps an instance that has a file open. */
	while (trace->nr_cpus--)
		tracefs_cpu_close(trace->cpus[trace->nr_cpus].file);
	free(trace->cpus);
	trace_stop(trace);
	tracefs_instance_destroy(trace->instance);
	tracefs_instance_free(trace->instance);
	tep_free(trace->tep);
	free(trace);
}

/* -------- what was written -------- */

/* In nanoseconds, cut to microseconds. */
static bool read_clock(struct trace *trace, unsigned long long *now)
{
	unsigned long long seconds, us;
	char name[48], *stats, *at;

	snprintf(name, sizeof(name), "per_cpu/cpu%u/stats", trace->cpus[0].number);
	stats = tracefs_instance_file_read(trace->instance, name, NULL);
	if (!stats)
		return false;
	at = strstr(stats, "now ts:");
	if (!at || sscanf(at, "now ts: %llu.%6llu", &seconds, &us) != 2) {
		free(stats);
		errno = EPROTO;
		return false;
	}
	free(stats);
	*now = seconds * 1000000000 + us * 1000;
	return true;
}

/* The next one on the page, whoever wrote it. */
static bool next_on_page(struct cpu *cpu)
{
	unsigned long long ts;
	void *data = cpu->page ? kbuffer_read_event(cpu->page, &ts) : NULL;

	if (!data)
		return false;
	cpu->record = (struct tep_record) {
		.ts = ts,
		.missed_events = kbuffer_missed_events(cpu->page),
		.record_size = kbuffer_curr_size(cpu->page),
		.size = kbuffer_event_size(cpu->page),
		.data = data,
		.cpu = cpu->number,
		.ref_count = 1,
	};
	kbuffer_next_event(cpu->page, NULL);
	return true;
}

/* The next one of ours, if the CPU has written any. */
static bool next_event(struct trace *trace, struct cpu *cpu)
{
	cpu->event = NULL;
	do {
		while (next_on_page(cpu)) {
			cpu->event = tep_find_event(trace->tep,
						    tep_data_type(trace->tep, &cpu->record));
			if (cpu->event)
				return true;
		}
		errno = 0;
		cpu->page = tracefs_cpu_read_buf(cpu->file, true);
	} while (cpu->page);
	return !errno || errno == EAGAIN;
}

static struct cpu *oldest(struct trace *trace)
{
	struct cpu *cpu, *found = NULL;

	for (cpu = trace->cpus; cpu < trace->cpus + trace->nr_cpus; cpu++)
		if (cpu->event && (!found || cpu->record.ts < found->record.ts))
			found = cpu;
	return found;
}

bool trace_read(struct trace *trace, bool all, trace_show show, void *arg)
{
	unsigned long long until = all ? ULLONG_MAX : trace->last;
	bool ok = read_clock(trace, &trace->last);
	struct cpu *cpu;

	for (cpu = trace->cpus; ok && cpu < trace->cpus + trace->nr_cpus; cpu++)
		if (!cpu->event)
			ok = next_event(trace, cpu);
	while (ok) {
		cpu = oldest(trace);
		if (!cpu || cpu->record.ts >= until || !show(cpu->event, &cpu->record, arg))
			break;
		ok = next_event(trace, cpu);
	}
	return ok;
}
