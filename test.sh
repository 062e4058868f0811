#!/usr/bin/env bash
# Installs what the tests talk to, and runs all of them.
#
#   ./test.sh              everything
#   ./test.sh -p CRATE …   the arguments go to `cargo test` in place of --workspace
#
# The peers are ordinary Debian packages: skopeo and docker-registry for the registry tests, zstd to unpack
# fixtures, python3 for archives made by another hand and for the validators of SBOMs (PyPI). Where they cannot be installed (no root, another
# system), the tests that need them say so and are skipped; all others run.
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '%s\n' "$*" >&2; }

if ! command -v cargo >/dev/null; then
  say "cargo is needed: install Rust by rustup (the toolchain is named in rust-toolchain.toml)"
  exit 2
fi
if ! command -v cc >/dev/null; then
  say "a C compiler is needed (zstd and the TLS library have C parts): apt-get install gcc libc6-dev"
  exit 2
fi

missing=()
command -v skopeo >/dev/null || missing+=(skopeo)
command -v docker-registry >/dev/null || missing+=(docker-registry)
command -v zstd >/dev/null || missing+=(zstd)
command -v python3 >/dev/null || missing+=(python3)
if ((${#missing[@]})); then
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1; then
      say "${missing[*]} could not be installed: the tests that talk to them will be skipped"
    fi
  else
    say "not here: ${missing[*]}; the tests that talk to them will be skipped (apt-get install ${missing[*]})"
  fi
fi

# Validators of SBOMs come with the schemas inside; they live in a folder of their own beside the build.
validators=${CARGO_TARGET_DIR:-target}/sbom-validators
if [[ ! -e $validators/done ]] && command -v python3 >/dev/null; then
  say "installing SBOM validators"
  if python3 -m venv "$validators" 2>/dev/null && "$validators/bin/pip" install -q --disable-pip-version-check \
    'cyclonedx-python-lib[json-validation,xml-validation]==11.12.0' spdx-tools==0.8.5 spdx-python-model==0.0.6 \
    >/dev/null 2>&1; then
    touch "$validators/done"
  else
    say "the SBOM validators could not be installed: documents will not be checked by the official schemas"
  fi
fi
if [[ -e $validators/done ]]; then
  PRATIQUE_VALIDATORS=$(realpath "$validators/bin")/python
  export PRATIQUE_VALIDATORS
fi

if (($#)); then
  exec cargo test --locked "$@"
fi
exec cargo test --locked --workspace
