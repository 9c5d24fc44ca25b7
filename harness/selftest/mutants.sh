# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What harness/mutants makes of mutants good and bad, on a core of two lines.

m=$work/mutants
mkdir -p "$m/src"

cat >"$m/src/toy.c" <<'EOF'
#include <stdio.h>
int full(int n) { return n >= 3; }
int untested(int n)
{
	return n + 1;
}
int main(void)
{
	puts("KTAP version 1\n1..1");
	printf("%s 1 limit_is_exact\n", full(3) && !full(2) ? "ok" : "not ok");
	return 0;
}
EOF
cat >"$m/toy" <<EOF
#!/bin/bash
set -eu
case \$2 in
prepare) rm -rf $m/tree && cp -r $m/src $m/tree && echo $m/tree ;;
build) gcc -O2 -o "\$3" $m/tree/toy.c ;;
run)	rc=0
	timeout -s KILL "\$5" "\$3" >"\$4/1.ktap" 2>"\$4/1.console" || rc=\$?
	echo \$rc >"\$4/1.status" ;;
esac
EOF
chmod +x "$m/toy"

# toy_mutant NAME OLD NEW [LINE...]: adds one to those of the next run
toy_mutant()
{
	printf 'mutant %s\nmeans it is wrong\nold %s\nnew %s\n' "$1" "$2" "$3"
	shift 3
	[ $# -eq 0 ] || printf '%s\n' "$@"
}

# mutants NAME OLD NEW [LINE...]: a run with that one, and one that is caught
mutants()
{
	{
		printf 'file toy.c\nwhere toy\n'
		toy_mutant 'off by one' 'n >= 3' 'n > 3'
		[ $# -eq 0 ] || toy_mutant "$@"
	} >"$m/toy.mutants"
	OUT=$m SOURCES=$m/src MUTANTS_LIMIT=2 "$top/harness/mutants" 6.12 --dir "$m" ${check_only:-}
}
unchanged() { mutants 'another' 'n >= 3' 'n >= 4' && grep -q 'n >= 3' "$m/src/toy.c" "$m/tree/toy.c"; }
counted() { mutants && grep -q '"passed": 3' "$m/report/mutants.json"; }

check "mutants: one that a test catches" says "limit_is_exact" mutants
check "mutants: it and both controls are counted" counted
check "mutants: one that no test catches" refuses "SURVIVED  unseen" mutants unseen 'n + 1' 'n + 2'
check "mutants: one that is known to survive" says "1 known to survive" mutants unseen 'n + 1' 'n + 2' 'survives nobody calls it'
check "mutants: one that is known to survive, and does not" refuses "listed as one that survives, and caught by limit_is_exact" \
	mutants seen 'n >= 3' 'n >= 4' 'survives nobody calls it'
check "mutants: one that does not compile is not caught" refuses "1 caught, 0 survived, 1 bad" mutants broken 'n >= 3' 'n >='
check "mutants: one that changes nothing is not caught" refuses "changes nothing in what is built" mutants same 'n >= 3' 'n > 2'
check "mutants: one that hangs is caught" says "hang: no end after" mutants hangs 'n >= 3' '({ for (;;) asm volatile(""); 1; })'
check "mutants: one that crashes is caught" says "2 caught" mutants crashes 'n >= 3' '({ __builtin_trap(); 1; })'
check "mutants: the source stays as it was" unchanged
check_only=--check
check "mutants: all that fit" says "2 mutants fit the source" mutants another 'n + 1' 'n + 2' 'in untested'
check "mutants: a stale one" refuses "toy.mutants:7: stale: toy.c does not have its old text" mutants stale 'n >= 4' 'n'
check "mutants: one that fits twice" refuses "toy.c has its old text 2 times" mutants twice '(int n)' 'n'
check "mutants: one in a function that is gone" refuses "toy.c has no function gone()" mutants stale 'n + 1' 'n' 'in gone'
check "mutants: one in the wrong function" refuses "toy.c, untested() does not have" mutants stale 'n >= 3' 'n' 'in untested'
check "mutants: two of one name" refuses "the name is taken by toy.mutants:3" mutants 'off by one' 'n + 1' 'n'
check "mutants: a word that means nothing" refuses 'what is "olt" here?' mutants odd 'n + 1' 'n' 'olt n'
check_only=
check "mutants: stale ones stop the run before anything is built" refuses "do not fit the source" mutants stale 'n >= 4' 'n'
mutants >/dev/null 2>&1 || true
sed -i 's/n >= 3/n >= 4/' "$m/src/toy.c" "$m/toy.mutants"
broken_core() { OUT=$m SOURCES=$m/src "$top/harness/mutants" 6.12 --dir "$m"; }
check "mutants: the unbroken code fails" refuses "FAILED    control, at first" broken_core
