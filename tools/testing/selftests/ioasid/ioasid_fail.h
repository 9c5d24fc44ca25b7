/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that cannot be had at once: pages are refused to a thread that asks for it,
 * wherever it cannot sleep. Takes FAIL_PAGE_ALLOC=y and FAULT_INJECTION_DEBUG_FS=y.
 */
#ifndef __SELFTEST_IOASID_FAIL_H
#define __SELFTEST_IOASID_FAIL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FAIL_FOLDER	"/sys/kernel/debug/fail_page_alloc"

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
	return fail_write("/proc/thread-self/make-it-fail", fail ? "1" : "0");
}

#endif /* __SELFTEST_IOASID_FAIL_H */
