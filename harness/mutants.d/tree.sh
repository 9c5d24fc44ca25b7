# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For harness/mutants.d/*, which have sourced lib.sh and set $kernel: a copy of the
# kernel's tree, so that whoever else builds in this checkout has the unbroken one.

tree=$out/tree/$kernel-mutants

# The same input gives the same kernel to the bit, by which a mutant that changes
# nothing is told from one that survives.
export KBUILD_BUILD_VERSION=1

# Anew if the overlay has other files than last time; else those that differ get
# a time of now, so that what was made of a mutant is made again.
copy()
{
	local path

	if ! cmp -s "$out/tree/$kernel.files" "$tree.files"; then
		rm -rf "$tree" "$tree.files"
		cp -al "$out/tree/$kernel" "$tree"
		cp "$out/tree/$kernel.files" "$tree.files"
	fi
	while read -r path; do
		cmp -s "$out/tree/$kernel/$path" "$tree/$path" ||
			cp --remove-destination --no-preserve=mode,timestamps \
				"$out/tree/$kernel/$path" "$tree/$path"
	done <"$tree.files"
}

copied_tree()
{
	"$top/harness/tree" "$kernel"
	step "mutants: copy of the tree" locked "tree-$kernel" "$0" "$kernel" copy
}
