# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Which mirror a machine uses, from both of apt's formats.

apt=$work/apt
mirror() { env -u MIRROR -u SECURITY_MIRROR "APT_ETC=$apt" "${@:2}" "$top/harness/mirror" "$1"; }

is()
{
	local got

	got=$(mirror "${@:2}")
	[ "$got" = "$1" ] || { echo "got '$got', wanted '$1'"; return 1; }
}

mkdir -p "$apt/sources.list.d"
check "mirror: no apt configuration" refuses_in_one_line "say one: make MIRROR=" mirror main
check "mirror: from MIRROR" is http://m.example/debian main MIRROR=http://m.example/debian/

cat >"$apt/sources.list" <<'EOF'
# deb http://comment.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://third.example/debian bookworm main
deb	http://one.example/debian/ bookworm main contrib # why
deb http://one.example/debian/ bookworm-updates main
deb http://sec.example/debian-security bookworm-security main
deb https://other.example/linux/debian bookworm stable
EOF
check "mirror: one-line format" is http://one.example/debian main
check "mirror: security, one-line format" is http://sec.example/debian-security security

cat >"$apt/sources.list" <<'EOF'
EOF
cat >"$apt/sources.list.d/x.sources" <<'EOF'
Types: deb
URIs: http://off.example/debian
Suites: trixie trixie-updates
Components: main
Enabled: no

# a comment
Types: deb deb-src
URIs: http://new.example/debian
Suites:
 trixie
 trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://node.example/node
Suites: nodistro
Components: main
EOF
check "mirror: deb822 format" is http://new.example/debian main
check "mirror: security beside the main one" is http://new.example/debian-security security

printf 'http://listed.example/debian\tpriority:1\n' >"$work/mirrors.list"
cat >"$apt/sources.list.d/x.sources" <<EOF
Types: deb
URIs: mirror+file://$work/mirrors.list
Suites: trixie trixie-updates
Components: main
EOF
check "mirror: from a file of mirrors" is http://listed.example/debian main
