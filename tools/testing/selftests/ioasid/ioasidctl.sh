#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC3043 # all that kselftest runs on has "local"
#
# What ioasidctl (tools/ioasid, on the PATH) prints, how it ends, and what it says
# when something is wrong. Every document goes to the output as "# json COMMAND ...",
# to be held against the schema by who has the means.

dir=$(dirname "$0")
# shellcheck source=/dev/null
. "$dir/../kselftest/ktap_helpers.sh"

tmp=$(mktemp -d)
out=$tmp/out
err=$tmp/err
cgroup=/sys/fs/cgroup
tracing=/sys/kernel/tracing
debugfs=/sys/kernel/debug/ioasid

# Number of the first digits behind $2 in file $1, which has it as "NAME NUMBER"
number() { sed -n "s/.*\"*$2\"*:* *\([0-9]\{1,\}\).*/\1/p" "$1" | head -n 1; }

wrong()
{
	ktap_print_msg "$*"
	ktap_print_msg "stdout: $(head -n 5 "$out")"
	ktap_print_msg "stderr: $(head -n 5 "$err")"
	return 1
}

# ends STATUS COMMAND...: it does, a failure with one sentence and nothing else
ends()
{
	local status=$1 rc=0
	shift

	"$@" >"$out" 2>"$err" </dev/null || rc=$?
	[ $rc = "$status" ] || wrong "$* ended with $rc, not $status" || return 1
	[ $rc != 0 ] || return 0
	[ "$(wc -l <"$err")" = 1 ] || wrong "$* does not say one sentence"
}

# says STATUS TEXT COMMAND...: the same, and TEXT is in what it says
says()
{
	local status=$1 text=$2
	shift 2

	ends "$status" "$@" || return 1
	grep -qF -- "$text" "$out" "$err" || wrong "$* does not say \"$text\""
}

# document NAME COMMAND...: prints JSON that goes by NAME in the schema
document()
{
	local name=$1
	shift

	ends 0 "$@" || return 1
	sed "s/^/# json $name /" "$out"
	[ "$(cut -c 1 "$out" | sort -u | wc -l)" = 1 ] ||
		wrong "$* prints more than documents"
}

# Inside, $set is a set with three PASIDs, guests 101 to 103, and a limit of 10.
# What comes of it is told by a file: the exit code is ioasidctl's.
in_a_set()
{
	local rc=0

	rm -f "$tmp/good"
	IOASID_GOOD=$tmp/good ioasidctl alloc --count 3 --guest 101 -- \
		"$0" --inside "$1" >"$tmp/inside" 2>&1 || rc=1
	[ -e "$tmp/good" ] || rc=1
	# The first three lines are those of alloc.
	sed -n '4,$p' "$tmp/inside"
	return $rc
}

# -------- without what it takes --------

# In a mount namespace of its own the node is somewhere else.
kernel_without_the_feature_is_told()
{
	local command

	for command in system list 'show 1' 'quota 1 --limit 1' alloc top 'watch 1'; do
		# shellcheck disable=SC2086 # words
		says 3 'has no IOASID sets' unshare -m sh -c \
			'mount -t tmpfs none /dev && exec "$@"' sh ioasidctl $command ||
			return 1
	done
}

tracing_that_is_not_there_is_told()
{
	says 3 'no tracepoints' unshare -m sh -c \
		'mount -t tmpfs none '$tracing/events' && exec "$@"' sh ioasidctl watch
}

# busybox has no setpriv --reuid, but what Debian starts daemons with.
as_nobody()
{
	local program

	if setpriv --reuid 65534 --clear-groups true 2>/dev/null; then
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
		return
	fi
	program=$(command -v "$1")
	shift
	start-stop-daemon -S -c nobody -x "$program" -- "$@"
}

node_of_root_is_told()
{
	says 4 'try as root' as_nobody ioasidctl list &&
		says 4 'try as root' as_nobody ioasidctl watch
}

# Somebody opened the node to all; sets of others are nobody's business even so.
missing_capability_is_told()
{
	local rc=0

	chmod 666 /dev/ioasid
	says 4 CAP_SYS_RESOURCE as_nobody ioasidctl list &&
		says 4 CAP_SYS_RESOURCE as_nobody ioasidctl show 0 &&
		says 4 CAP_SYS_RESOURCE as_nobody ioasidctl quota 0 --limit 1 &&
		says 4 CAP_SYS_RESOURCE as_nobody ioasidctl top --count 1 &&
		ends 0 as_nobody ioasidctl alloc || rc=1
	chmod 600 /dev/ioasid
	return $rc
}

