# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The KUnit suites on UML by kernel developers' own command, for every script
# that builds or boots such a kernel. Uses $tree, the kernel tree, and $obj, where
# to build; $uml_options is what the build differs in.

uml_options=()

# The same kernel from the same input, so that the compiler cache serves.
export KBUILD_BUILD_TIMESTAMP='1970-01-01' KBUILD_BUILD_USER=ioasid KBUILD_BUILD_HOST=ioasid

# A system without PASIDs and one that has them give different answers, and UML
# has no IOMMU that would report any: boot once as each, by kernel command line.
uml_boots=("ioasid.capacity=1048576" "")

# Leaves out what judges speed, for kernels that are built to show something else.
# shellcheck disable=SC2034
uml_not_slow='kunit.filter=speed>slow'

# kunit_py VERB ARGUMENTS...
kunit_py() { (cd "$tree" && python3 tools/testing/kunit/kunit.py "$@"); }

# uml VERB ARGUMENTS...: one of those that build
uml()
{
	mkdir -p "$(dirname "$obj")"
	kunit_py "$1" --build_dir "$obj" --kunitconfig=drivers/iommu \
		--make_options "CC=ccache gcc" --make_options "HOSTCC=ccache gcc" \
		"${uml_options[@]}" "${@:2}"
}

uml_config() { uml config; }
uml_build() { uml build --jobs "${JOBS:-$(($(nproc) + 1))}"; }

# uml_boot SECONDS KERNEL RESULTS [ARGUMENT...]: leaves what the kernel said in
# RESULTS.all, its KTAP in RESULTS, and RESULTS.console for whoever looks for
# splats: from KTAP on, because UML has a WARNING of its own at boot. Status 137
# is the time limit. A kernel gone mad must not fill the disk.
uml_boot()
{
	local limit=$1 linux=$2 results=$3 rc=0
	shift 3

	mkdir -p "$(dirname "$results")"
	rm -f "$results" "$results".*
	timeout --signal=KILL "$limit" "$linux" mem=1G console=tty kunit.enable=1 \
		kunit_shutdown=halt "$@" 2>&1 </dev/null |
		head -c 64M >"$results.all" || rc=$?
	kunit_py parse --raw_output=kunit "$results.all" >"$results" || true
	sed -n '/KTAP version 1/,$p' "$results.all" >"$results.console"
	return $rc
}
