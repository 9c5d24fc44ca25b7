#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# life.sh VERIFIER: goes through the model of life.pml. The verifier itself ends well
# whatever it finds; here that is an error, as it is if it gave up, or if a line of the
# model was never reached.
log=$(mktemp) || exit 1
trail=$(mktemp -d) || exit 1
trap 'rm -rf "$log" "$trail"' EXIT

bad()
{
	grep -v '^Depth=' "$log"
	# The steps that lead there, which thread takes them, and how it ends.
	(cd "$trail" && [ ! -e ./*.trail ] || "$verifier" -r) | tail -n 80
	echo "life: $1" >&2
	exit 1
}

verifier=$(readlink -f "$1")
(cd "$trail" && exec "$verifier" -m200000 -b) >"$log" 2>&1 || bad "the verifier failed"
grep -q 'errors: 0$' "$log" || bad "an order was found in which the model fails, see above"
! grep -qi 'not completed\|truncated\|out of memory\|too small' "$log" ||
	bad "the search did not come to its end"
! grep -q '^	[^ ]*life.pml:[0-9]*, state [0-9]*, "[^-]' "$log" ||
	bad "some steps of the model are never taken, see above"
awk '/states, stored$/ { states = $1 } /elapsed time/ { seconds = $4 }
     END { print "life: every order, " states " states, " seconds " s: clean" }' "$log"
