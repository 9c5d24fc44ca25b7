// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the sanitizers have to know. The first report is the end of a run.
 */

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__tsan_default_options(void);
const char *__tsan_default_suppressions(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0:abort_on_error=0";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}

const char *__tsan_default_options(void)
{
	return "halt_on_error=1:second_deadlock_stack=1";
}

/*
 * lib/xarray.c writes plainly what readers under RCU may read: the NULL that takes a
 * node out of the tree, and the links of the node at the top when another one comes
 * there. The kernel takes such a store for atomic. What is on top of the stack of
 * either side counts, so that races of the core stay visible.
 */
const char *__tsan_default_suppressions(void)
{
	return "race_top:xas_delete_node\n"
	       "race_top:xas_expand\n"
	       "race_top:xas_shrink\n";
}
