# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What a root that cannot be built says, and a QEMU that is too old.

fake_qemu()
{
	mkdir -p "$work/qemu"
	cat >"$work/qemu/qemu-system-x86_64" <<-EOF
	#!/bin/sh
	case \$1 in
	--version) echo "QEMU emulator version $1 (Debian 1:$1)" ;;
	*) echo "  $2" ;;
	esac
	EOF
	chmod +x "$work/qemu/qemu-system-x86_64"
}
with_fake() { "$top/harness/qemu-check" env "PATH=$work/qemu:$PATH"; }

check "sysroot: the QEMU here will do" "$top/harness/qemu-check"
fake_qemu 10.0.2 pasid-bits=
check "sysroot: QEMU 10 is too old" refuses_in_one_line "QEMU 10.0.2 is too old" with_fake
fake_qemu 11.1.3 x-pasid-mode=
check "sysroot: QEMU without pasid-bits" refuses_in_one_line "no intel-iommu,pasid-bits=" with_fake
check "sysroot: no QEMU" refuses_in_one_line "does not run in the Debian root" "$top/harness/qemu-check" env PATH=/nonexistent

explain() { MIRROR=http://m.example/debian "$top/harness/sysroot" explain "$work/log"; }

# explained TEXT: what the log on standard input comes down to
explained()
{
	cat >"$work/log"
	check "sysroot: ${1%%;*}" refuses_in_one_line "$1" explain
}

explained "the mirror http://m.example/debian has no package nosuch; name a complete mirror" <<'EOF'
Reading package lists...
E: Unable to locate package nosuch
EOF
explained "has no package ccache; name a complete mirror" <<'EOF'
E: Package 'ccache' has no installation candidate
EOF
explained "the mirror has no suite trixie-backports; name one that has" <<'EOF'
Err:4 http://m.example/debian trixie-backports Release
  404  Not Found
E: The repository 'http://m.example/debian trixie-backports Release' does not have a Release file.
EOF
explained "http://m.example/debian has no suite trixie; name a mirror that has" <<'EOF'
I: Retrieving InRelease
E: Failed getting release file http://m.example/debian/dists/trixie/Release
EOF
explained "no space left in" <<'EOF'
dpkg: error: cannot copy extracted data: No space left on device
EOF
