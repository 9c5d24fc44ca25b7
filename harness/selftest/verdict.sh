# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The verdict on results and consoles that are written here.

export OUT=$out/selftest
console=$work/console
results=$work/results

# shellcheck disable=SC2120
verdict() { "$top/harness/verdict" selftest --results "$results" --console "$console" --status 0 "$@"; }

# given RESULTS [CONSOLE]
given()
{
	printf '%s\n' "$1" >"$results"
	printf '%s\n' "${2:-Linux version}" >"$console"
}

good='KTAP version 1
1..2
  TAP version 13
  1..2
  ok 1 a
  ok 2 b
ok 1 program
ok 2 leak
# end of plan: 2 of 2'

given "$good"
check "verdict: complete results pass" says "3 passed   0 failed   0 skipped" verdict
check "verdict: fewer tests than expected" refuses "3 tests passed; 4 or more" verdict --expect 4
check "verdict: no results at all" refuses "no results at all" verdict --results /nonexistent
check "verdict: a killed QEMU" refuses "no end after 7 s" verdict --status 137 --limit 7
check "verdict: a QEMU that fails" refuses "QEMU ended with status 1" verdict --status 1

given "$(sed '/end of plan/d' <<<"$good")"
check "verdict: the last line is missing" refuses "last line is missing" verdict
given "$good
ok 3 later"
check "verdict: the last line is not last" refuses "last line is missing" verdict
given "$(sed 's/end of plan: 2/end of plan: 1/' <<<"$good")"
check "verdict: a command of the plan did not run" refuses "init ran 1 of 2" verdict
given "$(sed '/^1\.\.2/d' <<<"$good")"
check "verdict: no plan" refuses "plan is missing" verdict
given "$(sed '/^ok 2 leak/d' <<<"$good")"
check "verdict: fewer results than planned" refuses "planned 2 tests, 1 have" verdict
given "$(sed '/^  ok 2/d' <<<"$good")"
check "verdict: fewer results than planned inside a program" refuses "program: planned 2 tests, 1 have" verdict
given "$(sed '/^  1\.\.2/d' <<<"$good")"
check "verdict: a program without a plan" refuses "has results but no plan" verdict
given "$(sed 's/^  ok 2/  ok 3/' <<<"$good")"
check "verdict: a result with the wrong number" refuses "is number 3 and should be 2" verdict
given "$(sed 's/^  ok 2/  not ok 2/' <<<"$good")"
check "verdict: a failure inside a program that says ok" refuses "not ok  b" verdict
given "$(sed 's/^ok 1 program/not ok 1 program # exit status 139/' <<<"$good")"
check "verdict: a program that fails after its tests" refuses "program: exit status 139" verdict
given "$(sed 's/^ok 2 leak/# reason: objects\nnot ok 2 leak/' <<<"$good")"
check "verdict: the lines before a failure are shown" refuses "# reason: objects" verdict
given 'KTAP version 1
1..0
# end of plan: 0 of 0'
check "verdict: zero tests" refuses "0 tests passed; 1 or more" verdict --expect 0
given "$(sed 's/^  ok 2 b/  ok 2 b # SKIP no device/' <<<"$good")"
check "verdict: a skip that nobody listed" refuses "skipped, and" verdict
echo 'selftest/b  there is no such device' >"$work/skip"
check "verdict: a skip that is listed" says "2 passed   0 failed   1 skipped" verdict --skip "$work/skip"
echo 'other/b  there is no such device' >"$work/skip"
check "verdict: a skip that is listed for another run" refuses "skipped, and" verdict --skip "$work/skip"

while read -r line; do
	given "$good" "[    1.000000] $line"
	check "verdict: console: ${line:0:50}" refuses "splat: " verdict
done <<'EOF'
BUG: kernel NULL pointer dereference, address: 0000000000000000
BUG: KASAN: slab-use-after-free in ioasid_put+0x1b/0x40
BUG ioasid_set (Not tainted): Poison overwritten
WARNING: CPU: 1 PID: 42 at drivers/iommu/ioasid.c:1 ioasid_free+0x1/0x2
UBSAN: array-index-out-of-bounds in drivers/iommu/ioasid.c:1:2
WARNING: possible circular locking dependency detected
workqueue: work func ioasid_set_release enqueued on deprecated workqueue. Use system_{percpu|dfl}_wq instead.
WARNING: possible recursive locking detected
WARNING: suspicious RCU usage
BUG: sleeping function called from invalid context at mm/slab.h:1
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
Oops: general protection fault, probably for non-canonical address
watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [vfio:42]
INFO: task vfio:42 blocked for more than 120 seconds.
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
Kernel panic - not syncing: sysrq triggered crash
ODEBUG: free active (active state 0) object: 0000000012345678
refcount_t: underflow; use-after-free.
list_del corruption. prev->next should be ffff888100000000
DMAR: [DMA Read NO_PASID] Request device [00:04.0] fault addr 0x1000
EOF

