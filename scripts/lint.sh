#!/usr/bin/env bash
# clang-tidy over every source file of the release build that does without libtorch (or those named). Slow: minutes for
# all. Files with libtorch are left out: clang cannot compile the headers of 1.13 as C++20 with Debian's libstdc++.
set -euo pipefail
cd "$(dirname "$0")/.."

commands=build/release/compile_commands.json
[ -f "$commands" ] || { echo "lint: build first: cmake --preset release" >&2; exit 2; }
without_libtorch() {
  grep '"command":' "$commands" | grep -v autonba_torch | grep -o "$PWD/src/[^ \"]*\.cpp" | sort -u
}
if [ $# -gt 0 ]; then files=("$@"); else mapfile -t files < <(without_libtorch); fi
echo "lint: ${#files[@]} files"
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-14 -quiet -p build/release
