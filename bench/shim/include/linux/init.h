/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_INIT_H
#define BENCH_LINUX_INIT_H

#include <linux/compiler.h>
#include <shim.h>

#define __init
#define __ro_after_init

/* There is one, and the test says when it runs. */
#define core_initcall(fn)		\
void shim_core_initcall(void)		\
{					\
	fn();				\
}

#endif /* BENCH_LINUX_INIT_H */
