/* SPDX-License-Identifier: GPL-2.0-only */
/* There is no command line: a test writes to what a parameter sets. */
#ifndef BENCH_LINUX_MODULEPARAM_H
#define BENCH_LINUX_MODULEPARAM_H

#include <linux/errno.h>
#include <linux/kernel.h>

struct kernel_param {
	void *arg;
};

struct kernel_param_ops {
	int (*set)(const char *val, const struct kernel_param *kp);
	int (*get)(char *buffer, const struct kernel_param *kp);
};

static inline int param_set_uint_minmax(const char *val,
					const struct kernel_param *kp,
					unsigned int min, unsigned int max)
{
	return -EINVAL;
}

static inline int param_get_uint(char *buffer, const struct kernel_param *kp)
{
	return -EINVAL;
}

#define module_param_cb(name, ops, arg, perm)	\
	static const void *shim_param_##name[] __maybe_unused = { ops, arg }
#define MODULE_PARM_DESC(name, text)

#endif /* BENCH_LINUX_MODULEPARAM_H */
