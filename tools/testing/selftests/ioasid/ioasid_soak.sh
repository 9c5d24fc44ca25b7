#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC3043 # all that kselftest runs on has "local"
#
# ioasid_soak.sh SECONDS COMMAND...: runs the commands in turn, again and again, each
# time with another IOASID_SEED, and looks at the books every second. After each round
# nothing may be left, and over the rounds nothing may grow.
#
# Comments of the output that begin with "sample" and "quiet" are for plots: second (or
# round), used, reserved, pending, sets, objects in slab caches of ours, kB of all slabs
# that cannot be reclaimed. "quiet" is after a round, when everything came to rest.

debugfs=/sys/kernel/debug/ioasid
tmp=$(mktemp -d)
seed=${IOASID_SEED:-$(date +%s)}
until=$1
shift

seconds() { cut -d . -f 1 /proc/uptime; }
start=$(seconds)
passed() { echo $(($(seconds) - start)); }

bad()
{
	echo "# $1"
	echo "$1" >>"$tmp/bad"
}

# The numbers of one moment, and what has to be true of the first four at any time
books()
{
	local system sets

	system=$(cat $debugfs/system) && sets=$(cat $debugfs/sets) || return
	echo "$system
$sets" | awk '
	$1 == "capacity" {
		used = $6; reserved = $8; free = $10
		all = $2 - ($4 > 1 ? $4 : 1)
		if (used + reserved + free != all && $2)
			wrong = "used, reserved and free are not all there is: " $0
	}
	$1 == "set" {
		sets++; pending += $8
		if ($8 > $6 + $10)
			wrong = "more is pending than used: " $0
	}
	END {
		print used + 0, reserved + 0, pending + 0, sets + 0
		if (wrong)
			print wrong >"/dev/stderr"
	}' 2>"$tmp/wrong"
}

objects() { awk '/^ioasid/ { n += $2 } END { print n + 0 }' /proc/slabinfo; }
slab() { awk '/^SUnreclaim:/ { print $2 }' /proc/meminfo; }

watch()
{
	local line

	while [ ! -e "$tmp/end" ]; do
		line=$(books) || bad "the books cannot be read"
		[ ! -s "$tmp/wrong" ] || bad "$(cat "$tmp/wrong")"
		echo "# sample $(passed) $line $(objects) $(slab)"
		sleep 1
	done
}

# Are the books as at first, and no more objects there? Those that a CPU keeps for the
# next allocation count until a cache is shrunk.
is_clean()
{
	local cache

	for cache in /sys/kernel/slab/ioasid*; do
		echo 1 >"$cache/shrink"
	done
	[ "$(books)" = "$first" ] && [ "$(objects)" -le "$least" ]
}

# What waits for RCU or a worker gets some time.
rest()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! is_clean || return 0
		sleep 1
	done
	bad "after round $round there is something left (used reserved pending sets objects):"
	bad "$(books) $(objects), at first $first $least"
}

run_round()
{
	local command

	for command; do
		[ "$(passed)" -lt "$until" ] || return 0
		IOASID_SEED=$((seed + round)) sh -c "$command" >"$tmp/said" 2>&1 || {
			sed 's/^/#   /' "$tmp/said" | tail -n 40
			bad "round $round, IOASID_SEED=$((seed + round)): failed: $command"
		}
	done
}

# Caches fill for a while. Something grows if the last third of the rounds has more than
# the one before, and more than what the kernel itself keeps for later now and then.
drift()
{
	awk '{ slab[++n] = $7 }
	END {
		third = int(n / 3)
		if (third < 2) {
			print "# too few rounds to tell whether memory grows: " n
			exit
		}
		for (i = 0; i < third; i++) {
			last += slab[n - i]
			middle += slab[n - third - i]
		}
		grown = int((last - middle) / third)
		print "# " n " rounds; unreclaimable slabs: " int(middle / third) \
			" kB in the second third, " grown " kB more in the last"
		exit grown > 256
	}' "$tmp/quiet"
}

echo "TAP version 13"
echo "1..3"
echo "# IOASID_SEED=$seed, $until s"
first=$(books)
least=0
round=0
# Others may have been at work just before.
rest
least=$(objects)
watch &
watcher=$!
while [ "$(passed)" -lt "$until" ] && [ ! -s "$tmp/bad" ]; do
	round=$((round + 1))
	run_round "$@"
	rest
	echo "$round $(books) $(objects) $(slab)" | tee -a "$tmp/quiet" | sed 's/^/# quiet /'
done
touch "$tmp/end"
wait $watcher

# result NAME COMMAND...
result()
{
	local name=$1
	shift

	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=1
	fi
}

failed=0
result "1 nothing failed, and the books were right at each look" test ! -s "$tmp/bad"
result "2 nothing grew" drift
result "3 at least one round came to its end" test -s "$tmp/quiet"
rm -rf "$tmp"
exit $failed
