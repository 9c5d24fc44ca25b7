/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_STRING_H
#define BENCH_LINUX_STRING_H

#include_next <linux/string.h>

#include <stdio.h>

#undef strscpy
/* For an array, of which the size is known. */
#define strscpy(to, from)	\
	((void)snprintf(to, sizeof(to), "%s", from))

#endif /* BENCH_LINUX_STRING_H */
