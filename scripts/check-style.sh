#!/usr/bin/env bash
# Every C++ file as clang-format would write it. `scripts/check-style.sh --fix` rewrites them.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(--dry-run --Werror)
[ "${1:-}" != --fix ] || mode=(-i)
git ls-files -z '*.cpp' '*.hpp' | xargs -0 -r clang-format-14 "${mode[@]}"
