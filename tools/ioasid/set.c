// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioasidctl list, show and quota.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ioasidctl.h"
#include "node.h"
#include "set.h"
#include "table.h"

#define GUESTS_AT_ONCE	256

/* -------- all sets -------- */

static void sets_add(const struct ioasid_set_entry *set, void *arg)
{
	struct sets *sets = arg;

	sets->sets = realloc(sets->sets, (sets->nr + 1) * sizeof(*set));
	if (!sets->sets)
		fail(STATUS_FAILED, "no memory for the list of sets");
	sets->sets[sets->nr++] = *set;
}

static int compare(__u32 a, __u32 b)
{
	return (a > b) - (a < b);
}

/* What holds most comes first; of equals, who was there first. */
static int by_use(const void *a, const void *b)
{
	const struct ioasid_set_entry *x = a, *y = b;

	return compare(y->used, x->used) ?: compare(x->id, y->id);
}

static int by_pid(const void *a, const void *b)
{
	const struct ioasid_set_entry *x = a, *y = b;

	return compare(x->pid, y->pid) ?: compare(x->id, y->id);
}

void sets_read(struct sets *sets, int fd, enum set_order order)
{
	*sets = (struct sets) {};
	node_each_set(fd, sets_add, sets);
	if (!sets->nr || order == SETS_BY_ID)
		return;
	qsort(sets->sets, sets->nr, sizeof(*sets->sets),
	      order == SETS_BY_USE ? by_use : by_pid);
}

void sets_release(struct sets *sets)
{
	free(sets->sets);
}

static struct json_object *entry_to_json(const struct ioasid_set_entry *set)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "id", set->id);
	json_object_object_add(object, "pid", json_object_new_int(set->pid));
	json_add_string(object, "comm", set->comm);
	json_add_number(object, "used", set->used);
	json_add_number(object, "pending", set->pending);
	json_add_number(object, "local", set->local);
	json_add_number(object, "guarantee", set->guarantee);
	json_add_limit(object, "limit", set->limit);
	return object;
}

struct json_object *sets_to_json(const struct sets *sets)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < sets->nr; i++)
		json_object_array_add(array, entry_to_json(&sets->sets[i]));
	return array;
}

static void sets_print(const struct sets *sets)
{
	struct table table = { .headings = { "SET", "PID", "<COMMAND", "USED", "PENDING",
					     "LOCAL", "GUARANTEE", "LIMIT" } };
	unsigned int i;

	for (i = 0; i < sets->nr; i++) {
		const struct ioasid_set_entry *set = &sets->sets[i];

		table_begin_row(&table);
		table_cell(&table, 0, "%u", set->id);
		if (set->pid)
			table_cell(&table, 1, "%d", set->pid);
		else
			table_cell(&table, 1, "-");
		table_cell(&table, 2, "%s", set->comm);
		table_cell(&table, 3, "%u", set->used);
		table_cell(&table, 4, "%u", set->pending);
		table_cell(&table, 5, "%u", set->local);
		table_cell(&table, 6, "%u", set->guarantee);
		table_limit(&table, 7, set->limit);
	}
	table_end(&table);
}

static enum set_order order_named(const char *name)
{
	if (!strcmp(name, "id"))
		return SETS_BY_ID;
	if (!strcmp(name, "used"))
		return SETS_BY_USE;
	if (!strcmp(name, "pid"))
		return SETS_BY_PID;
	fail(STATUS_USAGE, "--sort is id, used or pid, not \"%s\"", name);
}

int command_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "sort", required_argument, NULL, 's' },
		{}
	};
	enum set_order order = SETS_BY_ID;
	struct sets sets;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 's')
			return STATUS_USAGE;
		order = order_named(optarg);
	}
	no_more_arguments(argc, argv);

	sets_read(&sets, node_open(), order);
	if (global.json)
		print_json(sets_to_json(&sets));
	else
		sets_print(&sets);
	sets_release(&sets);
	return STATUS_OK;
}

/* -------- one set -------- */

struct search {
	__s32 pid;
	__u32 id;
	unsigned int found;
};

static void search_set(const struct ioasid_set_entry *set, void *arg)
{
	struct search *search = arg;

	if (set->pid != search->pid)
		return;
	search->id = set->id;
	search->found++;
}

