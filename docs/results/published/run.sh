#!/usr/bin/env bash
# Maps every network of docs/published.md onto the budget of its publication and prints a line for each row.
# Usage, from anywhere: docs/results/published/run.sh [OUT]        (OUT: runs/published)
#   AUTONBA=path    another program than build/release/autonba
#   ROWS="a b"      these rows only
#   TIME=60 GAP=0.05  seconds and gap at which a row ends
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
root=$(git rev-parse --show-toplevel)
autonba=${AUTONBA:-$root/build/release/autonba}
out=${1:-$root/runs/published}
mkdir -p "$out"
failed=0

# row, network, platform, bits, design space
while read -r row network platform bits space; do
  if [ -n "${ROWS:-}" ] && [[ " $ROWS " != *" $row "* ]]; then continue; fi
  if [ -f "$here/networks/$network.yaml" ]; then network=$here/networks/$network.yaml; fi
  echo "== $row" >&2
  if "$autonba" map "$network" --platform "$here/platforms/$platform.yaml" --space "$here/$space.yaml" --bits "$bits" \
      --gap "${GAP:-0.05}" --time "${TIME:-60}" --json --out "$out/$row" </dev/null >"$out/$row.json"; then
    echo "$row $(tr -d '\n' <"$out/$row.json")"
  else
    echo "$row failed" >&2
    failed=1
  fi
done <<'TABLE'
mobilenet-v2-dpu mobilenet-v2 dpu-zcu102-287 8 space-8
mobilenet-v2-wu-zu9 mobilenet-v2 wu2019-zu9 8 space-8
mobilenet-v2-wu-zu2 mobilenet-v2 wu2019-zu2 8 space-8
mobilenet-v2-bai mobilenet-v2 bai2018-arria10 16 space-16
mobilenet-v1-dpu mobilenet-v1 dpu-zcu102-287 8 space-8
resnet18-dpu resnet18 dpu-zcu102-287 8 space-8
resnet50-dpu resnet50 dpu-zcu102-287 8 space-8
resnet50-snowflake resnet50 snowflake-z7045 16 space-16
squeezenet-dpu squeezenet dpu-zcu102-287 8 space-8
vgg16-dpu vgg16 dpu-zcu102-281 8 space-8
vgg16-qiu vgg16 qiu2016-z7045 16 space-16
vgg16-ma vgg16 ma2017-arria10 16 space-16
vgg16-conv-angel-eye vgg16-conv angel-eye-z7020 8 space-8
vgg16-conv-hybriddnn vgg16-conv hybriddnn-z7020 12 space-16
alexnet-conv-chaidnn alexnet-conv chaidnn-zu9 8 space-8
edd-net-3-edd edd-net-3 edd-z7045 16 space-16
TABLE
exit "$failed"
