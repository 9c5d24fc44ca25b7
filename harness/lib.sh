# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every script of the harness needs: where things are, how to say what
# happens, how to fail in one sentence.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${OUT:-$top/out}
cache=${IOASID_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ioasid}
suite=trixie

# Not on every user's path, and all that is asked of them works for users.
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# field FILE KEY: the value of a "KEY value" line in one of the data files
field() { sed -n "s/^$2[[:space:]]\{1,\}//p" "$1" | head -n 1; }

# entries FILE: a data file without comments and empty lines
entries() { sed -e '/^#/d' -e 's/[[:space:]]*$//' -e '/^$/d' "$1"; }

# ours: the files that the series adds, as they are called in a kernel's tree
ours() { cat "$top"/series/*/files | sed -e 's/ *#.*//' -e '/^$/d'; }

# entries_of_series: its patches, in order
entries_of_series() { (cd "$top/series" && ls -d [0-9]*-*/ | tr -d /); }

# kernels: those that there is a recipe for
kernels() { (cd "$top/kernels" && for recipe in */base; do echo "${recipe%/base}"; done); }

# arch_of V: the processor of a variant
arch_of() { case $1 in arm64*) echo arm64 ;; *) echo x86 ;; esac; }

# compiler_for ARCH: what make takes from the environment to compile for it
compiler_for()
{
	case $1 in
	x86) export CC='ccache gcc' ;;
	arm64) export ARCH=arm64 LLVM=1 CC='ccache clang --target=aarch64-linux-gnu' ;;
	esac
}

# fragments K V: what its configuration is made of. What all kernels have comes
# first, then what this one has of its own; not every one of them exists.
fragments()
{
	echo "$top/kernels/common/config/base"
	echo "$top/kernels/$1/config/base"
	echo "$top/kernels/common/arch/$(arch_of "$2")"
	echo "$top/kernels/common/config/$2"
	echo "$top/kernels/$1/config/$2"
}

# known_skips K: what tells the verdict which skips of this kernel have a reason
known_skips() { printf -- '--skip=%s\n' "$top/kernels/common/skip" "$top/kernels/$1/skip"; }

# absent K: fails if kernel K can be had, else says in one sentence why not
absent()
{
	local recipe=$top/kernels/$1/base why

	why=$(field "$recipe" optional)
	[ -n "$why" ] && [ ! -e "${SYSROOT:-}/$(field "$recipe" tarball)" ] &&
		[ ! -d "$out/base/$1" ] || return
	echo "the mirror had no $(field "$recipe" package) when the Debian root was built: $why"
}

elapsed()
{
	local s=$1

	if [ "$s" -ge 60 ]; then
		printf '%d min %02d s' $((s / 60)) $((s % 60))
	else
		printf '%d s' "$s"
	fi
}

last_line() { tail -n 1 "$1" | tr -d '\r' | cut -c 1-60; }

# watch_step PID NAME LOG: a moving line on a terminal, one a minute elsewhere. A step
# that knows how far it is says so by $progress, a command.
watch_step()
{
	local start=$SECONDS beat=60 pause=0.5 last

	[ -z "${progress:-}" ] || pause=5
	while kill -0 "$1" 2>/dev/null; do
		sleep $pause
		if [ -t 2 ]; then
			last=$(${progress:-last_line "$3"})
			printf '\r\033[K  %-34s %9s  %s' "$2" \
				"$(elapsed $((SECONDS - start)))" "$last" >&2
		elif [ $((SECONDS - start)) -ge $beat ]; then
			beat=$((beat + 60))
			say "  $2 ... $(elapsed $((SECONDS - start)))${progress:+, $($progress)}"
		fi
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

# log_of NAME: where the output of that step is
log_of() { echo "$out/log/$(sed 's/[: ()]\{1,\}/-/g; s/-$//' <<<"$1").log"; }

# complaint LOG: its end, and of a make that went on with other jobs where it failed
complaint()
{
	local at

	at=$(grep -n -m 1 '^make.*\*\*\* ' "$1" | cut -d : -f 1) || true
	if [ "${at:-0}" -gt 0 ] && [ "$at" -lt $(($(wc -l <"$1") - 20)) ]; then
		sed -n "$((at > 3 ? at - 3 : 1)),${at}p; ${at}a ..." "$1"
	fi
	tail -n 20 "$1"
}

# step NAME COMMAND...: a step that takes time, its output kept in out/log
step()
{
	local name=$1 log start=$SECONDS rc=0 pid
	log=$(log_of "$1")
	shift

	mkdir -p "$out/log"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	watch_step $pid "$name" "$log"
	wait $pid || rc=$?
	if [ $rc -ne 0 ]; then
		say "  $name failed after $(elapsed $((SECONDS - start))); the end of ${log#"$top"/}:"
		complaint "$log" | sed 's/^/  | /' >&2
		return $rc
	fi
	[ $((SECONDS - start)) -lt 2 ] ||
		printf '  %-34s %9s\n' "$name" "$(elapsed $((SECONDS - start)))" >&2
}

# locked NAME COMMAND...: two callers in one checkout take turns
locked()
{
	local name=$1
	shift

	mkdir -p "$out/lock"
	LOCKS="${LOCKS:-} $name" flock "$out/lock/$name" "$@"
}

# holds NAME: did whoever called us lock it?
holds() { case " ${LOCKS:-} " in *" $1 "*) ;; *) return 1 ;; esac; }
