#!/usr/bin/env bash
# Installs every Debian 12 package that autonba needs to build, run and test. As root, or through sudo.
# Does nothing (and needs no rights) where all of them are there already.
set -euo pipefail

packages=(
  # build
  ca-certificates cmake g++ ninja-build git
  # libraries
  libcli11-dev libfmt-dev libhwy-dev libjs-chart.js libonnx-dev libopenblas-openmp-dev libopencv-dev
  libtorch-dev libyaml-cpp-dev nlohmann-json3-dev zlib1g-dev
  # data of the quick start
  dataset-fashion-mnist
  # tests and checks
  clang-format-14 clang-tidy-14 libbenchmark-dev libgmock-dev libgtest-dev
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "setup: run this as root, or install sudo; missing: ${missing[*]}" >&2; exit 2; }
  as_root=(sudo)
fi
echo "setup: installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
