# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Machines that go wrong: each plan says in "want" what the verdict has to be.

boots_as_wanted()
{
	local want

	want=$(field "$1" want)
	case $want in
	pass*) says "${want#pass }" "$top/harness/boot" "$kernel" "$1" ;;
	fail*) refuses "${want#fail }" "$top/harness/boot" "$kernel" "$1" ;;
	*) echo "$1 does not say what it wants"; return 1 ;;
	esac
}

"$top/harness/build" "$kernel" release
"$top/harness/build" "$kernel" debug
export BUILT=1
for plan in "$top"/harness/selftest/plan/*.plan; do
	check "boot: $(sed -n '1s/^# //p' "$plan")" boots_as_wanted "$plan"
done
unset BUILT
