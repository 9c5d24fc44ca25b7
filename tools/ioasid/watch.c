// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioasidctl watch: the tracepoints of IOASID sets, as they are hit.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ioasidctl.h"
#include "node.h"
#include "set.h"
#include "trace.h"

/* What their names begin with, and ours do not. */
#define PREFIX		"ioasid_"
/* How often to look for what has come, in nanoseconds. */
#define PERIOD		100000000

struct watch {
	bool one_set;
	__u32 set;
	/* Events still to be shown; 0 is no end. */
	__u32 left;
	bool done;
};

/* -------- one event -------- */

static bool value_of(struct tep_event *event, struct tep_record *record,
		     const char *field, unsigned long long *value)
{
	return !tep_get_field_val(NULL, event, field, record, value, 0);
}

/* Whatever fields the event has, those of a later kernel's as well. */
static struct json_object *event_to_json(struct tep_event *event,
					 struct tep_record *record)
{
	static const char *const numbers[] = {
		"capacity", "shared_min", "set", "guarantee"
	};
	static const char *const maybe[] = { "pasid", "private", "limit" };
	struct json_object *object = json_object_new_object();
	unsigned long long value;
	unsigned int i;

	json_add_string(object, "event", event->name + strlen(PREFIX));
	json_add_number(object, "pid", tep_data_pid(event->tep, record));
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (value_of(event, record, numbers[i], &value))
			json_add_number(object, numbers[i], value);
	for (i = 0; i < ARRAY_SIZE(maybe); i++)
		if (value_of(event, record, maybe[i], &value))
			json_add_limit(object, maybe[i], value);
	if (value_of(event, record, "local", &value))
		json_object_object_add(object, "local", json_object_new_boolean(value));
	if (value_of(event, record, "result", &value)) {
		int result = (int)value;

		json_object_object_add(object, "result", json_object_new_int(result));
		json_add_string(object, "error", result ? strerrorname_np(-result) : NULL);
	}
	return object;
}

/* To microseconds, as the kernel's own trace files. */
static void add_time(struct json_object *object, unsigned long long ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu.%06llu", ns / 1000000000,
		 ns % 1000000000 / 1000);
	json_object_object_add(object, "time",
			       json_object_new_double_s(strtod(text, NULL), text));
}

static const char *text_of(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

static void print_event(struct json_object *object)
{
	printf("%s %-10s", text_of(object, "time"), text_of(object, "event"));
	json_object_object_foreach(object, key, value) {
		if (!strcmp(key, "time") || !strcmp(key, "event") || !strcmp(key, "error"))
			continue;
		if (!strcmp(key, "local"))
			printf(json_object_get_boolean(value) ? " local" : " shared");
		else if (!strcmp(key, "result"))
			printf(" %s", text_of(object, "error") ?: "ok");
		else if (value)
			printf(" %s %s", key, json_object_get_string(value));
		else if (!strcmp(key, "limit"))
			printf(" limit max");
	}
	putchar('\n');
}

static bool show_event(struct tep_event *event, struct tep_record *record, void *arg)
{
	struct watch *watch = arg;
	struct json_object *object;
	unsigned long long set;

	if (record->missed_events)
		fprintf(stderr, "ioasidctl: events were lost, there were too many\n");
	if (strncmp(event->name, PREFIX, strlen(PREFIX)))
		return true;
	if (watch->one_set &&
	    (!value_of(event, record, "set", &set) || set != watch->set))
		return true;
	object = event_to_json(event, record);
	add_time(object, record->ts);
	if (global.json) {
		print_json(object);
	} else {
		print_event(object);
		json_object_put(object);
	}
	if (fflush(stdout) || (watch->left && !--watch->left))
		watch->done = true;
	return !watch->done;
}

/* -------- all of them -------- */

/* They are waited for, so that the instance is always taken away. */
static void block_signals(sigset_t *signals)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction now;
	unsigned int i;

	/* One that is ignored, by nohup(1) for example, would come if it was blocked. */
	sigemptyset(signals);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (!sigaction(ends[i], NULL, &now) && now.sa_handler != SIG_IGN)
			sigaddset(signals, ends[i]);
	sigprocmask(SIG_BLOCK, signals, NULL);
	/* A reader that goes away ends us by an error of write. */
	signal(SIGPIPE, SIG_IGN);
}

int command_watch(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{}
	};
	const struct timespec period = { .tv_nsec = PERIOD };
	struct watch watch = {};
	struct trace *trace;
	sigset_t signals;
	int option, error;
	bool ended;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'c')
			return STATUS_USAGE;
		watch.left = parse_number("--count", optarg, UINT32_MAX);
		if (!watch.left)
			fail(STATUS_USAGE, "--count is at least 1");
	}
	if (optind < argc) {
		watch.one_set = true;
		watch.set = set_that_exists(node_open(), argv[optind++]);
	}
	no_more_arguments(argc, argv);

	block_signals(&signals);
	trace = trace_open();
	/* Who waits for us to be ready sees this line. */
	fprintf(stderr, "ioasidctl: watching\n");
	do {
		ended = sigtimedwait(&signals, NULL, &period) >= 0;
		/* What was before the end is told. */
		if (ended)
			trace_stop(trace);
		error = trace_read(trace, ended, show_event, &watch) ? 0 : errno;
	} while (!error && !watch.done && !ended);
	trace_close(trace);
	if (error)
		fail(STATUS_FAILED, "watch: the events cannot be read: %s", strerror(error));
	return STATUS_OK;
}
