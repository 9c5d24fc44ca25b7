# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What a release refuses, in a checkout of its own with one kernel and no series to make.

r=$work/release

# A commit that is tested and packaged; each check then breaks one thing.
released()
{
	rm -rf "$r"
	mkdir -p "$r/harness" "$r/kernels/6.12" "$r/out/report" "$r/out/series/6.12" "$r/out/deb/6.12-a/packages"
	cp "$top/harness/lib.sh" "$top/harness/release" "$top/harness/version" "$r/harness"
	printf '#!/bin/sh\n' >"$r/harness/series"
	chmod +x "$r/harness/series"
	printf '# Changes\n\n## v2, 2026-01-31\n\nmore\n\n## v1, 2026-01-01\n\nall\n' >"$r/CHANGELOG.md"
	echo /out/ >"$r/.gitignore"
	echo 'package a' >"$r/kernels/6.12/base"
	echo patch >"$r/out/series/6.12/0001-a.patch"
	echo package >"$r/out/deb/6.12-a/packages/a.deb"
	echo passed >"$r/out/report/total.txt"
	committed
	report 0 6.12-kunit
	git -C "$r" rev-parse HEAD >"$r/out/deb/6.12-a/commit"
}

committed()
{
	git -C "$r" init -q
	git -C "$r" add -A
	git -C "$r" -c user.name=a -c user.email=a@localhost commit -qm "$RANDOM"
}

# report FAILED RUN
report()
{
	printf '{"commit": "%s", "failed": %d, "parts": [{"run": "%s"}]}\n' \
		"$(git -C "$r" rev-parse HEAD)" "$1" "$2" >"$r/out/report/total.json"
}

release() { OUT=$r/out "$r/harness/release"; }

released
check "release: what is right" says "out/release/ioasid-v2:" release
whole()
{
	(cd "$r/out/release/ioasid-v2" && sha256sum -c --quiet SHA256SUMS &&
		ls a.deb report.json report.txt ioasid-v2-linux-6.12.tar.gz >/dev/null &&
		[ "$(xargs <CHANGES.md)" = "## v2, 2026-01-31 more" ])
}
check "release: it has everything, with checksums" whole
released
sed -i 's/v2, .*/v2, not yet released/' "$r/CHANGELOG.md"
check "release: it has no date" refuses "does not say when v2 is released" release
check "release: what changed is in no commit" refuses "changes that are in no commit" release
released
sed -i 's/^## v/## /' "$r/CHANGELOG.md"
check "release: it has no number" refuses_in_one_line "is not '## vN, DATE'" release
released
rm "$r/out/report/total.json"
check "release: nothing was tested" refuses "nothing was tested" release
released
echo >>"$r/CHANGELOG.md"
committed
check "release: another commit was tested" refuses "and not this commit: make test" release
check "release: another commit was packaged" refuses "no packages of this commit" release
released
report 3 6.12-kunit
check "release: something failed" refuses "3 tests failed" release
released
report 0 6.12-soak
check "release: it was make trust, and not make test" refuses "kernel 6.12 was not tested" release
report 0 7.3-kunit
check "release: a kernel was left out" refuses "kernel 6.12 was not tested" release
nothing_written() { [ ! -e "$r/out/release" ]; }
check "release: nothing is written then" nothing_written
