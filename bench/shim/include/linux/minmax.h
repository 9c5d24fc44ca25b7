/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_MINMAX_H
#define BENCH_LINUX_MINMAX_H

#include <linux/kernel.h>

#define min3(x, y, z)	min((typeof(x))min(x, y), z)

#define min_not_zero(x, y) ({			\
	typeof(x) __min_x = (x);		\
	typeof(y) __min_y = (y);		\
						\
	!__min_x ? __min_y :			\
	!__min_y ? __min_x : min(__min_x, __min_y); \
})

#endif /* BENCH_LINUX_MINMAX_H */
