# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Two machines, one of which goes wrong: the other one does not wait for ever.

# both_fail PAIR TEXT TEXT: each end for its reason, in the time that a plan has
both_fail()
{
	local said

	said=$("$top/harness/migrate" "$kernel" "$1" 2>&1) &&
		{ echo "it passed:"; echo "$said"; return 1; }
	grep -qF -- "$2" <<<"$said" && grep -qF -- "$3" <<<"$said" ||
		{ echo "wanted '$2' and '$3':"; echo "$said"; return 1; }
}

check "migrate: The other machine says nothing." both_fail silent \
	"sleep 60: exit status 137" "Alarm clock"
