# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the overlay refuses, on a kernel of three files.

t=$work/tree

# A series of two entries that is right; each test then breaks one thing.
fresh()
{
	rm -rf "$t"
	mkdir -p "$t/base/drivers" "$t/src/drivers" "$t/series/01-a" "$t/series/02-b"
	seq 1 20 >"$t/base/drivers/Makefile"
	echo ours >"$t/src/drivers/a.c"
	echo ours >"$t/src/drivers/b.c"
	echo drivers/a.c >"$t/series/01-a/files"
	echo drivers/b.c >"$t/series/02-b/files"
	hook 10 >"$t/series/01-a/hook.patch"
}

# hook LINE: adds a line after that one of the Makefile
hook()
{
	printf -- '--- a/drivers/Makefile\n+++ b/drivers/Makefile\n@@ -%d,2 +%d,3 @@\n %d\n+hooked\n %d\n' \
		"$1" "$1" "$1" $(($1 + 1))
}
overlay() { SOURCES=$t/src SERIES=$t/series "$top/harness/overlay" 6.12 "${1:-$t/base}" "${2:-$t/new}"; }
hooked_at() { overlay && [ "$(sed -n "$1p" "$t/new/drivers/Makefile")" = hooked ]; }

fresh
check "tree: a series that is right" hooked_at 11
from_here() { (cd "$t" && overlay base new) && [ "$(sed -n 11p "$t/new/drivers/Makefile")" = hooked ]; }
fresh
check "tree: folders may be given from where one is" from_here
fresh
hook 5 >"$t/series/01-a/hook@6.12.patch"
check "tree: the hook for this kernel wins" hooked_at 6

# Only in the files that it names: the others are still hook.patch's.
hooks_both() { hooked_at 6 && [ "$(sed -n 11p "$t/new/drivers/Kconfig")" = hooked ]; }
fresh
cp "$t/base/drivers/Makefile" "$t/base/drivers/Kconfig"
hook 10 | sed 's/Makefile/Kconfig/' >>"$t/series/01-a/hook.patch"
hook 5 >"$t/series/01-a/hook@6.12.patch"
check "tree: the hook for this kernel leaves other files to the common one" hooks_both
fresh
hook 5 >"$t/series/01-a/hook@6.12.patch"
sed -i s/5/five/ "$t/base/drivers/Makefile"
check "tree: a stale hook for this kernel is named" refuses_in_one_line "01-a/hook@6.12.patch is stale on 6.12: drivers/Makefile, the hunk at line 5, does not apply" overlay
fresh
hook 10 >"$t/series/01-a/hook@7.3.patch"
sed -i s/10/ten/ "$t/base/drivers/Makefile"
check "tree: a hook for another kernel does not count" refuses_in_one_line "01-a/hook.patch is stale on 6.12" overlay
fresh
echo drivers/a.c >>"$t/series/02-b/files"
check "tree: a file claimed twice" refuses_in_one_line "drivers/a.c is claimed by 01-a and by 02-b" overlay
fresh
echo stray >"$t/src/drivers/c.c"
check "tree: a file that no entry claims" refuses_in_one_line "no series entry claims drivers/c.c" overlay
fresh
echo drivers/absent.c >>"$t/series/02-b/files"
check "tree: a claimed file that does not exist" refuses_in_one_line "names drivers/absent.c, which does not exist" overlay
fresh
echo theirs >"$t/base/drivers/b.c"
check "tree: a claimed file that upstream has" refuses_in_one_line "which the kernel 6.12 has already" overlay
fresh
sed -i s/10/ten/ "$t/base/drivers/Makefile"
check "tree: a stale hook" refuses_in_one_line "01-a/hook.patch is stale on 6.12: drivers/Makefile, the hunk at line 10, does not apply" overlay
fresh
cp "$t/base/drivers/Makefile" "$t/base/drivers/Kconfig"
hook 10 | sed 's/Makefile/Kconfig/' >>"$t/series/01-a/hook.patch"
hook 15 >"$t/series/02-b/hook.patch"
sed -i s/10/ten/ "$t/base/drivers/Makefile" "$t/base/drivers/Kconfig"
both_are_named()
{
	refuses "01-a/hook.patch is stale on 6.12: drivers/Kconfig, the hunk at line 10, does not apply" overlay &&
		refuses "01-a/hook.patch is stale on 6.12: drivers/Makefile, the hunk at line 10, does not apply" overlay &&
		[ "$(overlay 2>&1 | wc -l)" = 2 ]
}
check "tree: all files that hooks do not fit are named, each once" both_are_named
fresh
echo no patch >"$t/series/02-b/hook.patch"
check "tree: a hook that is no patch" refuses "02-b/hook.patch is no patch for 6.12" overlay
fresh
rm "$t/base/drivers/Makefile"
check "tree: a hook into a file that is gone" refuses_in_one_line "01-a/hook.patch is stale on 6.12: drivers/Makefile" overlay

# The checkout has the file as the second entry leaves it.
edit_of_ours()
{
	printf 'ours\nlater\n' >"$t/src/drivers/a.c"
	printf -- '--- a/drivers/a.c\n+++ b/drivers/a.c\n@@ -1 +1,2 @@\n ours\n+later\n' \
		>"$t/series/02-b/own.patch"
}
overlay_of() { rm -rf "$t/new"; SOURCES=$t/src SERIES=$t/series "$top/harness/overlay" 6.12 "$t/base" "$t/new" "$1"; }
a_c_has() { overlay_of "$1" && [ "$(wc -l <"$t/new/drivers/a.c")" = "$2" ]; }
fresh
edit_of_ours
check "tree: what a later entry changes in a file of ours is not there yet" a_c_has 1 1
check "tree: it is there with that entry" a_c_has 2 2
sed -i s/later/other/ "$t/series/02-b/own.patch"
check "tree: an edit of ours that is stale" refuses_in_one_line "02-b/own.patch is stale on 6.12: drivers/a.c, the hunk at line 1, does not apply" overlay_of 1
fresh
edit_of_ours
mv "$t/series/02-b/own.patch" "$t/series/01-a/"
check "tree: an edit of ours in the entry that adds the file" refuses_in_one_line "series/01-a/own.patch changes drivers/a.c, which no earlier entry adds" overlay

configured() { echo "$1" >"$work/fragment"; "$top/harness/config" "$out/tree/$kernel" "$work/config" "$work/fragment"; }

check "config: an option that does not exist" refuses "CONFIG_NO_SUCH_OPTION=y was asked for in" configured CONFIG_NO_SUCH_OPTION=y
check "config: an option whose needs are missing" refuses "CONFIG_VFIO_PCI=y was asked for in" configured CONFIG_VFIO_PCI=y
check "config: an option that comes back" refuses "CONFIG_SLUB=n was asked for and came out as CONFIG_SLUB=y" configured CONFIG_SLUB=n
