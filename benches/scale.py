#!/usr/bin/env python3
"""The advisory database at the size of the whole world's advisories.

Multiplies the real records of an OSV export (../shared/osv by default) to half a million, builds a database of them,
updates a thousand, looks packages up, and prints what it took as a table, with the target of each figure:

    benches/scale.py [--records 500000] [--export ../shared/osv] [--keep DIR]

Copies of a record bear other identifiers. Half of them are about the same package as the original, as new advisories are
mostly about packages that had some before; the other half about packages of their own.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def copy_of(record, number, chance):
    """The record under other names: its `number`-th copy."""

    def renamed(identifier):
        cve = re.fullmatch(r"(.*CVE-\d{4}-)(\d+)", identifier)
        if cve:
            return f"{cve[1]}{int(cve[2]) + number * 10_000_000}"
        return f"{identifier}-{number}"

    record = dict(record)
    record["id"] = renamed(record["id"])
    for field in ("aliases", "upstream", "related"):
        if field in record:
            record[field] = [renamed(identifier) for identifier in record[field] or []]
    suffix = f"-{number}" if chance.random() < 0.5 else ""
    affected = []
    for entry in record.get("affected") or []:
        entry = dict(entry)
        if suffix and entry.get("package"):
            entry["package"] = dict(entry["package"], name=entry["package"]["name"] + suffix)
        affected.append(entry)
    record["affected"] = affected
    if record.get("details"):
        # Compression must not find a text a second time word for word.
        words = record["details"].split(" ")
        for _ in range(len(words) // 8):
            place = chance.randrange(len(words))
            words[place] = words[place][::-1]
        record["details"] = " ".join(words)
    return record


def multiply(export, target, wanted):
    """Writes an export of about `wanted` records in the layout of `export`; answers the ids and times of some."""
    names = (export / "ecosystems.txt").read_text().split("\n")
    names = [name for name in names if (export / name / "all.zip").exists()]
    total = sum(len(zipfile.ZipFile(export / name / "all.zip").namelist()) for name in names)
    times = -(-wanted // total)
    chance = random.Random(1)
    count = 0
    sample = []
    for name in names:
        (target / name).mkdir(parents=True)
        listed = []
        with zipfile.ZipFile(target / name / "all.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
            source = zipfile.ZipFile(export / name / "all.zip")
            for member in source.namelist():
                text = source.read(member)
                record = json.loads(text)
                for number in range(times):
                    if count >= wanted:
                        break
                    copied = copy_of(record, number, chance) if number else record
                    identifier = copied["id"]
                    out.writestr(f"{identifier}.json", json.dumps(copied))
                    listed.append((copied["modified"], identifier))
                    count += 1
                    if chance.random() < 0.004 and not copied.get("withdrawn"):
                        sample.append((name, copied))
        listed.sort(reverse=True)
        lines = "".join(f"{modified},{identifier}\n" for modified, identifier in listed)
        (target / name / "modified_id.csv").write_text(lines)
    (target / "ecosystems.txt").write_text("\n".join(names) + "\n")
    return count, sample


def change(target, sample, changed):
    """Changes so many records of the export, as publishers do: in the record, its zip being as old as it may."""
    by_name = {}
    for name, record in sample[:changed]:
        record = dict(record, modified="2026-11-20T00:00:00Z", summary="Changed: " + (record.get("summary") or ""))
        (target / name / f"{record['id']}.json").write_text(json.dumps(record))
        by_name.setdefault(name, []).append(f"2026-11-20T00:00:00Z,{record['id']}\n")
    for name, lines in by_name.items():
        path = target / name / "modified_id.csv"
        path.write_text("".join(lines) + path.read_text())
    return min(changed, len(sample))


def run(command):
    """Wall seconds, CPU seconds, and peak memory in MB."""
    before = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(map(str, command))}: {error.decode()}")
    return time.monotonic() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def look_up(database):
    """Nanoseconds in which one package of all is looked up: `benches/lookup.rs` on that database."""
    command = ["cargo", "bench", "-q", "-p", "pratique-advisory", "--bench", "lookup", "--"]
    command += ["any package", "--output-format", "bencher"]
    environment = dict(os.environ, PRATIQUE_DB=str(database.resolve()))
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    found = re.search(r"any package .* bench: +([\d,]+) ns/iter", done.stdout)
    if not found:
        sys.exit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return int(found[1].replace(",", ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--changed", type=int, default=1000)
    parser.add_argument("--export", type=pathlib.Path, default=ROOT.parent / "shared" / "osv")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target" / "release" / "pratique")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the export and the databases here, and use them again")
    arguments = parser.parse_args()
    if not (arguments.export / "ecosystems.txt").exists():
        sys.exit(f"{arguments.export} is no OSV export: give one with --export")
    if not arguments.binary.exists():
        sys.exit(f"{arguments.binary} is not there: `cargo build --release`, or give one with --binary")
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="pratique-scale-"))
    export, old, new = folder / "export", folder / "old.pdb", folder / "new.pdb"
    state = folder / "sample.json"
    if state.exists():
        count, sample = json.loads(state.read_text())
    else:
        count, sample = multiply(arguments.export, export, arguments.records)
        state.write_text(json.dumps([count, sample]))
    rows = []

    def measured(what, command, target):
        wall, cpu, memory = run(command)
        rows.append((what, f"{wall:.2f} s", f"{cpu:.2f} s", f"{memory:.0f} MB", target))

    pratique = arguments.binary
    measured(f"build from {count} records", [pratique, "db", "import", export, "--db", old, "-q"], "180 s, 2 GB")
    shutil.copy(old, new)
    changed = change(export, sample, arguments.changed)
    measured(f"update of {changed} records", [pratique, "db", "update", "--db-source", export, "--db", new, "-q"], "5 s")
    measured("diff of the two", [pratique, "db", "diff", old, new, "-f", "json"], "milliseconds")
    measured("open, as `db status`", [pratique, "db", "status", "--db", new, "-f", "json"], "5 ms")
    status = json.loads(subprocess.check_output([pratique, "db", "status", "--db", new, "-f", "json"]))
    rows.append(("look-up of one package of all", f"{look_up(new) / 1000:.2f} µs", "", "", "2 µs"))
    widths = [max(len(str(row[column])) for row in rows) for column in range(5)]
    print(f"{'':{widths[0]}}  {'wall':>9}  {'cpu':>9}  {'memory':>9}  target")
    for what, wall, cpu, memory, target in rows:
        print(f"{what:{widths[0]}}  {wall:>9}  {cpu:>9}  {memory:>9}  {target}")
    print(f"file: {new.stat().st_size / 1e6:.0f} MB (target 300)")
    sections = status.get("sections") or {}
    if sections:
        texts = sum(length for name, length in sections.items() if name.startswith("text"))
        print(f"match index: {(sum(sections.values()) - texts) / 1e6:.0f} MB (target 120), texts {texts / 1e6:.0f} MB")
    if not arguments.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
