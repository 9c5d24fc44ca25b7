# SPDX-License-Identifier: GPL-2.0-only
# bash completion for ioasidctl

_ioasidctl_sets()
{
	ioasidctl list 2>/dev/null | while read -r id _; do
		[ "$id" = SET ] || echo "$id"
	done
}

_ioasidctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local word command='' words='' i

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--sysroot) i=$((i + 1)) ;;
		-*) ;;
		*)
			command=$word
			break ;;
		esac
	done

	case $prev in
	--sort) words='id used pid' ;;
	--limit) words=max ;;
	--guarantee | --count | --min | --max | --guest | --interval) ;;
	*)
		case $command in
		'') words='system list show quota alloc free top watch --json --pretty --sysroot --help' ;;
		list) words=--sort ;;
		show) words=$(_ioasidctl_sets) ;;
		quota) words="$(_ioasidctl_sets) --guarantee --limit" ;;
		alloc) words='--count --min --max --guest --' ;;
		free) words=all ;;
		top) words='--interval --count' ;;
		watch) words="$(_ioasidctl_sets) --count" ;;
		esac ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _ioasidctl ioasidctl