__u32 set_id(int fd, const char *name)
{
	struct search search = {};

	if (strncmp(name, "pid=", 4))
		return parse_number("SET", name, UINT32_MAX);
	search.pid = parse_number("pid", name + 4, INT32_MAX);
	if (!search.pid)
		fail(STATUS_USAGE, "no process has the PID 0");
	node_each_set(fd, search_set, &search);
	if (!search.found)
		fail(STATUS_NO_SET, "process %d has made no set", search.pid);
	if (search.found > 1)
		fail(STATUS_FAILED,
		     "process %d made %u sets, in programs that it ran one after the other; name one by its id",
		     search.pid, search.found);
	return search.id;
}

static const char *what_set(const char *name)
{
	static char what[64];

	snprintf(what, sizeof(what), "set %s", name ?: "of one's own");
	return what;
}

/* @name is NULL for the own one. */
static struct ioasid_query_set query(int fd, const char *name)
{
	struct ioasid_query_set set = { .argsz = sizeof(set) };

	if (name) {
		set.flags = IOASID_BY_ID;
		set.id = set_id(fd, name);
	}
	node_call(fd, IOASID_QUERY_SET, &set, what_set(name));
	return set;
}

__u32 set_that_exists(int fd, const char *name)
{
	return query(fd, name).id;
}

/* Where the process is now; what it holds may be charged to where it was. */
static char *cgroup_of(__s32 pid)
{
	char path[64], *line = NULL, *cgroup = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = pid ? fopen(path, "r") : NULL;
	if (!file)
		return NULL;
	while (getline(&line, &size, file) > 0) {
		if (strncmp(line, "0::", 3))
			continue;
		line[strcspn(line, "\n")] = '\0';
		cgroup = strdup(line + 3);
		break;
	}
	free(line);
	fclose(file);
	return cgroup;
}

/* Guest PASIDs of the own set; nobody is told those of another. */
static struct json_object *guests_to_json(int fd)
{
	struct json_object *array = json_object_new_array();
	struct ioasid_entry entries[GUESTS_AT_ONCE];
	struct ioasid_list req = { .argsz = sizeof(req) };
	__u32 i;

	do {
		req.count = GUESTS_AT_ONCE;
		req.entries = (uintptr_t)entries;
		node_call(fd, IOASID_LIST, &req, "list of guest PASIDs");
		for (i = 0; i < req.count; i++) {
			struct json_object *guest = json_object_new_object();
			bool local = entries[i].flags & IOASID_ENTRY_LOCAL;

			json_add_number(guest, "guest", entries[i].guest);
			json_add_number(guest, "pasid", entries[i].pasid);
			json_object_object_add(guest, "local", json_object_new_boolean(local));
			json_object_array_add(array, guest);
		}
	} while (req.count == GUESTS_AT_ONCE);
	return array;
}

static struct json_object *set_to_json(const struct ioasid_query_set *set)
{
	struct ioasid_set_entry entry = {
		.id = set->id,
		.pid = set->pid,
		.guarantee = set->guarantee,
		.limit = set->limit,
		.used = set->used,
		.pending = set->pending,
		.local = set->local,
	};
	struct json_object *object;
	char *cgroup = cgroup_of(set->pid);

	memcpy(entry.comm, set->comm, sizeof(entry.comm));
	object = entry_to_json(&entry);
	json_add_number(object, "available", set->available);
	json_add_string(object, "cgroup", cgroup);
	free(cgroup);
	return object;
}

static void print_limit(const char *name, __u32 limit)
{
	if (limit == UINT32_MAX)
		printf("%-10s max\n", name);
	else
		printf("%-10s %u\n", name, limit);
}

static void print_guests(struct json_object *guests)
{
	size_t i;

	for (i = 0; i < json_object_array_length(guests); i++) {
		struct json_object *guest = json_object_array_get_idx(guests, i);

		printf("guest      %s -> %s%s\n",
		       json_object_get_string(json_object_object_get(guest, "guest")),
		       json_object_get_string(json_object_object_get(guest, "pasid")),
		       json_object_get_boolean(json_object_object_get(guest, "local")) ?
				" (local)" : "");
	}
}

