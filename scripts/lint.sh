#!/usr/bin/env bash
# clang-tidy over every source file of the release build (or those named). Slow: minutes for all.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -f build/release/compile_commands.json ] || { echo "lint: build first: cmake --preset release" >&2; exit 2; }
if [ $# -gt 0 ]; then files=("$@"); else mapfile -t files < <(git ls-files 'src/*.cpp'); fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-14 -quiet -p build/release
