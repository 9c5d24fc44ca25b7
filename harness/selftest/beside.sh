# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Parts of the test that run beside others count as all others do.

b=$work/beside

# A project with one kernel and one part, whose script says what is given.
aside()
{
	rm -rf "$b"
	mkdir -p "$b/kernels/8.8" "$b/out/base/8.8" "$b/out/report"
	cp -r "$top/harness" "$b/"
	: >"$b/kernels/8.8/base"
	printf '%s\n' 'beside kunit' alone >"$b/kernels/8.8/test"
	printf '#!/bin/sh\n' >"$b/harness/tree"
	cat >"$b/harness/kunit"
}
in_aside() { env -u RESULTS "OUT=$b/out" "$b/harness/test" 8.8; }

with_result()
{
	aside <<-EOF
	#!/bin/sh
	echo said beside the others
	printf 'KTAP version 1\n1..1\n$1 1 a\n' >"\$OUT/results"
	exec "\$(dirname "\$0")/verdict" "\$1-kunit" --results "\$OUT/results"
	EOF
}

with_result ok
check "beside: a part that passes" says "1 passed, 0 failed" in_aside
check "beside: what it says is shown" says "said beside the others" in_aside
with_result "not ok"
check "beside: a part that fails" refuses "not ok  a" in_aside
with_result ok
says "1 passed" in_aside >/dev/null
cp "$b/out/report/8.8-kunit.json" "$work/old.json"
aside <<<'#!/bin/sh'
cp "$work/old.json" "$b/out/report/8.8-kunit.json"
check "beside: a part that leaves no report, and an old one is there" refuses "0 passed, 1 failed" in_aside
with_result ok
echo 'beside nonsense kunit' >"$b/kernels/8.8/test"
cp "$work/old.json" "$b/out/report/8.8-kunit.json"
check "beside: a part that is not come to, and an old report is there" refuses "0 passed, 2 failed" in_aside