# KCSAN: what it says of upstream's own code is counted, and no failure.
race()
{
	cat <<-EOF
	[    1.000000] ==================================================================
	[    1.000000] BUG: KCSAN: data-race in $1 / tick_nohz_tick_stopped
	[    1.000000]
	[    1.000000] write to 0xffffffff82a0c5c8 of 4 bytes by interrupt on cpu 1:
	[    1.000000]  $1+0x5f/0x90
	[    1.000000]  $2+0x12/0x34
	[    1.000000]
	[    1.000000] Reported by Kernel Concurrency Sanitizer on:
	[    1.000000] CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.0 #1
	[    1.000000] ==================================================================
	EOF
}
printf '%s\n' ioasid_put drop_work >"$work/functions"
given "$good" "$(race tick_do_update do_idle; race run_timer do_idle)"
check "verdict: races of upstream alone are counted" says "and so do not count: 2" verdict --races "$work/functions"
check "verdict: races without the names of our functions" refuses "splat: BUG: KCSAN" verdict
given "$good" "$(race tick_do_update do_idle; race ioasid_put do_idle)"
check "verdict: a race of ours" refuses "splat: BUG: KCSAN: data-race in ioasid_put" verdict --races "$work/functions"
given "$good" "$(race xas_store drop_work.isra.0)"
check "verdict: a race in what we call" refuses "splat: BUG: KCSAN: data-race in xas_store" verdict --races "$work/functions"
given "$good" "$(race tick_do_update asm_sysvec_apic_timer_interrupt | sed '/asm_/a\[    1.000000]  ioasid_put+0x1/0x2')"
check "verdict: a race in an interrupt, which came when we ran" says "and so do not count: 1" verdict --races "$work/functions"
given "$good" "$(race ktime_get_mono_fast_ns synchronize_srcu | sed '/synchronize_srcu/a\[    1.000000]  ioasid_put+0x1/0x2')"
check "verdict: a race for the clock, when we asked for the time" says "and so do not count: 1" verdict --races "$work/functions"
given "$good" "$(race tick_do_update do_idle | sed '$d')"
check "verdict: a report on a race that breaks off" refuses "splat: BUG: KCSAN" verdict --races "$work/functions"
given "$good" "$(race tick_do_update do_idle; echo 'BUG: kernel NULL pointer dereference')"
check "verdict: a splat after a race of upstream" refuses "splat: BUG: kernel NULL" verdict --races "$work/functions"

# What programs print for programs, against its schema.
echo '{ "$defs": { "small": { "type": "integer", "maximum": 7 } } }' >"$work/schema"
with_document() { given "$(sed "2i# json $1" <<<"$good")"; }
with_document 'small 7'
check "verdict: a document that is as its schema says" says "3 passed   0 failed" verdict --schema "$work/schema"
check "verdict: fewer kinds of documents than are due" refuses "1 kinds of documents were printed; 2 or more" verdict --schema "$work/schema" --documents 2
with_document 'small 8'
check "verdict: a document that is not" refuses "schema of small: 8 is greater" verdict --schema "$work/schema"
with_document 'small {'
check "verdict: a document that breaks off" refuses "schema of small: " verdict --schema "$work/schema"
with_document 'big 7'
check "verdict: a document of an unknown kind" refuses "the schema has no big" verdict --schema "$work/schema"

# The sum: a part that did not report counts as failed. How to repeat it is kept.
given "$(sed '/ok 2 b/a \  # some_test.c:40:case:IOASID_SEED=77, 5 steps\n# figure: 12 calls' <<<"$good")"
verdict >/dev/null
check "verdict: the sum of what passed" says "3 passed, 0 failed, 0 skipped" "$top/harness/verdict" --total selftest
check "verdict: a part without a report" refuses "3 passed, 1 failed, 0 skipped" "$top/harness/verdict" --total selftest absent
check "verdict: seeds are in the sum's report" says "    IOASID_SEED=77, 5 steps" cat "$OUT/report/total.txt"
check "verdict: figures are in the sum's report" says "    12 calls" cat "$OUT/report/total.txt"
no_evidence()
{
	local said

	! said=$("$top/harness/verdict" --evidence "$1" 2>&1) && [ -z "$said" ]
}
sed -i 's/"run": "selftest"/"run": "6.12-selftest"/; s/"about": ""/"about": "a boot"/' "$OUT/report/total.json"
check "verdict: what make trust counted is none" no_evidence 6.12
sed -i 's/6.12-selftest/6.12-kunit/' "$OUT/report/total.json"
check "verdict: what was counted is evidence" says "       3      0       0  kunit              a boot" "$top/harness/verdict" --evidence 6.12
check "verdict: what was counted on another kernel is none" no_evidence 7.3
sed -i 's/"commit": "[^"]*"/"commit": "0"/' "$OUT/report/total.json"
check "verdict: what was counted of another commit is none" no_evidence 6.12
unset OUT
