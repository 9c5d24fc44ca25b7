#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC3043 # all that kselftest runs on has "local"
#
# An administrator shares the PASIDs of a machine between two cgroups, in each of
# which a user-space driver runs. One hits the limit of its cgroup, is given more,
# and is killed in the end. Not a test: it shows what ioasidctl.sh and
# ioasid_cgroup prove.
#
# What happens is written as one JSON object a line: "part" first; "command" with its
# "line", its "status" and its "output"; "check" with "what" and "ok". The last line
# is the check that everything is back. Exit status: 0 if every check is ok, 1 if
# not, 4 (skip) if the machine lacks what this takes.

cgroup=/sys/fs/cgroup
debugfs=/sys/kernel/debug/ioasid
tmp=$(mktemp -d)
out=$tmp/out
bad=0

# JSON in a string: quotes and backslashes escaped, lines joined
string() { sed 's/[\\"]/\\&/g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'; }

# show COMMAND: run it, and tell
show()
{
	local status=0

	sh -c "$1" >"$out" 2>&1 || status=$?
	printf '{"event":"command","line":"%s","status":%d,"output":"%s"}\n' \
		"$(echo "$1" | string)" $status "$(string <"$out")"
	return $status
}

# check WHAT COMMAND...: is it so?
check()
{
	local what=$1 ok=true
	shift

	"$@" || ok=false
	[ $ok = true ] || bad=1
	printf '{"event":"check","what":"%s","ok":%s}\n' "$what" $ok
}

says() { grep -q -- "$1" "$out"; }
used() { sed -n 's/.* used \([0-9]*\) .*/\1/p' $debugfs/system; }
current() { sed -n 's/^ioasid //p' "$cgroup/$1/misc.current"; }
limits() { [ "$1" = "$(current "$2")" ]; }
back() { [ "$(used)" = "$before" ] && limits 0 video && limits 0 crypto; }

# driver NAME COUNT: a process NAME-driver in the cgroup NAME that holds so many
# until its input ends
driver()
{
	mkfifo "$tmp/$1.in"
	ln -s "$(command -v ioasidctl)" "$tmp/$1-driver"
	sh -c "echo \$\$ >$cgroup/$1/cgroup.procs && exec $tmp/$1-driver alloc --count $2" \
		<"$tmp/$1.in" >"$tmp/$1.out" 2>&1 &
}

# more NAME COUNT: another process of the same cgroup wants some for a moment
more()
{
	local procs=$cgroup/$1/cgroup.procs

	show "echo 0 >$procs && ioasidctl alloc --count $2 </dev/null | wc -l"
}

# wait_until COMMAND...: for ten seconds at most
wait_until()
{
	local tries=100

	until "$@" || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
}

held() { [ "$(wc -l <"$tmp/$1.out")" = "$2" ]; }

echo +misc >$cgroup/cgroup.subtree_control 2>/dev/null
if ! command -v ioasidctl >/dev/null || ! grep -q 'capacity [1-9]' $debugfs/system ||
   ! grep -q '^ioasid ' $cgroup/misc.capacity; then
	echo 'skipped: it takes ioasidctl, PASIDs, debugfs and the misc controller' >&2
	exit 4
fi

echo '{"event":"part","name":"administrator"}'
before=$(used)
mkdir $cgroup/video $cgroup/crypto
show "echo ioasid 50 >$cgroup/video/misc.max"
driver video 40
video=$!
exec 4>"$tmp/video.in"
driver crypto 80
exec 5>"$tmp/crypto.in"
wait_until held video 40
wait_until held crypto 80
show 'ioasidctl list'
check 'two drivers hold 40 and 80 PASIDs, each charged to its cgroup' \
	eval 'limits 40 video && limits 80 crypto'

more video 20
check 'no process of the cgroup video gets more than its 50' says misc.max
show "cat $cgroup/video/misc.current $cgroup/video/misc.events"
check 'the refusal is counted, and what was half allocated was returned' \
	eval 'says "ioasid.max 1" && limits 40 video'
show "echo ioasid 100 >$cgroup/video/misc.max"
more video 20
check 'with a limit of 100 the same is allowed' says '^20$'

show "ioasidctl quota pid=$video --guarantee 60 --limit 120"
show 'ioasidctl top --count 1'
check 'the bar of the video driver shows what is guaranteed' says 'video-driver .*+'

kill -9 $video
wait $video 2>/dev/null
wait_until limits 0 video
show 'ioasidctl list'
check 'the killed driver is gone, and the other has what it had' \
	eval '! says video-driver && says crypto-driver && limits 80 crypto'
exec 4>&- 5>&-
wait
wait_until back
check "the system has all PASIDs back, and the cgroups hold none" back
rmdir $cgroup/video $cgroup/crypto
rm -rf "$tmp"
exit $bad
