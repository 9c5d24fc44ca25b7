// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults on request, where those of failslab are not seen.
 *
 * An xarray asks for a node under its lock, without sleeping, and once more without
 * the lock if there was none. Who lets one allocation fail at a time, to see each
 * error path, gets a node at the second try. fail_ioasid says that there was none
 * at the second one either.
 */
#include <linux/err.h>
#include <linux/fault-inject.h>
#include <linux/init.h>

#include "ioasid-private.h"

static DECLARE_FAULT_ATTR(ioasid_fault);

/**
 * ioasid_should_fail - is the memory that comes next to be refused for good?
 *
 * To be asked where an xarray is about to grow, and where nothing is changed yet that
 * a lack of memory would leave as it was.
 *
 * Context: Any context. Faults are for tasks: an interrupt has none.
 * Return: True if the caller shall do as if there was no memory.
 */
bool ioasid_should_fail(void)
{
	return should_fail(&ioasid_fault, 1);
}

static int __init ioasid_fault_init(void)
{
	struct dentry *dir;

	/* What an xarray cannot have is no news either. */
	ioasid_fault.verbose = 0;
	dir = fault_create_debugfs_attr("fail_ioasid", NULL, &ioasid_fault);
	return PTR_ERR_OR_ZERO(dir);
}
late_initcall(ioasid_fault_init);
