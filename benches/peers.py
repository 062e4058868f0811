#!/usr/bin/env python3
"""Measures cataloguing against peers on the same input in the same run.

    benches/peers.py IMAGES [NAME ...]

IMAGES holds OCI layouts (`IMAGES/NAME/`), as an image builder or `skopeo copy` leaves them. For each, prints CPU seconds
(user + system), wall seconds and peak memory, the median of RUNS runs (default 3), of

  pratique    `packages --no-cache`, built with `cargo build --release`
  warm        the same with the cache filled
  bare        decompressing and hashing every layer with the same libraries and nothing else
  syft        if it is on PATH: `syft scan oci-dir:…`
  gzip        if all layers are gzip: `gzip -dc`

CPU seconds are the figure to compare: wall time depends on what else the machine does.
"""
import json, os, shutil, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUNS = int(os.environ.get("RUNS", "3"))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))


def run(command, env=None):
    """CPU seconds, wall seconds, peak memory in MB."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        return None
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def median(command, env=None):
    runs = [run(command, env) for _ in range(RUNS)]
    if None in runs:
        return None
    return tuple(statistics.median(column) for column in zip(*runs))


def layers(layout):
    blob = lambda digest: os.path.join(layout, "blobs", *digest.split(":"))
    manifest = json.load(open(blob(json.load(open(f"{layout}/index.json"))["manifests"][0]["digest"])))
    return [(layer["mediaType"], blob(layer["digest"])) for layer in manifest.get("layers", [])]


def main():
    images, names = sys.argv[1], sys.argv[2:]
    names = names or sorted(n for n in os.listdir(images) if os.path.exists(f"{images}/{n}/index.json"))
    subprocess.run(["cargo", "build", "--release", "-p", "pratique"], cwd=ROOT, check=True)
    subprocess.run(["cargo", "build", "--release", "-p", "pratique-image", "--example", "bare"], cwd=ROOT, check=True)
    pratique, bare = f"{TARGET}/release/pratique", f"{TARGET}/release/examples/bare"
    syft = shutil.which("syft")
    print(f"{'image':<14}{'what':<10}{'cpu s':>8}{'wall s':>8}{'MB':>7}{'cpu/bare':>10}")
    for name in names:
        layout = f"{images}/{name}"
        with tempfile.TemporaryDirectory() as cache:
            packages = [pratique, "packages", "--quiet", "--cache-dir", cache, "--format", "json", f"oci:{layout}"]
            rows = [("bare", median([bare, *(path for _, path in layers(layout))]))]
            rows.append(("pratique", median([*packages, "--no-cache"])))
            run(packages)
            rows.append(("warm", median(packages)))
        if syft:
            env = os.environ | {"SYFT_CHECK_FOR_APP_UPDATE": "false"}
            rows.append(("syft", median([syft, "scan", "-q", "-o", "syft-json", f"oci-dir:{layout}"], env)))
        if all(kind.endswith("gzip") for kind, _ in layers(layout)):
            rows.append(("gzip", median(["gzip", "-dc", *(path for _, path in layers(layout))])))
        base = rows[0][1]
        for what, row in rows:
            if row is None:
                print(f"{name:<14}{what:<10}  failed")
                continue
            ratio = f"{row[0] / base[0]:.2f}" if base else ""
            print(f"{name:<14}{what:<10}{row[0]:>8.2f}{row[1]:>8.2f}{row[2]:>7.0f}{ratio:>10}", flush=True)


main()
