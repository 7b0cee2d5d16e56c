#!/usr/bin/env bash
# The reports that the dashboards of the page draw: an experiment with simulated visitors, and the health of the model.
#
#   scripts/reports.sh BINARY DATA MODEL OUT
set -euo pipefail
bin=$1 data=$2 model=$3 out=$4
events=$(mktemp --suffix=.jsonl)
trap 'rm -f "$events"' EXIT
mkdir -p "$out"
"$bin" --quiet experiment simulate --data "$data" --model "$model" --units 3000 --out "$events" >/dev/null
"$bin" --quiet --format json experiment report --events "$events" --experiment ranking >"$out/experiment.json.part"
mv "$out/experiment.json.part" "$out/experiment.json"
# That a model is to be trained again is said on the page, and no reason to stop here.
"$bin" --quiet monitor --data "$data" --model "$model" --out "$out/monitor.json" >/dev/null || [ $? -eq 3 ]
