#!/bin/bash
# Builds the PKCS#11 module kryoptic, a second and unrelated one, from its published crate, and
# prints the path of its library. Once; later calls only print.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.5.4
# No EdDSA: that needs OpenSSL 3.2.
features=hash_all,kdf_all,kryoptic-lib/dynamic,kryoptic-lib/sqlitedb,kryoptic-lib/ecdsa,kryoptic-lib/ecdh,kryoptic-lib/rsa
work=$PWD/target/kryoptic
library=$work/target/release/libkryoptic_pkcs11.so
if [ ! -f "$library" ]; then
  rm -rf "$work"
  mkdir -p "$work/fetch/src"
  printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\nkryoptic = { version = "=%s", default-features = false }\n' "$version" >"$work/fetch/Cargo.toml"
  touch "$work/fetch/src/lib.rs"
  manifest=$(cargo metadata --format-version 1 --manifest-path "$work/fetch/Cargo.toml" 2>/dev/null |
    grep -o '"manifest_path":"[^"]*/kryoptic-'$version'/Cargo.toml"' | head -n 1 | cut -d'"' -f4)
  cp -r "$(dirname "$manifest")" "$work/source"
  printf '\n[workspace]\n' >>"$work/source/Cargo.toml"
  CARGO_TARGET_DIR=$work/target cargo build --quiet --release --lib --manifest-path "$work/source/Cargo.toml" \
    --no-default-features --features "$features" >&2
fi
echo "$library"
