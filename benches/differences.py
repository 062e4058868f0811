#!/usr/bin/env python3
"""Compares what is found in images with what syft finds in them.

    benches/differences.py IMAGES [NAME ...]

IMAGES holds OCI layouts (`IMAGES/NAME/`). For each, prints what only one of the two reports, by type, name and version:
every line of "only syft" wants an explanation; "only pratique" shows what syft misses. Needs syft on PATH (or SYFT) and
`cargo build --release`; PRATIQUE names another binary.
"""
import collections, json, os, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
PRATIQUE = os.environ.get("PRATIQUE", f"{TARGET}/release/pratique")
SYFT = os.environ.get("SYFT", "syft")


def output(*command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def ours(layout):
    options = ["--all-packages", "--include-dev-deps", "--no-cache", "--quiet"]
    for package in output(PRATIQUE, "packages", "--format", "json", *options, f"oci:{layout}")["packages"]:
        yield (package["type"], package["name"], package["version"]), package["locations"]


def theirs(layout):
    for package in output(SYFT, "scan", "-q", "-o", "syft-json", f"oci-dir:{layout}")["artifacts"]:
        where = [location["path"].lstrip("/") for location in package["locations"]]
        yield (package["type"], package["name"], package["version"]), where


def main():
    images, names = sys.argv[1], sys.argv[2:]
    for name in names or sorted(n for n in os.listdir(images) if os.path.exists(f"{images}/{n}/index.json")):
        found = [collections.defaultdict(list), collections.defaultdict(list)]
        for side, packages in zip(found, (ours(f"{images}/{name}"), theirs(f"{images}/{name}"))):
            for key, where in packages:
                side[key] += where
        mine, other = found
        print(f"== {name}: {len(mine)} here, {len(other)} by syft, {len(mine.keys() & other.keys())} in both")
        for title, here, there in (("only syft", other, mine), ("only pratique", mine, other)):
            for key in sorted(here.keys() - there.keys()):
                print(f"{title}: {' '.join(key)} ({', '.join(here[key][:2])})")


main()