# -------- sets that are there, and are not --------

all_sets_are_listed()
{
	document list ioasidctl --json list || return 1
	[ "$(grep -o '"id":' "$out" | wc -l)" = "$(wc -l <$debugfs/sets)" ] ||
		wrong "debugfs has other sets" || return 1
	ends 0 ioasidctl list || return 1
	[ $(($(wc -l <"$out") - 1)) = "$(wc -l <$debugfs/sets)" ] ||
		wrong "the table has other sets" || return 1
	[ "$(awk '{ print length($0) }' "$out" | sort -u | wc -l)" = 1 ] ||
		wrong "the columns are not aligned" || return 1
}

# falls COLUMN: the numbers in this column of the table never rise
falls()
{
	awk "NR > 2 && $1 > last { exit 1 } NR > 1 { last = $1 }" "$out"
}

inside_sets_are_sorted()
{
	# The name may have blanks; USED is the fifth from the right.
	ends 0 ioasidctl list --sort used && falls '$(NF - 4)' ||
		wrong "it does not begin with what holds most" || return 1
	ends 0 ioasidctl list && falls '-$1' || wrong "ids are not in order" || return 1
	ends 0 ioasidctl list --sort pid && falls '-$2' || wrong "PIDs are not in order"
}
sets_are_sorted() { in_a_set sets_are_sorted; }

kernel_is_set_0()
{
	says 0 kernel ioasidctl show 0 && document show ioasidctl -j show 0
}

set_that_is_not_there_is_told()
{
	says 5 'there is none' ioasidctl show 4000000000 &&
		says 5 'there is none' ioasidctl quota 4000000000 --limit 1 &&
		says 5 'has made no set' ioasidctl show pid=4000000 &&
		says 5 'there is none' ioasidctl watch 4000000000
}

# It is looked up, killed, and then asked for.
set_that_vanishes_is_told()
{
	local id pid

	mkfifo "$tmp/fifo.$$"
	ioasidctl alloc <"$tmp/fifo.$$" >"$tmp/held" &
	pid=$!
	exec 4>"$tmp/fifo.$$"
	until [ -s "$tmp/held" ]; do sleep 0.01; done
	ends 0 ioasidctl show "pid=$pid" || return 1
	id=$(number "$out" set)
	kill -9 $pid
	wait $pid
	exec 4>&-
	until ! grep -q "^set $id " $debugfs/sets; do sleep 0.01; done
	says 5 "set $id" ioasidctl show "$id" &&
		says 5 "set $id" ioasidctl quota "$id" --limit 1 &&
		says 5 'has made no set' ioasidctl show "pid=$pid"
}

inside_set_is_shown()
{
	ends 0 ioasidctl show || return 1
	[ "$(number "$out" used)" = 3 ] || wrong "not three are used" || return 1
	[ "$(grep -c '^guest' "$out")" = 3 ] || wrong "three have a guest PASID" ||
		return 1
	set=$(number "$out" set)
	document show ioasidctl -j show || return 1
	grep -q '"guest":102,' "$out" || wrong "no guest PASID 102" || return 1
	says 0 "$set" ioasidctl show "$set" &&
		says 0 '"guests":null' ioasidctl -j show "$set"
}
set_is_shown_with_its_guests() { in_a_set set_is_shown; }

name_of_a_process_gets_no_escape_to_the_terminal()
{
	local name
	name=$tmp/$(printf 'a\033[31mb\302\233\377')

	cp "$(command -v ioasidctl)" "$name"
	ends 0 "$name" alloc -- ioasidctl show || return 1
	! grep -q "$(printf '\033')" "$out" || wrong "show passes it on" || return 1
	ends 0 "$name" alloc -- ioasidctl -j list || return 1
	! LC_ALL=C grep -q "$(printf '[\200-\377]')" "$out" || wrong "JSON is not UTF-8" ||
		return 1
	ends 0 "$name" alloc -- ioasidctl list || return 1
	! grep -q "$(printf '\033')" "$out" || wrong "list passes it on" || return 1
	grep -qF 'a?[31mb' "$out" || wrong "it is not there" || return 1
	ends 0 "$name" alloc -- ioasidctl top --count 1 || return 1
	! grep -q "$(printf '\033')" "$out" || wrong "top passes it on"
}

# -------- quota --------

