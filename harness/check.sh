# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Checks that are no programs of the booted machine: each is one counted test,
# written as KTAP to $RESULTS, so that the verdict is the same as for all others.

checks=0
failures=0
: "${RESULTS:=$out/results/$(basename "$0").ktap}"
mkdir -p "$(dirname "$RESULTS")"
echo 'KTAP version 1' >"$RESULTS"

# check NAME COMMAND...: what the command says is shown if it fails
check()
{
	local name=$1 said
	shift

	checks=$((checks + 1))
	if said=$("$@" 2>&1); then
		printf '  ok      %s\n' "$name" >&2
		echo "ok $checks $name" >>"$RESULTS"
		return
	fi
	failures=$((failures + 1))
	printf '  FAILED  %s\n' "$name" >&2
	sed 's/^/          | /' <<<"$said" >&2
	{ sed 's/^/# /' <<<"$said"; echo "not ok $checks $name"; } >>"$RESULTS"
}

# skip NAME WHY: what cannot be checked here, for a reason that kernels/*/skip knows
skip()
{
	checks=$((checks + 1))
	printf '  skipped %s: %s\n' "$1" "$2" >&2
	echo "ok $checks $1 # SKIP $2" >>"$RESULTS"
}

# figure TEXT...: what was done, and how much of it
figure()
{
	printf '  %s\n' "$*" >&2
	echo "# figure: $*" >>"$RESULTS"
}

# The plan comes last: without it the checks did not run to their end.
checks_done()
{
	echo "1..$checks" >>"$RESULTS"
	[ $failures -eq 0 ]
}
