#!/usr/bin/env bash
# Every C++ file, new ones too, as clang-format would write it. `scripts/check-style.sh --fix` rewrites them.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(--dry-run --Werror)
[ "${1:-}" != --fix ] || mode=(-i)
git ls-files -z --cached --others --exclude-standard '*.cpp' '*.hpp' | xargs -0 -r clang-format-14 "${mode[@]}"
