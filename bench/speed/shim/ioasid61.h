/* SPDX-License-Identifier: GPL-2.0-only */
/* What 6.1's ioasid.c has from headers that the shim lacks. It prints what fails. */
#ifndef SPEED_IOASID61_H
#define SPEED_IOASID61_H

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/list.h>

#define CONFIG_IOASID		1
#define ENOTSUPP		524

#define pr_no(...)		do { } while (0)
#undef pr_debug
#undef pr_info
#undef pr_warn
#undef pr_err
#define pr_debug		pr_no
#define pr_info			pr_no
#define pr_warn			pr_no
#define pr_err			pr_no
#define pr_err_ratelimited	pr_no
#define EXPORT_SYMBOL_GPL(name)
#define MODULE_AUTHOR(text)
#define MODULE_DESCRIPTION(text)
#define MODULE_LICENSE(text)

#endif /* SPEED_IOASID61_H */
