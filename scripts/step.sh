#!/usr/bin/env bash
# Runs one step of the build and says how long it took:   scripts/step.sh NAME COMMAND...
# What it printed is shown as it comes. The seconds are kept in target/steps/NAME for the summary.
set -euo pipefail
name=$1
shift
printf '== %s: %s\n' "$name" "$*" >&2
start=$(date +%s%N)
if "$@"; then status=0; else status=$?; fi
seconds=$(awk -v from="$start" -v to="$(date +%s%N)" 'BEGIN { printf "%.1f", (to - from) / 1e9 }')
mkdir -p "$(dirname "$0")/../target/steps"
if [ "$status" = 0 ]; then
  printf '%s\n' "$seconds" >"$(dirname "$0")/../target/steps/$name"
else
  printf '== %s failed after %s s (exit code %s)\n' "$name" "$seconds" "$status" >&2
fi
exit "$status"
