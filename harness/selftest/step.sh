# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A step that fails: what failed is shown, also when a make with several jobs had
# others in hand and went on for long.

# fails LINES: a step that fails, and has LINES lines to say after what is wrong
fails()
{
	# shellcheck disable=SC2016
	OUT=$work/step step "a step" sh -c '
		printf "  CC a.o\n/bin/sh: zstd: not found\nmake[2]: *** [b.zst] Error 127\n"
		i=0; while [ $((i += 1)) -le '"$1"' ]; do echo "  CC $i.o"; done; exit 2'
}
said_once() { { fails 5 2>&1 || true; } | grep -c 'not found'; }

check "step: the end of its log" refuses "  |   CC 20.o" fails 20
check "step: what failed first, of a make that went on" refuses "  | /bin/sh: zstd: not found" fails 100
check "step: the end as well" refuses "  |   CC 100.o" fails 100
check "step: what is in the end is said once" says 1 said_once
