// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ioasidctl.h"
#include "node.h"

#define SETS_AT_ONCE	64

int node_open(void)
{
	int fd = open(NODE_PATH, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		fail(STATUS_NO_FEATURE,
		     "this kernel has no IOASID sets: there is no %s", NODE_PATH);
	case EACCES:
	case EPERM:
		fail(STATUS_NO_PERMISSION, "%s is not for this user; try as root",
		     NODE_PATH);
	default:
		fail(STATUS_FAILED, "%s: %s", NODE_PATH, strerror(errno));
	}
}

/* A number in the environment may name anything; it must be this very node. */
int node_inherited(void)
{
	const char *text = getenv(NODE_FD_ENV);
	struct stat node, inherited;
	int fd;

	if (!text)
		return -1;
	fd = parse_number(NODE_FD_ENV, text, INT32_MAX);
	if (fstat(fd, &inherited) || stat(NODE_PATH, &node) ||
	    !S_ISCHR(inherited.st_mode) || inherited.st_rdev != node.st_rdev)
		fail(STATUS_USAGE, "%s=%d is no descriptor of %s", NODE_FD_ENV, fd,
		     NODE_PATH);
	return fd;
}

void node_refused(const char *what, int error)
{
	switch (error) {
	case EPERM:
		fail(STATUS_NO_PERMISSION, "%s: this takes CAP_SYS_RESOURCE; try as root",
		     what);
	case ENOTTY:
		fail(STATUS_NO_FEATURE, "%s: this kernel's %s has no such call", what,
		     NODE_PATH);
	case ENOENT:
		fail(STATUS_NO_SET, "%s: there is none, or not any more", what);
	case EOPNOTSUPP:
		fail(STATUS_REFUSED,
		     "%s: the system has no PASIDs; \"ioasidctl system\" tells why", what);
	case EDQUOT:
		fail(STATUS_REFUSED, "%s: the limit of the set is reached", what);
	case ENOSPC:
		fail(STATUS_REFUSED,
		     "%s: not so many are free in the system that are not guaranteed to others",
		     what);
	case EEXIST:
		fail(STATUS_REFUSED, "%s: the guest PASID is taken", what);
	case EINVAL:
		fail(STATUS_USAGE, "%s: these numbers do not go together", what);
	default:
		fail(STATUS_FAILED, "%s: %s", what, strerror(error));
	}
}

void node_call(int fd, unsigned long call, void *arg, const char *what)
{
	if (ioctl(fd, call, arg))
		node_refused(what, errno);
}

void node_each_set(int fd, void (*show)(const struct ioasid_set_entry *set, void *arg),
		   void *arg)
{
	struct ioasid_set_entry entries[SETS_AT_ONCE];
	struct ioasid_list_sets req = { .argsz = sizeof(req) };
	__u32 i;

	do {
		req.count = SETS_AT_ONCE;
		req.entries = (uintptr_t)entries;
		node_call(fd, IOASID_LIST_SETS, &req, "list of sets");
		for (i = 0; i < req.count; i++)
			show(&entries[i], arg);
	} while (req.count == SETS_AT_ONCE);
}
