#!/usr/bin/env bash
# Installs what the tests talk to, and runs all of them.
#
#   ./test.sh              everything
#   ./test.sh -p CRATE …   the arguments go to `cargo test` in place of --workspace
#
# The peers are ordinary Debian packages: skopeo and docker-registry for the registry tests, postgresql for those of the store, zstd to unpack
# fixtures, python3 for archives made by another hand, chromium for the HTML report; and, below target/peers, the validators
# of document formats and the AWS command line from PyPI and npm. Where they cannot be installed (no root, another
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
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v chromium >/dev/null || missing+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
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

# Validators of document formats, most with the official schemas inside; each check says so where its validator is not here.
peers=$PWD/target/peers
export PRATIQUE_PEERS=$peers
# Clients of the AWS services are pinned: what they send changes with their version.
python_peers=(
  'cyclonedx-python-lib[json-validation,xml-validation]==11.12.0' spdx-tools==0.8.5 spdx-python-model==0.0.6
  'jsonschema[format]>=4,<5' 'lxml>=5,<7'
  awscli==1.46.3 boto3==1.44.5 botocore==1.44.5
)
if [[ $(cat "$peers/python/installed" 2>/dev/null) != "${python_peers[*]}" ]] && command -v python3 >/dev/null; then
  say "installing validators of documents and clients of the AWS services"
  if python3 -m venv "$peers/python" &&
    "$peers/python/bin/pip" install --quiet --disable-pip-version-check "${python_peers[@]}" >&2; then
    printf '%s\n' "${python_peers[*]}" >"$peers/python/installed"
  else
    say "validators and clients could not be installed from PyPI: documents will not be checked by their schemas"
  fi
fi
if [[ ! -d $peers/node/node_modules ]] && command -v npm >/dev/null; then
  if ! npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$peers/node" \
    '@secvisogram/csaf-validator-lib@^2.0.10' >&2; then
    say "the CSAF validator could not be installed from npm: CSAF documents will not be checked"
  fi
fi

if (($#)); then
  exec cargo test --locked "$@"
fi
exec cargo test --locked --workspace
