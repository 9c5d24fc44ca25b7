/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroups with the misc controller, by their path below the root.
 */
#ifndef __SELFTEST_IOASID_CG_H
#define __SELFTEST_IOASID_CG_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CG_ROOT	"/sys/fs/cgroup"

static inline int cg_write(const char *cg, const char *file, const char *text)
{
	char path[256];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s/%s", CG_ROOT, cg, file);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text)) == strlen(text) ? 0 : -1;
	close(fd);
	return ret;
}

static inline int cg_read(const char *cg, const char *file, char *text,
			  size_t size)
{
	char path[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", CG_ROOT, cg, file);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	len = read(fd, text, size - 1);
	close(fd);
	if (len < 0)
		return -1;
	text[len] = '\0';
	return 0;
}

/* The number behind @key in a flat-keyed file; -1 if there is none. */
static inline long cg_number(const char *cg, const char *file, const char *key)
{
	char text[1024], *line, *rest = text;
	size_t len = strlen(key);

	if (cg_read(cg, file, text, sizeof(text)))
		return -1;
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtol(line + len, NULL, 10);
	return -1;
}

static inline long cg_current(const char *cg)
{
	return cg_number(cg, "misc.current", "ioasid");
}

static inline int cg_max(const char *cg, const char *max)
{
	char text[64];

	snprintf(text, sizeof(text), "ioasid %s", max);
	return cg_write(cg, "misc.max", text);
}

/* A @parent's children are charged as well, so the root has to let it. */
static inline int cg_make(const char *cg, bool parent)
{
	char path[256];

	if (parent && cg_write("", "cgroup.subtree_control", "+misc"))
		return -1;
	snprintf(path, sizeof(path), "%s/%s", CG_ROOT, cg);
	if (mkdir(path, 0755) && errno != EEXIST)
		return -1;
	return parent ? cg_write(cg, "cgroup.subtree_control", "+misc") : 0;
}

static inline int cg_remove(const char *cg)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", CG_ROOT, cg);
	return rmdir(path);
}

static inline int cg_enter(const char *cg)
{
	return cg_write(cg, "cgroup.procs", "0");
}

#endif /* __SELFTEST_IOASID_CG_H */