inside_quota_is_set()
{
	ends 0 ioasidctl show || return 1
	set=$(number "$out" set)
	says 0 'limit 10' ioasidctl quota "$set" --guarantee 5 --limit 10 &&
		document quota ioasidctl -j quota "$set" --limit max || return 1
	grep -q '"guarantee":5,"limit":null' "$out" ||
		wrong "the quota is another one" || return 1
	says 0 'guarantee 0, limit 7' ioasidctl quota "$set" --limit 7 --guarantee 0
}
quota_is_set() { in_a_set quota_is_set; }

inside_quota_that_cannot_be_is_refused()
{
	ends 0 ioasidctl show || return 1
	set=$(number "$out" set)
	ends 0 ioasidctl quota "$set" --limit 10 || return 1
	says 6 'holds 3' ioasidctl quota "$set" --limit 2 &&
		says 6 'above its limit' ioasidctl quota "$set" --guarantee 11 &&
		says 6 'left to guarantee' ioasidctl quota "$set" \
			--guarantee 4000000 --limit max &&
		says 0 'guarantee 0, limit 10' ioasidctl quota "$set" --limit 10
}
quota_that_cannot_be_is_refused() { in_a_set quota_that_cannot_be_is_refused; }

# -------- alloc, free --------

inside_pasids_come_and_go()
{
	local pasid

	document alloc ioasidctl -j alloc --guest 7 || return 1
	pasid=$(number "$out" pasid)
	says 6 'guest PASID is taken' ioasidctl alloc --guest 7 &&
		document free ioasidctl -j free "$pasid" &&
		says 5 "no PASID $pasid" ioasidctl free "$pasid" &&
		ends 0 ioasidctl free all && ends 5 ioasidctl free all &&
		ends 2 ioasidctl free 5-4 && says 0 'used       0' ioasidctl show
}
pasids_come_and_go() { in_a_set pasids_come_and_go; }

inside_all_are_allocated_or_none()
{
	ends 0 ioasidctl show || return 1
	ends 0 ioasidctl quota "$(number "$out" set)" --limit 10 || return 1
	says 6 'PASID 8 of 9: the limit' ioasidctl alloc --count 9 &&
		says 0 'used       3' ioasidctl show &&
		ends 0 ioasidctl alloc --count 7 && says 0 'used       10' ioasidctl show
}
all_are_allocated_or_none() { in_a_set all_are_allocated_or_none; }

limit_of_a_cgroup_is_told()
{
	local rc=0

	echo +misc >$cgroup/cgroup.subtree_control
	mkdir $cgroup/ioasidctl || return 1
	echo 'ioasid 2' >$cgroup/ioasidctl/misc.max
	says 6 misc.max sh -c "echo \$\$ >$cgroup/ioasidctl/cgroup.procs &&
		exec ioasidctl alloc --count 3" || rc=1
	grep -qx 'ioasid 0' $cgroup/ioasidctl/misc.current ||
		wrong "a charge was left" || rc=1
	rmdir $cgroup/ioasidctl
	return $rc
}

alloc_ends_as_its_command()
{
	ioasidctl alloc -- sh -c 'exit 42' >"$out" 2>"$err"
	[ $? = 42 ] || wrong "it ended otherwise" || return 1
	# shellcheck disable=SC2016 # of the inner shell
	ioasidctl alloc -- sh -c 'kill -9 $$' >"$out" 2>"$err"
	[ $? = 137 ] || wrong "a killed one ended otherwise" || return 1
	ends 127 ioasidctl alloc -- /no/such/command &&
		ends 126 ioasidctl alloc -- /dev/null
}

pasids_go_with_alloc()
{
	local before
	before=$(number $debugfs/system used)

	ends 0 ioasidctl alloc --count 50 -- cat $debugfs/system || return 1
	[ "$(number "$out" used)" = $((before + 50)) ] || wrong "50 were used" ||
		return 1
	[ "$(number $debugfs/system used)" = "$before" ] || wrong "some are left"
}

free_outside_of_alloc_is_told()
{
	says 2 'ioasidctl alloc' ioasidctl free 3 &&
		says 2 'IOASID_FD=0' env IOASID_FD=0 ioasidctl free 3 &&
		says 2 'IOASID_FD' env IOASID_FD=x ioasidctl free 3
}

# -------- top, watch --------

