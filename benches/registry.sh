#!/usr/bin/env bash
# Pushes, pulls and manifests against Debian's docker-registry, on the same images in the same run.
#
#   benches/registry.sh PRATIQUE ADVISORIES LAYOUT…     (a release build, a database, OCI layouts)
#
# Needs docker-registry, skopeo, wrk and bc. The first round pushes every byte; in later ones skopeo mounts what it pushed before.
set -euo pipefail
program=$1 advisories=$2
shift 2
work=$(mktemp -d)
trap 'kill ${peer:-} ${ours:-} 2>/dev/null || true; rm -rf "$work"' EXIT
cat >"$work/config.yml" <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/peer}}
http: {addr: 127.0.0.1:5061}
CONFIG
docker-registry serve "$work/config.yml" >"$work/peer.log" 2>&1 &
peer=$!
PRATIQUE_ACCESS_KEY_ID=admin PRATIQUE_SECRET_ACCESS_KEY=secret "$program" serve --listen 127.0.0.1:5062 \
  --data "$work/ours" --db "$advisories" --log warn >"$work/ours.log" 2>&1 &
ours=$!
for _ in $(seq 100); do
  curl -sf http://127.0.0.1:5062/readyz >/dev/null && curl -sf http://127.0.0.1:5061/v2/ >/dev/null && break
  sleep 0.1
done

seconds() {
  local begun
  begun=$(date +%s.%N)
  "$@" >/dev/null
  echo "$(date +%s.%N) - $begun" | bc
}
push() { skopeo --insecure-policy copy -q --dest-tls-verify=false --dest-creds admin:secret "oci:$2" "docker://127.0.0.1:$1/$3"; }
pull() {
  rm -rf "$work/out"
  skopeo --insecure-policy copy -q --src-tls-verify=false --src-creds admin:secret "docker://127.0.0.1:$1/$2" "oci:$work/out"
}

for layout; do
  name=$(basename "$layout")
  for round in 1 2 3; do
    to=r$round/$name:1
    printf '%s round %s: push docker-registry %s s, pratique %s s; pull docker-registry %s s, pratique %s s\n' "$name" "$round" \
      "$(seconds push 5061 "$layout" "$to")" "$(seconds push 5062 "$layout" "$to")" \
      "$(seconds pull 5061 "$to")" "$(seconds pull 5062 "$to")"
  done
done
login="Authorization: Basic $(printf admin:secret | base64)"
for _ in 1 2 3; do
  for port in 5061 5062; do
    echo "manifest GET, 64 connections, port $port:"
    wrk -t2 -c64 -d8s --latency "http://127.0.0.1:$port/v2/r1/$name/manifests/1" -H "$login" \
      -H 'Accept: application/vnd.oci.image.manifest.v1+json' | grep -E '99%|Requests/sec|Non-2xx'
  done
done
for process in "docker-registry $peer" "pratique $ours"; do
  set -- $process
  echo "$1: peak memory $(awk '/VmHWM/ {print $2, $3}' "/proc/$2/status"), CPU $(ps -o time= -p "$2")"
done
