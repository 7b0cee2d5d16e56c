#!/usr/bin/env bash
# Makes sure there is a Chromium for the tests: $CHROMIUM, /usr/bin/chromium, or Debian's package where there is apt-get.
set -euo pipefail
browser=${CHROMIUM:-/usr/bin/chromium}
if [ -x "$browser" ]; then
  "$browser" --version --no-sandbox
  exit 0
fi
if [ -n "${CHROMIUM:-}" ] || ! command -v apt-get >/dev/null; then
  echo "no Chromium at $browser: install one and set CHROMIUM to its path" >&2
  exit 1
fi
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends chromium
"$browser" --version --no-sandbox