inside_top_has_a_bar_for_the_set()
{
	ends 0 ioasidctl show || return 1
	set=$(number "$out" set)
	ends 0 ioasidctl quota "$set" --limit 6 --guarantee 4 || return 1
	ends 0 ioasidctl top --count 1 || return 1
	# Half of the bar is used, a sixth guaranteed, a third free.
	grep -qE "^ *$set .* 3/6 +\[#{15}\+{5} {11}\]\$" "$out" || wrong "no such bar" ||
		return 1
	document top ioasidctl -j top --count 2 --interval 0.1 || return 1
	[ "$(wc -l <"$out")" = 2 ] || wrong "there are not two frames"
}
top_has_a_bar_for_the_set() { in_a_set top_has_a_bar_for_the_set; }

# watching FILE ARGUMENTS...: "ioasidctl watch" in the background, ready
watching()
{
	local file=$1
	shift

	# What an earlier one has said is not to be taken for this one's.
	: >"$err"
	ioasidctl --json watch "$@" >"$file" 2>"$err" &
	watch=$!
	until grep -q watching "$err"; do
		kill -0 $watch 2>/dev/null || wrong "watch ended at once" || return 1
		sleep 0.01
	done
}

watch_tells_a_life()
{
	local events

	watching "$out" --count 9 || return 1
	ioasidctl alloc --guest 9 >"$tmp/held" </dev/null
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! kill -0 $watch 2>/dev/null || sleep 1
	done
	! kill -9 $watch 2>/dev/null || wrong "not all was told" || return 1
	wait $watch || wrong "it failed" || return 1
	sed 's/^/# json watch /' "$out"
	events=$(sed 's/.*"event":"\([a-z_]*\)".*/\1/' "$out" | xargs)
	# The call holds it until it has told its number.
	[ "$events" = 'set_add alloc get bind put set_free unbind free reclaim' ] ||
		wrong "the events are $events" || return 1
	[ "$(grep -c "\"pasid\":$(cut -d ' ' -f 1 "$tmp/held")," "$out")" = 7 ] ||
		wrong "seven are of this PASID"
}

watch_tells_what_was_refused_and_why()
{
	watching "$out" || return 1
	ioasidctl alloc --count 100 --max 50 >"$tmp/held" 2>&1 </dev/null
	# At once: what was before the end is told, however late it is read.
	kill $watch
	wait $watch || wrong "it failed" || return 1
	grep -q '"event":"alloc".*"pasid":null.*"error":"ENOSPC"' "$out" ||
		wrong "no refusal"
}

# Two at a time, for longer than it takes to look for what has come
watch_tells_all_in_order()
{
	local rounds=8 at_once=2 count=60 n

	watching "$out" || return 1
	for _ in $(seq $rounds); do
		for _ in $(seq $at_once); do
			ioasidctl alloc --count $count >/dev/null </dev/null &
			set -- "$@" $!
		done
		wait "$@" || wrong "alloc failed" || return 1
		set --
	done
	kill $watch
	wait $watch || wrong "it failed" || return 1
	[ "$(wc -l <"$err")" = 1 ] || wrong "it has lost events" || return 1
	for n in alloc free; do
		[ "$(grep -c "\"event\":\"$n\"" "$out")" = $((rounds * at_once * count)) ] ||
			wrong "not each $n was told" || return 1
	done
	sed 's/.*"time":\([0-9.]*\).*/\1/' "$out" >"$tmp/times"
	sort -c -n "$tmp/times" || wrong "their times are in no order"
}

watch_takes_its_traces_along()
{
	watching "$out" || return 1
	[ -d $tracing/instances/ioasidctl-$watch ] || wrong "no instance" || return 1
	kill -9 $watch
	wait $watch
	[ -d $tracing/instances/ioasidctl-$watch ] || wrong "no stale instance" || return 1
	watching "$out" || return 1
	kill $watch
	wait $watch || wrong "it failed" || return 1
	[ -z "$(ls $tracing/instances)" ] || wrong "$(ls $tracing/instances) is left"
}

# -------- system --------

system_is_what_debugfs_says()
{
	document system ioasidctl -j system || return 1
	for name in capacity shared_min used reserved free; do
		[ "$(number "$out" $name)" = "$(number $debugfs/system $name)" ] ||
			wrong "$name is another one" || return 1
	done
	says 0 capacity ioasidctl system
}

# What $IOASID_FINDING says that it has
this_system_is_explained()
{
	document system ioasidctl -j system || return 1
	grep -q "\"code\":\"$IOASID_FINDING\"" "$out" ||
		wrong "it does not find $IOASID_FINDING" || return 1
	ends 0 ioasidctl system && ktap_print_msg "$(cat "$out")"
}

