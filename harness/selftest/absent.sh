# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A kernel that the mirror no longer has: every verb says so, and no more; the
# test counts it as skipped, which is not passed.

g=$work/gone
why="the mirror had no linux-source-9.9 when the Debian root was built: it moved on"

# A project with one kernel, which is not there; each test then changes one thing.
gone()
{
	rm -rf "$g"
	mkdir -p "$g/kernels/9.9/config"
	: >"$g/kernels/9.9/config/debug"
	cp -r "$top/harness" "$g/"
	printf '%s\n' 'package linux-source-9.9' 'tarball usr/src/linux-source-9.9.tar.xz' \
		'optional it moved on' >"$g/kernels/9.9/base"
	printf '%s\n' 'boot debug' kunit prove lint >"$g/kernels/9.9/test"
	echo '*/kernel	it moved on' >"$g/kernels/9.9/skip"
}
in_gone() { env -u RESULTS "OUT=$g/out" "$g/harness/$1" "${@:2}"; }

# Other kernels of the test are not kept from running: here, one that passes.
beside()
{
	mkdir -p "$g/out/base/8.8" "$g/kernels/8.8"
	: >"$g/kernels/8.8/base"
	echo kunit >"$g/kernels/8.8/test"
	printf '#!/bin/sh\n' >"$g/harness/tree"
	cat >"$g/harness/kunit" <<-'EOF'
	#!/bin/sh
	printf 'KTAP version 1\n1..1\nok 1 a\n' >"$OUT/results"
	exec "$(dirname "$0")/verdict" "$1-kunit" --results "$OUT/results"
	EOF
}

gone
check "absent: make build" refuses_in_one_line "$why" in_gone build 9.9 debug
check "absent: make boot" refuses_in_one_line "$why" in_gone boot 9.9 debug
check "absent: make kunit" refuses_in_one_line "$why" in_gone kunit 9.9
check "absent: make lint" refuses_in_one_line "$why" in_gone lint 9.9
check "absent: make series" refuses_in_one_line "$why" in_gone series 9.9 prove
check "absent: the test counts every part as skipped" refuses "0 passed, 0 failed, 4 skipped" in_gone test 9.9
check "absent: the test says why" refuses "skipped kernel: $why" in_gone test 9.9
rm "$g/kernels/9.9/skip"
check "absent: a skip that is not known" refuses "0 passed, 4 failed, 0 skipped" in_gone test 9.9
gone
sed -i '/^optional/d' "$g/kernels/9.9/base"
check "absent: a kernel that is not optional" refuses "0 passed, 1 failed, 0 skipped" in_gone test 9.9
gone
beside
check "absent: another kernel is tested all the same" says "1 passed, 0 failed, 4 skipped" in_gone test
