// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioasidctl alloc and free: PASIDs to try things with.
 *
 * A set lives as long as somebody has it open, so "alloc" stays while a command
 * runs, and hands its descriptor down: "alloc", "free" and "show" inside act on the
 * same set.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ioasidctl.h"
#include "node.h"

#define MAX_PASIDS	0x100000U

struct wish {
	__u32 count;
	__u32 min;
	__u32 max;
	__u32 guest;
	bool has_guest;
};

/* -------- alloc -------- */

static struct wish wish_of_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "min", required_argument, NULL, 'm' },
		{ "max", required_argument, NULL, 'M' },
		{ "guest", required_argument, NULL, 'g' },
		{}
	};
	struct wish wish = { .count = 1, .max = UINT32_MAX };
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			wish.count = parse_number("--count", optarg, MAX_PASIDS);
			break;
		case 'm':
			wish.min = parse_number("--min", optarg, MAX_PASIDS - 1);
			break;
		case 'M':
			wish.max = parse_number("--max", optarg, MAX_PASIDS - 1);
			break;
		case 'g':
			wish.guest = parse_number("--guest", optarg, MAX_PASIDS - 1);
			wish.has_guest = true;
			break;
		default:
			exit(STATUS_USAGE);
		}
	}
	if (wish.min > wish.max)
		fail(STATUS_USAGE, "alloc: --min is above --max");
	if (wish.has_guest && wish.count > MAX_PASIDS - wish.guest)
		fail(STATUS_USAGE, "alloc: there are not so many guest PASIDs from %u on",
		     wish.guest);
	return wish;
}

static int alloc_one(int fd, const struct wish *wish, __u32 n, __u32 *pasid)
{
	struct ioasid_alloc_pasid req = {
		.argsz = sizeof(req),
		.min = wish->min,
		.max = wish->max,
	};

	if (wish->has_guest) {
		req.flags = IOASID_GUEST;
		req.guest = wish->guest + n;
	}
	if (ioctl(fd, IOASID_ALLOC, &req))
		return errno;
	*pasid = req.pasid;
	return 0;
}

static int free_range(int fd, __u32 min, __u32 max)
{
	struct ioasid_free_pasid req = {
		.argsz = sizeof(req),
		.min = min,
		.max = max,
	};

	return ioctl(fd, IOASID_FREE, &req) ? errno : 0;
}

/* All of them or none. */
static __u32 *alloc_all(int fd, const struct wish *wish)
{
	__u32 *pasids = calloc(wish->count + 1, sizeof(*pasids)), n;
	char what[64];
	int error;

	if (!pasids)
		fail(STATUS_FAILED, "no memory for %u PASIDs", wish->count);
	for (n = 0; n < wish->count; n++) {
		error = alloc_one(fd, wish, n, &pasids[n]);
		if (error)
			break;
	}
	if (n == wish->count)
		return pasids;

	snprintf(what, sizeof(what), "PASID %u of %u", n + 1, wish->count);
	while (n--)
		free_range(fd, pasids[n], pasids[n]);
	if (error == EBUSY)
		fail(STATUS_REFUSED, "%s: the cgroup is at its misc.max, or one above it",
		     what);
	if (error == ENOSPC && (wish->min || wish->max != UINT32_MAX))
		fail(STATUS_REFUSED,
		     "%s: none from %u to %u is free and not guaranteed to others", what,
		     wish->min, wish->max);
	node_refused(what, error);
}

static void print_held(const struct wish *wish, const __u32 *pasids)
{
	struct json_object *array, *entry;
	__u32 n;

	array = global.json ? json_object_new_array() : NULL;
	for (n = 0; n < wish->count; n++) {
		if (!array) {
			printf("%u", pasids[n]);
			if (wish->has_guest)
				printf(" guest %u", wish->guest + n);
			putchar('\n');
			continue;
		}
		entry = json_object_new_object();
		json_add_number(entry, "pasid", pasids[n]);
		if (wish->has_guest)
			json_add_number(entry, "guest", wish->guest + n);
		else
			json_object_object_add(entry, "guest", NULL);
		json_object_array_add(array, entry);
	}
	if (array)
		print_json(array);
	fflush(stdout);
}

/* As env(1) and others end: with the status of what they ran. */
static int run_command(int fd, char **command)
{
	char text[16];
	int status;
	pid_t pid = fork();

	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (pid < 0)
		fail(STATUS_FAILED, "no process for %s: %s", command[0], strerror(errno));
	if (!pid) {
		snprintf(text, sizeof(text), "%d", fd);
		setenv(NODE_FD_ENV, text, 1);
		fcntl(fd, F_SETFD, 0);
		execvp(command[0], command);
		status = errno == ENOENT ? 127 : 126;
		fprintf(stderr, "ioasidctl: %s: %s\n", command[0], strerror(errno));
		_exit(status);
	}
	/* What is typed at a terminal is for the command, which may live on. */
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGQUIT, &ignore, NULL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail(STATUS_FAILED, "%s: %s", command[0], strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void wait_for_end_of_input(void)
{
	char buffer[256];

	if (isatty(STDIN_FILENO))
		fputs("ioasidctl: holding them until Ctrl-D\n", stderr);
	while (read(STDIN_FILENO, buffer, sizeof(buffer)) > 0)
		;
}

int command_alloc(int argc, char **argv)
{
	struct wish wish = wish_of_options(argc, argv);
	char **command = optind < argc ? argv + optind : NULL;
	int inherited = node_inherited();
	int fd = inherited < 0 ? node_open() : inherited;
	__u32 *pasids = alloc_all(fd, &wish);

	print_held(&wish, pasids);
	free(pasids);
	if (command)
		return run_command(fd, command);
	/* Inside of another "alloc" it is that one that holds them. */
	if (inherited < 0)
		wait_for_end_of_input();
	return STATUS_OK;
}

/* -------- free -------- */

int command_free(int argc, char **argv)
{
	__u32 min = 0, max = UINT32_MAX;
	int fd = node_inherited(), error;
	char *dash;

	if (argc < 2)
		fail(STATUS_USAGE, "free: which PASIDs? PASID, MIN-MAX or all");
	optind = 2;
	no_more_arguments(argc, argv);
	if (fd < 0)
		fail(STATUS_USAGE,
		     "free: nothing is held here; run it inside \"ioasidctl alloc -- COMMAND\"");
	if (strcmp(argv[1], "all")) {
		dash = strchr(argv[1], '-');
		if (dash)
			*dash++ = '\0';
		min = parse_number("PASID", argv[1], MAX_PASIDS - 1);
		max = dash ? parse_number("PASID", dash, MAX_PASIDS - 1) : min;
		if (min > max)
			fail(STATUS_USAGE, "free: %u-%u is upside down", min, max);
	}
	error = free_range(fd, min, max);
	if (error == ENOENT && min < max)
		fail(STATUS_NO_SET, "free: the set has no PASID there");
	if (error == ENOENT)
		fail(STATUS_NO_SET, "free: the set has no PASID %u", min);
	if (error)
		node_refused("free", error);
	if (global.json)
		print_json(json_object_new_object());
	return STATUS_OK;
}
