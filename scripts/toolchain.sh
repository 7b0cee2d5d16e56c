#!/usr/bin/env bash
# Makes `cargo build --target wasm32-unknown-unknown` work and writes an environment file:
#   scripts/toolchain.sh && . .toolchain/env
#
# WASM_TOOLCHAIN=auto    the active rustc if it has the target; else Debian's packages where there is apt-get; else
#                        rustup (the default)
# WASM_TOOLCHAIN=debian  Debian's packages and crates.io only, no rustup download
# WASM_TOOLCHAIN=rustup  rustup only
#
# Debian ships the compiler and the sources of std, but not std built for wasm32: that is built once, from
# rust-web-src, into a private sysroot (about 40 s, 80 MB). Later runs find it there and take 0.1 s.
set -euo pipefail
target=wasm32-unknown-unknown
host=x86_64-unknown-linux-gnu
mode=${WASM_TOOLCHAIN:-auto}
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${TOOLCHAIN_DIR:-$root/.toolchain}"
dir=$(cd "${TOOLCHAIN_DIR:-$root/.toolchain}" && pwd)

log() { echo "toolchain: $*" >&2; }
has_target() {
  local libdir
  libdir=$("$1" --target $target --print target-libdir 2>/dev/null) && compgen -G "$libdir/libcore-*.rlib" >/dev/null
}
finish() {
  printf '%s\n' "$@" >"$dir/env.new"
  mv "$dir/env.new" "$dir/env"
  exit 0
}

if [ "$mode" = auto ] && command -v rustc >/dev/null && has_target rustc; then
  log "the active rustc has $target"
  finish "export WASM_TOOLCHAIN_KIND=active"
fi
if [ "$mode" = rustup ] || { [ "$mode" = auto ] && ! command -v apt-get >/dev/null; }; then
  rustup target add $target >&2 && has_target rustc || { log "rustup could not add $target"; exit 1; }
  finish "export WASM_TOOLCHAIN_KIND=rustup"
fi

packages=(rustc-web cargo-web rust-web-src lld-22)
if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
  sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  log "installing ${packages[*]}"
  $sudo apt-get update -qq >&2
  $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
fi
version=$(/usr/bin/rustc -vV | sed -n 's/^release: //p')
lld=/usr/lib/llvm-22/bin/lld

# Builds std for size, with `embed-bitcode`, so that the same rlibs serve builds with and without LTO, and with panics that
# stop at once.
build_std() { # INTO
  cat >"$1/Cargo.toml" <<'TOML'
[package]
name = "stdbuild"
version = "0.0.0"
edition = "2021"
[workspace]
[profile.release]
opt-level = "z"
codegen-units = 1
TOML
  mkdir -p "$1/src"
  echo '#![no_std]' >"$1/src/lib.rs"
  (cd "$1" && env -u RUSTUP_TOOLCHAIN -u CARGO_ENCODED_RUSTFLAGS PATH=/usr/bin:/bin RUSTC=/usr/bin/rustc \
    RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$1/target" RUSTFLAGS="-C embed-bitcode=yes -C debuginfo=0 -Z unstable-options -C panic=immediate-abort" \
    /usr/bin/cargo build --release --target $target -Z build-std=std,panic_abort -Z build-std-features=optimize_for_size >&2)
}

make_sysroot() { # NAME
  local into=$dir/$1 stamp="$version|v3" work=$dir/build-$1 file
  if [ "$(cat "$into/stamp" 2>/dev/null || true)" = "$stamp" ]; then return; fi
  log "building std $version for $target (once)"
  rm -rf "$into" "$work"
  mkdir -p "$work" "$into/bin" "$into/lib/rustlib/$target/lib" "$into/lib/rustlib/$host/bin"
  build_std "$work"
  for file in "$work/target/$target/release/deps/"*.rlib; do
    case $file in */libstdbuild-*) ;; *) cp "$file" "$into/lib/rustlib/$target/lib/" ;; esac
  done
  ln -s /usr/lib/rustlib/$host/lib "$into/lib/rustlib/$host/lib"
  ln -s $lld "$into/lib/rustlib/$host/bin/rust-lld"
  for file in rustc rustdoc; do
    printf '#!/bin/sh\nexec /usr/bin/%s --sysroot "%s" "$@"\n' "$file" "$into" >"$into/bin/$file"
    chmod +x "$into/bin/$file"
  done
  ln -s /usr/bin/cargo "$into/bin/cargo"
  rm -rf "$work"
  echo "$stamp" >"$into/stamp"
}

make_sysroot sysroot
finish "export WASM_TOOLCHAIN_KIND=debian" \
  "export PATH=\"$dir/sysroot/bin:\$PATH\"" \
  "export CARGO=\"$dir/sysroot/bin/cargo\"" \
  "unset RUSTUP_TOOLCHAIN RUSTC"
