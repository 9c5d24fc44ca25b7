/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that cannot be had: pages are refused to a thread that asks for it, wherever
 * it cannot sleep; or the Nth step of a call that can fail does. Takes FAIL_PAGE_ALLOC=y
 * and FAULT_INJECTION_DEBUG_FS=y, the second one also FAILSLAB=y,
 * FAULT_INJECTION_USERCOPY=y and IOASID_FAULT_INJECTION=y.
 */
#ifndef __SELFTEST_IOASID_FAIL_H
#define __SELFTEST_IOASID_FAIL_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAIL_DEBUGFS	"/sys/kernel/debug/"
#define FAIL_FOLDER	FAIL_DEBUGFS "fail_page_alloc"
#define FAIL_THREAD	"/proc/thread-self/make-it-fail"

static inline int fail_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret;

	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text)) == strlen(text) ? 0 : -1;
	close(fd);
	return ret;
}

static inline bool fail_is_possible(void)
{
	return !access(FAIL_FOLDER "/probability", W_OK);
}

/* So many in 100 pages, to all threads that fail_thread() was called for. */
static inline int fail_pages(unsigned int percent)
{
	static const char *const setting[][2] = {
		{ FAIL_FOLDER "/ignore-gfp-wait", "1" },
		{ FAIL_FOLDER "/min-order", "0" },
		{ FAIL_FOLDER "/interval", "1" },
		{ FAIL_FOLDER "/times", "-1" },
		{ FAIL_FOLDER "/verbose", "0" },
		{ FAIL_FOLDER "/task-filter", "1" },
	};
	char text[12];
	size_t i;

	for (i = 0; i < sizeof(setting) / sizeof(*setting); i++)
		if (fail_write(setting[i][0], setting[i][1]))
			return -1;
	snprintf(text, sizeof(text), "%u", percent);
	return fail_write(FAIL_FOLDER "/probability", text);
}

static inline int fail_thread(bool fail)
{
	return fail_write(FAIL_THREAD, fail ? "1" : "0");
}

/* -------- one fault in one call -------- */

/* What can fail; each has a folder. */
enum fault {
	FAULT_SLAB,
	FAULT_PAGE,
	FAULT_COPY,
	FAULT_IOASID,
	NR_FAULTS,
	/* Any of these. */
	FAULT_ANY = NR_FAULTS,
};

static const char *const fault_folder[] = {
	[FAULT_SLAB] = "failslab",
	[FAULT_PAGE] = "fail_page_alloc",
	[FAULT_COPY] = "fail_usercopy",
	[FAULT_IOASID] = "fail_ioasid",
};

static inline const char *fault_path(enum fault fault, const char *file)
{
	static char path[100];

	snprintf(path, sizeof(path), FAIL_DEBUGFS "%s/%s", fault_folder[fault],
		 file);
	return path;
}

static inline int fault_set(enum fault fault, const char *file, const char *text)
{
	return fail_write(fault_path(fault, file), text);
}

/* How many there may still be. */
static inline int fault_left(enum fault fault)
{
	int fd = open(fault_path(fault, "times"), O_RDONLY);
	char text[24] = "";
	int left = -1;

	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) > 0)
		left = atoi(text);
	close(fd);
	return left;
}

/* NULL, or a sentence about what is missing here. */
static inline const char *missing_faults(void)
{
	static char text[100];
	int i;

	for (i = 0; i < NR_FAULTS; i++) {
		if (!access(fault_path(i, "times"), W_OK))
			continue;
		snprintf(text, sizeof(text),
			 "the kernel has no %s; run as root, with its option set",
			 fault_folder[i]);
		return text;
	}
	return NULL;
}

/* Of this thread, and open all the time: to open it takes memory. */
static int fault_nth = -1;

static inline int fault_nth_set(const char *nth)
{
	return pwrite(fault_nth, nth, strlen(nth), 0) > 0 ? 0 : -1;
}

/*
 * Objects of all caches may be refused, but not those of the debugging code: these are
 * asked for now and then, so that what is the third object of a call in one run is the
 * fourth one in the next, and is left out.
 */
static inline int fault_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[300];

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (!strncmp(entry->d_name, "kmemleak", 8) ||
		    !strncmp(entry->d_name, "debug_objects", 13))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/failslab",
			 entry->d_name);
		/* Some are one with others, and refuse. */
		fail_write(path, "1");
	}
	closedir(dir);
	return fault_set(FAULT_SLAB, "cache-filter", "Y");
}

/* Whatever is asked for may fail, without a word, but not before it shall. */
static inline int faults_init(void)
{
	int i;

	for (i = 0; i < NR_FAULTS; i++)
		if (fault_set(i, "probability", "0") ||
		    fault_set(i, "verbose", "0") ||
		    fault_set(i, "interval", "1") ||
		    fault_set(i, "task-filter", "Y"))
			return -1;
	if (fault_slabs() || fault_set(FAULT_SLAB, "ignore-gfp-wait", "N") ||
	    fault_set(FAULT_PAGE, "ignore-gfp-wait", "N") ||
	    fault_set(FAULT_PAGE, "ignore-gfp-highmem", "N"))
		return -1;
	return fault_set(FAULT_PAGE, "min-order", "0");
}

/* For the thread that calls it. */
static inline int fault_open(void)
{
	fault_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return fault_nth < 0 ? -1 : 0;
}

static inline int fault_begin_one(enum fault fault, const char *nth)
{
	if (fault_set(fault, "space", nth) || fault_set(fault, "times", "1") ||
	    fault_set(fault, "probability", "100"))
		return -1;
	return fail_thread(true);
}

/*
 * From here on the @nth time that this thread asks for such a thing it does not get
 * it, and gets everything else. Not for slabs alone, which count by size.
 */
static inline int fault_begin(enum fault fault, unsigned int nth)
{
	char text[12];

	snprintf(text, sizeof(text), "%u", nth);
	if (fault == FAULT_ANY)
		return fault_nth_set(text);
	return fault_begin_one(fault, text);
}

/* False if this itself was what failed. */
static inline bool fault_stop(enum fault fault)
{
	int err = fault == FAULT_ANY ? fault_nth_set("0") : fail_thread(false);

	if (err)
		fault_stop(fault);
	return !err;
}

/* Until here: was there one? */
static inline bool fault_end(enum fault fault)
{
	char left[12] = "";
	bool fired;

	if (fault != FAULT_ANY) {
		fired = fault_stop(fault) && !fault_left(fault);
		fault_set(fault, "probability", "0");
		return fired;
	}
	/* To read it may be what fails, and then says nothing. */
	fired = pread(fault_nth, left, sizeof(left) - 1, 0) > 0 && !atoi(left);
	fault_stop(fault);
	return fired;
}

#endif /* __SELFTEST_IOASID_FAIL_H */
