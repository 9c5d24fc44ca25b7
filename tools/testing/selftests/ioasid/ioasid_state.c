// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "ioasid_cg.h"
#include "ioasid_node.h"
#include "ioasid_state.h"

#define MAX_SETS	16

/*
 * Opened before a test has its own process, so that it has another mm, and no share in
 * the set that is looked at.
 */
static int observer = -1;
static const char *cgroup;

static __attribute__((constructor)) void observer_open_node(void)
{
	observer = node_open();
}

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void state_close(struct state *s)
{
	vm_close(&s->vm);
	close_fd(&s->device);
	container_close(&s->c);
	close_fd(&s->other);
	close_fd(&s->node);
}

int books_open(const char *cg)
{
	struct ioasid_query_system info;

	cgroup = cg;
	return node_system(observer, &info);
}

static __u32 open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	__u32 nr = 0;

	while (dir && readdir(dir))
		nr++;
	if (dir)
		closedir(dir);
	return nr;
}

static void read_sets(struct books *b)
{
	struct ioasid_set_entry sets[MAX_SETS];
	__u32 id = 0, i;

	b->sets = MAX_SETS;
	if (node_list_sets(observer, &id, &b->sets, sets))
		b->sets = 0;
	for (i = 0; i < b->sets; i++)
		if (sets[i].pid == getpid())
			b->set = sets[i];
	/* Each has another one. */
	b->set.id = 0;
}

/* By one that is open; only if there is a set, because this would make one. */
static void read_bound(struct state *s, struct books *b)
{
	__u32 guest = 0;
	int err = 0;

	b->nr_bound = MAX_BOUND;
	if (!b->set.pid)
		b->nr_bound = 0;
	else if (s->node >= 0)
		err = node_list(s->node, &guest, &b->nr_bound, b->bound);
	else if (s->c.fd >= 0)
		err = _test_list_pasids(s->c.fd, &guest, &b->nr_bound,
					(void *)b->bound);
	else
		b->nr_bound = 0;
	if (err)
		b->nr_bound = UINT_MAX;
}

static void read_table(struct state *s, struct books *b)
{
	struct translation all[MAX_BOUND];
	struct table_info info;
	__u32 i, nr = 0;

	if (s->vm.vm < 0)
		return;
	b->page_tables = sec_page_tables();
	b->table = vm_has_file(&s->vm, "pasid_table") &&
		   !vm_table_info(&s->vm, &info);
	if (!b->table || b->nr_bound == UINT_MAX)
		return;
	b->entries = info.entries;
	b->tables = info.tables;
	for (i = 0; i < b->nr_bound; i++)
		if (!(b->bound[i].flags & VFIO_PASID_LOCAL))
			all[nr++] = (struct translation) { b->bound[i].guest,
							   b->bound[i].pasid };
	b->table_right = vm_table_is(&s->vm, all, nr);
}

void books_read(struct state *s, struct books *b)
{
	memset(b, 0, sizeof(*b));
	node_system(observer, &b->system);
	read_sets(b);
	read_bound(s, b);
	read_table(s, b);
	b->charged = cg_current(cgroup);
	b->capacity = cg_number("", "misc.capacity", "ioasid");
	b->files = open_files();
}

static void differs(const char *what, long long is, long long was)
{
	if (is != was)
		printf("# %s: %lld, and not %lld\n", what, is, was);
}

static void print_difference(const struct books *is, const struct books *was)
{
	differs("system: used", is->system.used, was->system.used);
	differs("system: reserved", is->system.reserved, was->system.reserved);
	differs("system: free", is->system.free, was->system.free);
	differs("sets", is->sets, was->sets);
	differs("set: maker", is->set.pid, was->set.pid);
	differs("set: used", is->set.used, was->set.used);
	differs("set: pending", is->set.pending, was->set.pending);
	differs("set: local", is->set.local, was->set.local);
	differs("set: guarantee", is->set.guarantee, was->set.guarantee);
	differs("set: limit", is->set.limit, was->set.limit);
	differs("guest PASIDs", is->nr_bound, was->nr_bound);
	if (memcmp(is->bound, was->bound, sizeof(is->bound)))
		printf("# other guest PASIDs\n");
	differs("misc.current", is->charged, was->charged);
	differs("misc.capacity", is->capacity, was->capacity);
	differs("open files", is->files, was->files);
	differs("KVM: table", is->table, was->table);
	differs("KVM: table is right", is->table_right, was->table_right);
	differs("KVM: entries", is->entries, was->entries);
	differs("KVM: tables", is->tables, was->tables);
	differs("SecPageTables", is->page_tables, was->page_tables);
}

/* What comes back by RCU, or from a worker, has its time. */
bool books_are(struct state *s, const struct books *expected, const char *when)
{
	struct books b;
	bool same;

	same = wait_until((books_read(s, &b),
			   !memcmp(&b, expected, sizeof(b))));
	if (!same) {
		printf("# %s:\n", when);
		print_difference(&b, expected);
	}
	return same;
}
