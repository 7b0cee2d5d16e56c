#!/usr/bin/env bash
# Makes sure there is a Vulkan driver for the GPU tests: any that the loader finds, or Debian's software one (llvmpipe) where
# there is apt-get.
set -euo pipefail
loader() { ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1'; }
drivers() {
  compgen -G '/usr/share/vulkan/icd.d/*.json' || compgen -G '/etc/vulkan/icd.d/*.json' ||
    { [ -n "${VK_DRIVER_FILES:-${VK_ICD_FILENAMES:-}}" ] && echo "${VK_DRIVER_FILES:-$VK_ICD_FILENAMES}"; }
}
if ! loader || ! drivers >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo "no Vulkan driver: install one, e.g. Mesa's llvmpipe" >&2
    exit 1
  fi
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends libvulkan1 mesa-vulkan-drivers
fi
drivers | head -n 1
