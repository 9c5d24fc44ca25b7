# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What harness/speed-report makes of figures that are written here, and
# harness/speed-measure of programs that measure nothing.

s=$work/speed
mkdir -p "$s"

# rounds FIGURE...: a round for each pair of figures: the core's and the floor's
rounds()
{
	local round='' sep=''

	while [ $# -gt 0 ]; do
		round+="$sep{\"core/pair/1k/1\": $1, \"xarray/pair/1k/1\": $2, \"core/memory/1k/1\": 90}"
		sep=,
		shift 2
	done
	echo "{\"rounds\": [$round]}" >"$s/raw"
}

speed_report() { "$top/harness/speed-report" "$s/raw" --goals "$s/goals" --release "$s/release" "$@"; }
released() { echo "{\"ratios\": $1}" >"$s/release"; }
goal() { echo "alloc core/pair/1k/1 xarray/pair/1k/1 ${1:-1.0} ${*:2}" >"$s/goals"; }

goal
rounds 100 100 90 100 110 100
check "speed: a goal that is reached" says "core/pair/1k/1 is 1.00 times xarray/pair/1k/1" speed_report goal alloc
rounds 200 100 210 100 190 100
check "speed: a ratio that is too high" refuses_in_one_line "core/pair/1k/1 is 2.00 times xarray/pair/1k/1; 1 is the goal" speed_report goal alloc
again() { speed_report failing --release /nonexistent "$@" | grep .; }
check "speed: it is measured again with slack" says "xarray/pair/1k/1" again --slack 1.5
check "speed: not where it is too high in every round" refuses "" again
check "speed: the slack of a short run" says "2.5 in a short run" speed_report goal alloc --slack 2.5
check "speed: too high for that as well" refuses "1.5 in a short run" speed_report goal alloc --slack 1.5
goal 1.0 known "it was never meant to"
check "speed: one that is known not to be reached" says "not reached, because it was never meant to" speed_report goal alloc
check "speed: the table says why, too" says "because it was never meant to" speed_report table
goal
rounds 100 100 900 900 1000 1000
check "speed: a machine that gets slower" says "is 1.00 times" speed_report goal alloc
rounds 100 100 900 100 100 100
check "speed: one round that was disturbed" says "is 1.00 times" speed_report goal alloc
echo 'bytes core/memory/1k/1 - 80' >"$s/goals"
check "speed: memory has no slack" refuses "core/memory/1k/1 is 90.00; 80 is the goal" speed_report goal bytes --slack 2

rounds 100 100
echo 'hold core/pair/1k/1 object/find/1k/1 1.5' >"$s/goals"
check "speed: a peer that is missing" refuses_in_one_line "object was not measured at all, and object/find/1k/1 is needed" speed_report goal hold
echo 'hold core/pair/1k/1 xarray/find/1k/1 1.5 known it is slow' >"$s/goals"
check "speed: a row that is missing, of a goal that is known" refuses_in_one_line "xarray/find/1k/1 was not measured" speed_report goal hold
check "speed: a goal that there is not" refuses_in_one_line "there is no goal nothing" speed_report goal nothing
goal fast
check "speed: a goal that means nothing" refuses_in_one_line "goals:1: not NAME ROW AGAINST BOUND" speed_report goal alloc
goal; cat "$s/goals" "$s/goals" >"$s/twice"
check "speed: two goals of one name" refuses_in_one_line "twice:2: there is a goal alloc already" speed_report goal alloc --goals "$s/twice"
echo '# none' >"$s/goals"
check "speed: no goals" refuses_in_one_line "has no goals" speed_report goals
goal

released '{"core/pair/1k/1": 1.0, "core/memory/1k/1": 9}'
memory='"core/memory/1k/1": 90, "xarray/memory/1k/1": 10'
two() { echo "{\"rounds\": [{\"core/pair/1k/1\": $1, \"xarray/pair/1k/1\": 100, $memory}]}" >"$s/raw"; }
two 140
check "speed: not much slower than at the last release" says "" speed_report release
two 160
check "speed: slower than at the last release" refuses "core/pair/1k/1 is 1.60 times xarray/pair/1k/1; at the last release it was 1.00" speed_report release
released '{"core/pair/1k/2": 1.0}'
threads() { echo "{\"rounds\": [{\"core/pair/1k/2\": $1, \"xarray/pair/1k/2\": 100}]}" >"$s/raw"; }
threads 240
check "speed: two threads take turns as they like" says "" speed_report release
threads 260
check "speed: within reason" refuses "and 2.5 times that is too much" speed_report release
released '{"core/hold_listen/1M/1": 0.002}'
holds() { echo "{\"rounds\": [{\"core/hold_listen/1M/1\": $1, \"ida/hold_free_set/1M/1\": $2, \"object/pair_rand/1M/1\": 500}]}" >"$s/raw"; }
holds 1.4 20
check "speed: the host was kinder to IDA" says "" speed_report release
holds 1.6 90
check "speed: a lock that is held longer" refuses "0.0032 times object/pair_rand/1M/1; at the last release it was 0.002, and 1.5 times that is too much" speed_report release
steady_again() { speed_report failing; }
check "speed: and what it is compared with is measured again" says "object/pair_rand/1M/1" steady_again
released '{"core/pair_rand/1M/1": 0.9}'
far() { echo "{\"rounds\": [{\"core/pair_rand/1M/1\": $1, \"xarray/pair_rand/1M/1\": $2, \"object/pair_rand/1M/1\": 500}]}" >"$s/raw"; }
far 450 300
check "speed: the host's memory is farther away" says "" speed_report release
far 700 600
check "speed: an object takes longer than it did" refuses "1.40 times object/pair_rand/1M/1; at the last release it was 0.90" speed_report release
two 100
released '{"core/memory/1k/1": 9}'
check "speed: a release that lacks a row" refuses "the last release has no core/pair/1k/1" speed_report release
released '{"core/pair/1k/1": 1.0, "core/find/1k/1": 1.0, "core/memory/1k/1": 9}'
check "speed: a row of the release that was not measured" refuses "the last release has core/find/1k/1, and it was not measured" speed_report release
echo '{"ratios": {"core/pair/1k/1": "fast"}}' >"$s/release"
check "speed: a release whose ratios are no numbers" refuses_in_one_line "release is damaged" speed_report release
echo '{"ratios": {' >"$s/release"
check "speed: a release that was cut off" refuses_in_one_line "release is damaged" speed_report release
rm "$s/release"
check "speed: no release" refuses_in_one_line "release is not there" speed_report release

head -c 40 "$s/raw" >"$s/cut" && mv "$s/cut" "$s/raw"
check "speed: figures that were cut off" refuses_in_one_line "raw is damaged" speed_report goal alloc
echo '{"rounds": [{"core/pair/1k/1": null}]}' >"$s/raw"
check "speed: figures that are none" refuses_in_one_line "raw is damaged" speed_report table
echo '{"rounds": []}' >"$s/raw"
check "speed: no rounds" refuses_in_one_line "has no rounds" speed_report table
rm "$s/raw"
check "speed: no figures" refuses_in_one_line "raw is not there" speed_report table

# peer NAME LINE...: a program that does as if it measured
peer()
{
	mkdir -p "$s/programs/speed" "$s/programs/holds"
	{ echo '#!/bin/sh'; printf '%s\n' "${@:2}"; } >"$s/programs/speed/$1"
	chmod +x "$s/programs/speed/$1"
}
measured() { "$top/harness/speed-measure" "$s/programs" "$s/raw" --rounds 2 "$@" && grep -c . "$s/raw"; }
as_if='case $1 in population) echo "pair 100";; close) echo "free_set 9";; esac'
peer core "$as_if"
peer xarray "$as_if"
goal
both() { measured && speed_report goal alloc; }
check "speed: figures of two programs" says "core/pair/1k/1 is 1.00 times" both
peer core 'case $1 in population) echo "pair 50";; esac'
more() { measured --rounds 3 --again core/pair/1k/1 xarray/pair/1k/1 && speed_report goal alloc; }
check "speed: rounds are added" says "core/pair/1k/1 is 0.50 times" more
peer core 'echo it is broken >&2; exit 2'
check "speed: a program that fails" refuses "failed: it is broken" measured
peer core 'echo pair fast'
check "speed: a program that says something else" refuses "says what nobody asked for: pair fast" measured

# fetched COMMAND: what harness/peer61 leaves if the Debian root does that
fetched()
{
	rm -rf "$s/project" "$s/cache"
	mkdir -p "$s/project"
	cp -r "$top/harness" "$s/project/"
	printf '%s\n' '#!/bin/sh' "$1" >"$s/project/harness/enter"
	env -u RESULTS "OUT=$s/out" "IOASID_CACHE=$s/cache" "$s/project/harness/peer61" >/dev/null 2>&1 || return
	cat "$s"/out/peer61/*
}
check "speed: 6.1's ioasid.c cannot be had" says "the mirror has no Debian 12" fetched 'echo "error: the mirror has no Debian 12"; exit 1'
check "speed: nothing of it is kept then" refuses "" test -e "$s/cache/peer61"
# shellcheck disable=SC2016
check "speed: 6.1's ioasid.c is there" says "6.1.1" fetched 'mkdir -p "$OUT/peer61"; echo 6.1.1 >"$OUT/peer61/version"'
check "speed: it is kept" test -e "$s/cache/peer61/version"