# another CAPACITY ECAP CMDLINE CPU-FLAG: a copy of another system's /sys and /proc
another()
{
	root=$tmp/another
	rm -rf "$root"
	mkdir -p "$root/sys/kernel/debug/ioasid" "$root/sys/class/iommu" \
		"$root/sys/bus/pci/devices" "$root/sys/module/ioasid/parameters" \
		"$root/proc"
	echo "capacity $1 shared_min 1 used 0 reserved 0 free 0" \
		>"$root/sys/kernel/debug/ioasid/system"
	echo 0 >"$root/sys/module/ioasid/parameters/capacity"
	if [ -n "$2" ]; then
		mkdir -p "$root/sys/class/iommu/dmar0/intel-iommu"
		echo "$2" >"$root/sys/class/iommu/dmar0/intel-iommu/ecap"
	fi
	echo "quiet $3" >"$root/proc/cmdline"
	echo "flags : fpu $4" >"$root/proc/cpuinfo"
}

# device NAME CAPABILITY...: configuration space with these at 0x100 and on
device()
{
	local dir=$root/sys/bus/pci/devices/$1
	shift

	mkdir -p "$dir"
	{ head -c 256 /dev/zero; printf "$@"; head -c 3900 /dev/zero; } |
		head -c 4096 >"$dir/config"
}

# finds CODE TEXT: in the system that another() made
finds()
{
	document system ioasidctl --json --sysroot "$root" system || return 1
	grep -q "\"code\":\"$1\"" "$out" || wrong "it does not find $1" || return 1
	says 0 "$2" ioasidctl --sysroot "$root" system
}

# Of the extended capabilities: scalable mode, bit 43; PASIDs, 40; their width, 35 to 39
absence_is_explained()
{
	another 0 '' ''
	finds no-iommu 'firmware' || return 1
	another 0 '' '' hypervisor
	finds no-iommu 'pasid-bits=20' || return 1
	another 0 '' 'intel_iommu=on,off'
	finds iommu-off 'intel_iommu=off' || return 1
	another 0 '' 'iommu=off'
	finds iommu-off ' iommu=off' || return 1
	another 0 '' 'xiommu=off'
	finds no-iommu 'No IOMMU' || return 1
	another 0 f00f5a 'intel_iommu=on' hypervisor
	finds no-scalable-mode 'QEMU 11' || return 1
	another 0 80000000000 'intel_iommu=on,sm_on' hypervisor
	finds no-pasid-width 'QEMU 11' || return 1
	another 0 99800000000 'intel_iommu=on,sm_off'
	finds scalable-mode-off 'Take sm_off' || return 1
	another 0 99800000000 ''
	finds scalable-mode-off 'Boot with intel_iommu=on,sm_on' || return 1
	another 0 '' ''
	mkdir -p "$root/sys/class/iommu/ivhd0/amd-iommu" "$root/sys/class/iommu/smmu3.0"
	echo 0:0 >"$root/sys/class/iommu/ivhd0/amd-iommu/features"
	finds no-pasid-width 'ivhd0 reports no PASIDs' || return 1
	finds not-reported 'smmu3.0' || return 1
	echo f00000010:0 >"$root/sys/class/iommu/ivhd0/amd-iommu/features"
	finds not-installed 'ivhd0 can do 16 bits'
}

smallness_is_explained()
{
	another 256 93800000000 '' hypervisor
	finds narrow-iommu 'dmar0 can do 8 of the 20 bits' || return 1
	another 65535 '' ''
	mkdir -p "$root/sys/class/iommu/ivhd0/amd-iommu"
	echo f00000010:0 >"$root/sys/class/iommu/ivhd0/amd-iommu/features"
	finds narrow-iommu 'ivhd0 can do 16 of the 20 bits' || return 1
	another 1048576 99800000000 ''
	echo 1048576 >"$root/sys/module/ioasid/parameters/capacity"
	ends 0 ioasidctl --sysroot "$root" system || return 1
	! grep -q caps "$out" || wrong "nothing is capped" || return 1
	another 4096 99800000000 ''
	echo 4096 >"$root/sys/module/ioasid/parameters/capacity"
	finds boot-cap 'ioasid.capacity=4096' || return 1
	! grep -q narrow-iommu "$out" || wrong "the IOMMU is not narrow"
}

