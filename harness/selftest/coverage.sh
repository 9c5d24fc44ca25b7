# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What harness/coverage-report makes of a file whose tests are the arguments.

c=$work/coverage
mkdir -p "$c"

cat >"$c/toy.c" <<'EOF'
#define TWICE(x) ((x) ? ((x) > 1) : 0)
#define WARN_ON(x) ((x) ? 1 : 0)
int full(int n, int limit)
{
	volatile int odd;

	/* if this were code, it would have a branch */
	odd = TWICE(n);
	if (WARN_ON(n < 0))
		return -1;
	if (n >= limit)
		return 1;
	return 0;
}
int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		full(argv[i][0] - '5', 3);
	return 0;
}
EOF
(cd "$c" && gcc -O0 --coverage -c toy.c && gcc --coverage toy.o -o toy)

# covered ARGUMENT...: the report after a run with those; digits from 5 are sane
covered()
{
	(cd "$c" && rm -f toy.gcda && ./toy "$@")
	OUT=$c "$top/harness/coverage-report" --tree "$c" --objects "$c" \
		--reasons "$c/reasons" ${verdicts:+--verdicts "$verdicts"} toy.c ${absent:-}
}
raw_is_more() { covered 4 5 9 && grep -A 4 '"branches_raw"' "$c/report/coverage.json" | grep -q '"total": [1-9][0-9]'; }

: >"$c/reasons"
check "coverage: everything was reached" says "pass coverage  100.0 % of lines" covered 4 5 9
check "coverage: branches that the source has no condition for" says "100.0 %    4 of 4" covered 4 5 9
check "coverage: they are in the raw figure" raw_is_more
check "coverage: fewer tests reach less" refuses "% were reached; 95 % or more should be" covered 4
check "coverage: no test at all" refuses "FAIL coverage" covered
check "coverage: a line without a reason" refuses "never executed: no reason given" covered 5 9
echo 'toy.c: full(): return -1;: it cannot be.' >"$c/reasons"
check "coverage: a line with its reason" refuses "never executed: it cannot be." covered 5 9
echo 'toy.c: main(): return -1;: it cannot be.' >"$c/reasons"
check "coverage: a reason for another function" refuses "never executed: no reason given" covered 5 9
echo 'toy.c: return -2;: it is gone.' >"$c/reasons"
check "coverage: a reason for a line that is gone" says "has a line that no source has" covered 4 5 9
cp "$c/toy.c" "$c/absent.c"
absent=absent.c
check "coverage: a file that was not compiled" refuses "absent.c: was not compiled" covered 4 5 9
absent=
verdicts=$c/verdicts
mkdir -p "$verdicts"
check "coverage: no run of the tests" refuses "no run of the tests was counted" covered 4 5 9
echo '{"run": "kunit-1", "failed": 1}' >"$verdicts/kunit-1.json"
check "coverage: a run whose tests failed" refuses "kunit-1: 1 tests failed" covered 4 5 9
verdicts=
