// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioasidctl: the PASIDs (IOASIDs) of a system, for its administrator.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <linux/ioasid.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ioasidctl.h"

struct global_options global;

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *does;
};

static const struct command commands[] = {
	{ "system", command_system, "",
	  "the PASID space, and why it is as small as it is" },
	{ "list", command_list, "[--sort id|used|pid]", "all sets" },
	{ "show", command_show, "[SET]", "one set" },
	{ "quota", command_quota, "SET [--guarantee N] [--limit N|max]",
	  "change what a set may hold" },
	{ "alloc", command_alloc,
	  "[--count N] [--min N] [--max N] [--guest N] [-- COMMAND...]",
	  "hold PASIDs while COMMAND runs" },
	{ "free", command_free, "PASID|MIN-MAX|all",
	  "give some of these back, inside COMMAND" },
	{ "top", command_top, "[--interval SECONDS] [--count N]",
	  "the use of all sets, live" },
	{ "watch", command_watch, "[SET] [--count N]",
	  "what happens to sets and PASIDs" },
};

static void print_help(FILE *to)
{
	unsigned int i;

	fputs("usage: ioasidctl [--json] [--pretty] [--help] [--sysroot DIR] COMMAND ...\n\n", to);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %s %s\n\t%s\n", commands[i].name,
			commands[i].arguments, commands[i].does);
	fputs("\nSET is the id of a set, or pid=PID. More is in ioasidctl(8).\n", to);
}

void fail(enum status status, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("ioasidctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

__u32 parse_number(const char *name, const char *text, __u32 max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	/* strtoull() takes "-1" and " 1" as well. */
	if (!isdigit((unsigned char)*text) || *end || errno || value > max)
		fail(STATUS_USAGE, "%s is a number from 0 to %u, not \"%s\"",
		     name, max, text);
	return value;
}

__u32 parse_limit(const char *name, const char *text)
{
	return strcmp(text, "max") ? parse_number(name, text, UINT32_MAX) : UINT32_MAX;
}

void no_more_arguments(int argc, char **argv)
{
	if (optind < argc)
		fail(STATUS_USAGE, "%s: \"%s\" is too much; see ioasidctl --help",
		     argv[0], argv[optind]);
}

void print_json(struct json_object *object)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (global.pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	puts(json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}

void json_add_number(struct json_object *object, const char *key, __u32 value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

void json_add_string(struct json_object *object, const char *key, const char *value)
{
	char *text = value ? strdup(value) : NULL, *c;

	/* JSON is UTF-8, and a process may call itself by any bytes. */
	for (c = text; c && *c; c++)
		if (!isascii((unsigned char)*c))
			*c = '?';
	json_object_object_add(object, key, text ? json_object_new_string(text) : NULL);
	free(text);
}

void json_add_limit(struct json_object *object, const char *key, __u32 limit)
{
	if (limit == UINT32_MAX)
		json_object_object_add(object, key, NULL);
	else
		json_add_number(object, key, limit);
}

static int run(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[0], commands[i].name))
			continue;
		/* 0 makes getopt begin anew, with the arguments of the command. */
		optind = 0;
		return commands[i].run(argc, argv);
	}
	fail(STATUS_USAGE, "there is no command \"%s\"; see ioasidctl --help", argv[0]);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "sysroot", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int option, status;

	/* '+': what follows the command is the command's. */
	while ((option = getopt_long(argc, argv, "+jph", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			global.pretty = true;
			fallthrough;
		case 'j':
			global.json = true;
			break;
		case 's':
			global.sysroot = optarg;
			break;
		case 'h':
			print_help(stdout);
			return STATUS_OK;
		default:
			return STATUS_USAGE;
		}
	}
	if (optind == argc) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	status = run(argc - optind, argv + optind);
	if (fflush(stdout) || ferror(stdout))
		fail(STATUS_FAILED, "cannot write: %s", strerror(errno));
	return status;
}