static void print_string(const char *name, const char *value)
{
	const char *c;

	printf("%-10s ", name);
	for (c = value; *c; c++)
		putchar(isprint((unsigned char)*c) ? *c : '?');
	putchar('\n');
}

static void print_set(const struct ioasid_query_set *set)
{
	char *cgroup = cgroup_of(set->pid);

	printf("%-10s %u\n", "set", set->id);
	if (set->pid)
		printf("%-10s %d\n", "process", set->pid);
	else
		printf("%-10s -\n", "process");
	print_string("command", set->comm);
	if (cgroup)
		print_string("cgroup", cgroup);
	free(cgroup);
	printf("%-10s %u (%u pending, %u local)\n", "used", set->used,
	       set->pending, set->local);
	printf("%-10s %u\n", "guarantee", set->guarantee);
	print_limit("limit", set->limit);
	printf("%-10s %u\n", "available", set->available);
}

/* Without SET it is the set of the "alloc" around us, or nothing to be shown. */
int command_show(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	struct json_object *guests = NULL, *object;
	struct ioasid_query_set set;
	int fd = node_inherited();

	optind = 2;
	no_more_arguments(argc, argv);
	if (!name && fd < 0)
		fail(STATUS_USAGE, "show: which SET? \"ioasidctl list\" has them all");
	if (name)
		fd = node_open();
	set = query(fd, name);
	if (!name)
		guests = guests_to_json(fd);

	if (!global.json) {
		print_set(&set);
		if (guests)
			print_guests(guests);
		json_object_put(guests);
		return STATUS_OK;
	}
	object = set_to_json(&set);
	json_object_object_add(object, "guests", guests);
	print_json(object);
	return STATUS_OK;
}

/* -------- quota -------- */

static struct ioasid_quota quota_of_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "guarantee", required_argument, NULL, 'g' },
		{ "limit", required_argument, NULL, 'l' },
		{}
	};
	struct ioasid_quota quota = { .argsz = sizeof(quota) };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'g':
			quota.flags |= IOASID_QUOTA_GUARANTEE;
			quota.guarantee = parse_number("--guarantee", optarg, UINT32_MAX);
			break;
		case 'l':
			quota.flags |= IOASID_QUOTA_LIMIT;
			quota.limit = parse_limit("--limit", optarg);
			break;
		default:
			exit(STATUS_USAGE);
		}
	}
	if (!quota.flags)
		fail(STATUS_USAGE, "quota: nothing is to change; give --guarantee or --limit");
	if (optind == argc)
		fail(STATUS_USAGE, "quota: which SET? \"ioasidctl list\" has them all");
	return quota;
}

static void set_quota(int fd, struct ioasid_quota *quota, const char *name)
{
	struct ioasid_query_set set;

	if (!ioctl(fd, IOASID_SET_QUOTA, quota))
		return;
	switch (errno) {
	case EBUSY:
		set = query(fd, name);
		fail(STATUS_REFUSED,
		     "set %s holds %u PASIDs; the limit cannot be below that", name, set.used);
	case EINVAL:
		set = query(fd, name);
		fail(STATUS_REFUSED,
		     "the guarantee of set %s would be above its limit; it has guarantee %u, limit %u",
		     name, set.guarantee, set.limit);
	case ENOSPC:
		fail(STATUS_REFUSED,
		     "the system has not so many PASIDs left to guarantee; \"ioasidctl system\" shows them");
	default:
		node_refused(what_set(name), errno);
	}
}

int command_quota(int argc, char **argv)
{
	struct ioasid_quota quota = quota_of_options(argc, argv);
	const char *name = argv[optind++];
	struct ioasid_query_set set;
	int fd;

	no_more_arguments(argc, argv);
	fd = node_open();
	quota.flags |= IOASID_BY_ID;
	quota.id = set_id(fd, name);
	set_quota(fd, &quota, name);
	set = query(fd, name);
	if (global.json) {
		print_json(set_to_json(&set));
		return STATUS_OK;
	}
	printf("set %u: guarantee %u, limit ", set.id, set.guarantee);
	if (set.limit == UINT32_MAX)
		puts("max");
	else
		printf("%u\n", set.limit);
	return STATUS_OK;
}
