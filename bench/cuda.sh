#!/usr/bin/env bash
# The training steps of `autonba bench` on a GPU, CIFAR-10's and ImageNet's. Needs a libtorch built with CUDA:
#
#   bench/cuda.sh -DTorch_DIR=/path/to/libtorch/share/cmake/Torch
set -euo pipefail
cd "$(dirname "$0")/.."

cmake -B build/cuda -G Ninja -DCMAKE_BUILD_TYPE=Release -DAUTONBA_TESTS=OFF "$@"
cmake --build build/cuda --target autonba
build/cuda/autonba bench --device cuda
build/cuda/autonba bench --device cuda --space fbnet-imagenet --batch 32 --paths 100
