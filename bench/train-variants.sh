#!/usr/bin/env bash
# Trains the network of a finished run again and again with variants of its recipe, each with several seeds.
#
#   bench/train-variants.sh VARIANTS RUN OUT SEED...
#
# VARIANTS is a file with a line for each: a name, then keys of `train` as in `--set` without that prefix. For example:
#
#   bench/train-variants.sh bench/variants/fashion.txt runs/quick runs/recipes 1 2 3
#
# Prints a line for each training (name, seed, epochs, seconds, top-1), and means at the end. RUN stays as it is; what is
# in OUT is not done again. AUTONBA=path: another program than build/release/autonba.
set -euo pipefail
if [ $# -lt 4 ]; then
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
autonba=${AUTONBA:-$(dirname "$0")/../build/release/autonba}
variants=$1
run=$2
out=$3
shift 3
seeds=("$@")
mkdir -p "$out"
: >"$out/trainings"

value_of() { # KEY RUN
  sed -n "s/^ *\"$1\": \([-0-9.e]*\),\{0,1\}$/\1/p" "$2/result.json"
}

# FOLDER SEED KEY=VALUE...: trains a copy of the run, unless that is done.
train() {
  local folder=$1 seed=$2
  shift 2
  if [ -d "$folder" ]; then return; fi
  rm -rf "$folder.part"
  cp -r "$run" "$folder.part"
  local set=(--set "train.seed=$seed")
  for assignment in "$@"; do
    set+=(--set "train.$assignment")
  done
  "$autonba" train "$folder.part" "${set[@]}" --json >/dev/null 2>"$out/log" </dev/null ||
    { tail -n 1 "$out/log" >&2 && exit 1; }
  mv "$folder.part" "$folder"
}

while read -r name keys; do
  if [ -z "$name" ] || [ "$name" = "#" ]; then continue; fi
  read -ra assignments <<<"$keys"
  for seed in "${seeds[@]}"; do
    folder=$out/$name-$seed
    train "$folder" "$seed" "${assignments[@]}"
    epochs=$(sed -n '/^train:/,$s/^  epochs: //p' "$folder/config.yaml")
    echo "$name $seed $epochs $(value_of train_seconds "$folder") $(value_of top1 "$folder")" | tee -a "$out/trainings"
  done
done <"$variants"

echo
awk '{
    if (!($1 in n)) order[++count] = $1
    n[$1]++; time[$1] += $4; sum[$1] += $5; squares[$1] += $5 * $5; epochs[$1] = $3
  }
  END {
    for (i = 1; i <= count; i++) {
      v = order[i]
      mean = sum[v] / n[v]
      spread = squares[v] / n[v] - mean * mean
      deviation = n[v] > 1 && spread > 0 ? sqrt(spread * n[v] / (n[v] - 1)) : 0
      printf "%-16s %2d seeds  %3d epochs  %6.1f s  top-1 %.2f %%, deviation %.2f\n", v, n[v], epochs[v],
        time[v] / n[v], 100 * mean, 100 * deviation
    }
  }' "$out/trainings"