devices_are_explained()
{
	another 1048576 99800000000 ''
	device 0000:00:02.0 '\001\000\001\000'
	finds no-device 'None of 1 PCI functions' || return 1
	# ATS first, next at 0x110; then PASID of 20 bits, or of 8
	device 0000:00:03.0 '\017\000\001\021\0\0\0\0\0\0\0\0\0\0\0\0\033\000\001\000\000\024'
	ends 0 ioasidctl --sysroot "$root" system || return 1
	grep -q 'device     0000:00:03.0 (no driver) 20 bits' "$out" ||
		wrong "the device is not there" || return 1
	! grep -q 'None of' "$out" || wrong "there is one" || return 1
	device 0000:00:04.0 '\033\000\001\000\000\010'
	finds narrow-device '0000:00:04.0 can do 8 bits: no PASID above 255' || return 1
	# A list of capabilities that never ends
	device 0000:00:05.0 '\017\000\001\020\0\0\0\0'
	ends 0 timeout 5 ioasidctl --sysroot "$root" system || return 1
	head -c 64 /dev/zero >"$root/sys/bus/pci/devices/0000:00:05.0/config"
	finds not-allowed 'Try as root'
}

system_that_is_none_is_told()
{
	mkdir -p "$tmp/empty"
	says 3 'has no IOASID sets' ioasidctl --sysroot "$tmp/empty" system || return 1
	another 0 '' ''
	echo rubbish >"$root/sys/kernel/debug/ioasid/system"
	says 1 'makes no sense' ioasidctl --sysroot "$root" system
}

# -------- the command line --------

command_line_without_sense_is_told()
{
	local line

	for line in 'frob' 'list x' 'list --sort x' 'list --frob' 'show' 'show x' \
		'show -1' 'show 1 2' 'show pid=0' 'quota' 'quota 1' 'quota --limit 3' \
		'quota 1 --limit' 'quota 1 --limit 4294967296' 'quota 1 --limit 3x' \
		'quota 1 2 --limit 3' 'alloc --count 1048577' 'alloc --min 9 --max 8' \
		'alloc --guest 1048575 --count 2' 'free' 'top --interval 0' \
		'top --interval x' 'top --count 0' 'watch --count 0' 'system x'; do
		# shellcheck disable=SC2086 # words
		ends 2 ioasidctl $line || return 1
	done
	ends 2 ioasidctl show ' 1' && ends 2 ioasidctl show +1 || return 1
	ioasidctl >"$out" 2>"$err"
	[ $? = 2 ] || wrong "no command is no sense either" || return 1
	says 0 'usage:' ioasidctl --help
}

output_that_cannot_be_written_is_told()
{
	says 1 'cannot write' sh -c 'exec ioasidctl list >/dev/full' &&
		says 1 'cannot write' sh -c 'exec ioasidctl -j system >/dev/full'
}

if [ "${1:-}" = --inside ]; then
	"inside_$2" && : >"$IOASID_GOOD"
	exit
fi

ktap_print_header
if ! command -v ioasidctl >/dev/null; then
	ktap_skip_all 'no ioasidctl on the PATH; make -C tools/ioasid install'
	exit "$KSFT_SKIP"
fi
if [ -n "${IOASID_FINDING:-}" ]; then
	ktap_set_plan 1
	ktap_test_result this_system_is_explained this_system_is_explained
	rm -rf "$tmp"
	ktap_finished
fi
if ! grep -q 'capacity [1-9]' $debugfs/system 2>/dev/null; then
	ktap_skip_all 'the system has no PASIDs, or no debugfs'
	exit "$KSFT_SKIP"
fi

tests='kernel_without_the_feature_is_told tracing_that_is_not_there_is_told
node_of_root_is_told missing_capability_is_told all_sets_are_listed sets_are_sorted
kernel_is_set_0
set_that_is_not_there_is_told set_that_vanishes_is_told set_is_shown_with_its_guests
name_of_a_process_gets_no_escape_to_the_terminal quota_is_set
quota_that_cannot_be_is_refused pasids_come_and_go all_are_allocated_or_none
limit_of_a_cgroup_is_told alloc_ends_as_its_command pasids_go_with_alloc
free_outside_of_alloc_is_told top_has_a_bar_for_the_set watch_tells_a_life
watch_tells_what_was_refused_and_why watch_tells_all_in_order
watch_takes_its_traces_along
system_is_what_debugfs_says absence_is_explained smallness_is_explained
devices_are_explained system_that_is_none_is_told command_line_without_sense_is_told
output_that_cannot_be_written_is_told'

# shellcheck disable=SC2086 # words
set -- $tests
ktap_set_plan $#
for test; do
	ktap_test_result "$test" "$test"
done
rm -rf "$tmp"
ktap_finished
