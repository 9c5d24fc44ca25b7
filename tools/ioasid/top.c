// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioasidctl top: a frame now and then, the sets that hold most at its top.
 */
#include <curses.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <time.h>
#include <unistd.h>

#include "ioasidctl.h"
#include "node.h"
#include "set.h"

struct screen {
	int width;
	int height;
	/* A terminal on which a frame can stand where the last one stood. */
	bool live;
};

/* A window may change its size between two frames. */
static struct screen screen_now(bool live)
{
	struct screen screen = { .width = 80, .height = 24, .live = live };
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		screen.width = size.ws_col > 60 ? size.ws_col : 60;
		screen.height = size.ws_row;
	}
	return screen;
}

/* Where the terminal, or its description, cannot do that, frames follow each other. */
static bool make_live(void)
{
	int ignored;

	if (global.json || !isatty(STDOUT_FILENO) ||
	    setupterm(NULL, STDOUT_FILENO, &ignored) != OK ||
	    !clear_screen || !cursor_home || !clr_eos || !clr_eol)
		return false;
	putp(clear_screen);
	return true;
}

static void end_line(const struct screen *screen)
{
	if (screen->live)
		putp(clr_eol);
	putchar('\n');
}

/*
 * What is used of @size, '#', what waits for its last user, '~', and what is kept
 * and not used, '+'. Whatever is there is seen: it has at least one mark.
 */
static void print_bar(int width, __u32 size, __u32 used, __u32 pending, __u32 kept)
{
	__u64 marks[3] = { used - pending, pending, kept };
	static const char mark[3] = { '#', '~', '+' };
	int i, n, left = width;

	putchar('[');
	for (i = 0; i < 3; i++) {
		if (!marks[i] || !size)
			continue;
		n = marks[i] * width / size ?: 1;
		if (n > left)
			n = left;
		left -= n;
		while (n--)
			putchar(mark[i]);
	}
	while (left-- > 0)
		putchar(' ');
	putchar(']');
}

static void print_system(const struct screen *screen,
			 const struct ioasid_query_system *system)
{
	__u32 shared = system->capacity - system->shared_min;

	printf("PASIDs %u, used %u, reserved %u, free %u", system->capacity,
	       system->used, system->reserved, system->free);
	end_line(screen);
	print_bar(screen->width - 3, system->capacity ? shared : 0, system->used, 0,
		  system->reserved);
	end_line(screen);
}

/* A set without a limit is held against what the system has. */
static void print_entry(const struct screen *screen, const struct ioasid_set_entry *set,
			__u32 capacity)
{
	__u32 size = set->limit < capacity ? set->limit : capacity;
	__u32 shared = set->used - set->local;
	char limit[16] = "max", comm[sizeof(set->comm)];
	unsigned int i;

	memcpy(comm, set->comm, sizeof(comm));
	for (i = 0; i < sizeof(comm) && comm[i]; i++)
		if ((unsigned char)comm[i] < ' ' || (unsigned char)comm[i] >= 0x7f)
			comm[i] = '?';
	if (set->limit != UINT32_MAX)
		snprintf(limit, sizeof(limit), "%u", set->limit);
	printf("%5u %7d %-15.15s %7u/%-7s ", set->id, set->pid, comm, set->used, limit);
	print_bar(screen->width - 49, size, set->used, set->pending,
		  set->guarantee > shared ? set->guarantee - shared : 0);
	end_line(screen);
}

static void print_frame(const struct screen *screen, const struct sets *sets,
			const struct ioasid_query_system *system)
{
	unsigned int rows = screen->height > 5 ? screen->height - 5 : 1, i;

	if (screen->live)
		putp(cursor_home);
	print_system(screen, system);
	end_line(screen);
	printf("%5s %7s %-15s %7s/%-7s", "SET", "PID", "COMMAND", "USED", "LIMIT");
	end_line(screen);
	for (i = 0; i < sets->nr; i++) {
		if (screen->live && i + 1 == rows && sets->nr > rows) {
			printf("and %u more", sets->nr - i);
			end_line(screen);
			break;
		}
		print_entry(screen, &sets->sets[i], system->capacity);
	}
	if (screen->live)
		putp(clr_eos);
	fflush(stdout);
}

static void show_frame(int fd, bool live)
{
	struct ioasid_query_system system = { .argsz = sizeof(system) };
	struct screen screen = screen_now(live);
	struct json_object *frame;
	struct sets sets;

	node_call(fd, IOASID_QUERY_SYSTEM, &system, "numbers of the system");
	sets_read(&sets, fd, SETS_BY_USE);
	if (global.json) {
		frame = json_object_new_object();
		json_add_number(frame, "capacity", system.capacity);
		json_add_number(frame, "shared_min", system.shared_min);
		json_add_number(frame, "used", system.used);
		json_add_number(frame, "reserved", system.reserved);
		json_add_number(frame, "free", system.free);
		json_object_object_add(frame, "sets", sets_to_json(&sets));
		print_json(frame);
		fflush(stdout);
	} else {
		print_frame(&screen, &sets, &system);
	}
	sets_release(&sets);
}

static struct timespec interval_of(const char *text)
{
	struct timespec interval;
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (end == text || *end || !(seconds >= 0.1 && seconds <= 3600))
		fail(STATUS_USAGE, "--interval is seconds, 0.1 to 3600, not \"%s\"", text);
	interval.tv_sec = seconds;
	interval.tv_nsec = (seconds - interval.tv_sec) * 1e9;
	return interval;
}

int command_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'c' },
		{}
	};
	struct timespec interval = { .tv_sec = 2 };
	__u32 count = 0, n;
	int option, fd;
	bool live;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			interval = interval_of(optarg);
			break;
		case 'c':
			count = parse_number("--count", optarg, UINT32_MAX);
			if (!count)
				fail(STATUS_USAGE, "--count is at least 1");
			break;
		default:
			return STATUS_USAGE;
		}
	}
	no_more_arguments(argc, argv);

	fd = node_open();
	live = count != 1 && make_live();
	for (n = 0; !count || n < count; n++) {
		if (n)
			nanosleep(&interval, NULL);
		show_frame(fd, live);
		if (ferror(stdout))
			break;
	}
	return STATUS_OK;
}
