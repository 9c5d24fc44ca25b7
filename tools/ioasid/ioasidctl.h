/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands of ioasidctl have in common: how they end, how they read
 * their arguments, and how they print.
 */
#ifndef __IOASIDCTL_H
#define __IOASIDCTL_H

#include <json-c/json.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <stdbool.h>

/* Exit codes: one for each thing that a caller may want to tell from the others. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,	/* anything else */
	STATUS_USAGE = 2,	/* the command line makes no sense */
	STATUS_NO_FEATURE = 3,	/* this kernel has no IOASID sets */
	STATUS_NO_PERMISSION = 4,
	STATUS_NO_SET = 5,	/* no such set or PASID, or not any more */
	STATUS_REFUSED = 6,	/* a quota, or what there is, does not allow it */
};

struct global_options {
	bool json;
	bool pretty;
	/* Where to look for /sys and /proc; NULL is this very system. */
	const char *sysroot;
};

extern struct global_options global;

/* One sentence to stderr, and out. What was printed before is complete. */
__printf(2, 3) __noreturn
void fail(enum status status, const char *format, ...);

/* The value of option or argument @name; no more than @max. */
__u32 parse_number(const char *name, const char *text, __u32 max);
/* The same, but "max" is no limit. */
__u32 parse_limit(const char *name, const char *text);

/* Each argument must have been taken by an option. */
void no_more_arguments(int argc, char **argv);

/* Print @object as a line, or more with --pretty, and let go of it. */
void print_json(struct json_object *object);
void json_add_number(struct json_object *object, const char *key, __u32 value);
void json_add_string(struct json_object *object, const char *key, const char *value);
/* A limit that is none is null. */
void json_add_limit(struct json_object *object, const char *key, __u32 limit);

/* The commands: their arguments without the options of all, [0] is the name. */
int command_system(int argc, char **argv);
int command_list(int argc, char **argv);
int command_show(int argc, char **argv);
int command_quota(int argc, char **argv);
int command_alloc(int argc, char **argv);
int command_free(int argc, char **argv);
int command_top(int argc, char **argv);
int command_watch(int argc, char **argv);

#endif /* __IOASIDCTL_H */
