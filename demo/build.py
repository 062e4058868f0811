#!/usr/bin/env python3
"""Makes the demo's image and advisories anew.

    build.py IMAGES OSV FEEDS

IMAGES holds OCI layouts `bullseye` and `node-app` (Debian 11 with openssl, curl, git, nginx, python3; and an
application on express 4.16.0, lodash 4.17.4, request 2.81.0). OSV is a folder in the layout of the public OSV
export, FEEDS holds `epss/*.csv.gz` and `kev/*.json`. Only the files that say what is installed are kept of the
images, and only the records that name one of those packages of the advisories. The same inputs give the same
bytes.
"""
import gzip, hashlib, io, json, os, re, sys, tarfile, zipfile

import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
KEEP = re.compile(
    r"^(etc/(os-release|debian_version)|usr/lib/os-release|var/lib/dpkg/(status|info/.*\.list)"
    r"|app/package(-lock)?\.json|app/node_modules/(.*/)?package\.json)$"
)


def layout(path):
    index = json.load(open(f"{path}/index.json"))
    manifest = json.loads(blob(path, index["manifests"][0]["digest"]))
    config = json.loads(blob(path, manifest["config"]["digest"]))
    return manifest, config


def blob(path, digest):
    return open(f"{path}/blobs/" + digest.replace(":", "/"), "rb").read()


def expand(data):
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def kept(raw):
    """The kept files of a layer as a layer of their own."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(raw)) as source, tarfile.open(fileobj=out, mode="w") as target:
        for member in sorted(source.getmembers(), key=lambda m: m.name):
            name = member.name.removeprefix("./")
            if not KEEP.match(name) or not (member.isfile() or member.issym()):
                continue
            info = tarfile.TarInfo(name)
            info.mode, info.mtime, info.type, info.linkname = 0o644, 0, member.type, member.linkname
            body = source.extractfile(member).read() if member.isfile() else b""
            info.size = len(body)
            target.addfile(info, io.BytesIO(body))
    return out.getvalue()


def image(images):
    debian, config = layout(f"{images}/bullseye")
    node, _ = layout(f"{images}/node-app")
    raw = [kept(expand(blob(f"{images}/bullseye", l["digest"]))) for l in debian["layers"]]
    raw += [kept(expand(blob(f"{images}/node-app", node["layers"][-1]["digest"])))]
    steps = [
        "debootstrap --variant=minbase bullseye",
        "RUN apt-get install -y openssl curl git nginx python3 openssh-client",
        "COPY app /app; RUN npm ci",
    ]
    blobs, layers = {}, []
    for data in raw:
        packed = gzip.compress(data, 9, mtime=0)
        layers.append(descriptor(blobs, "application/vnd.oci.image.layer.v1.tar+gzip", packed))
    config = {
        "architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z", "config": {"WorkingDir": "/app"},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest() for data in raw]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": step} for step in steps],
    }
    config = descriptor(blobs, "application/vnd.oci.image.config.v1+json", dump(config))
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": layers}
    manifest = descriptor(blobs, manifest["mediaType"], dump(manifest))
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    files = {"oci-layout": dump({"imageLayoutVersion": "1.0.0"}), "index.json": dump({"schemaVersion": 2, "manifests": [manifest]})}
    files |= {"blobs/" + digest.replace(":", "/"): data for digest, data in blobs.items()}
    with tarfile.open(f"{HERE}/image.oci.tar", "w") as target:
        for name in sorted(files):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(files[name]), 0o644
            target.addfile(info, io.BytesIO(files[name]))
    return raw


def descriptor(blobs, media_type, data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    blobs[digest] = data
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def dump(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def installed(raw):
    """Names of source and binary packages, and of npm packages."""
    debian, npm = set(), set()
    for data in raw:
        with tarfile.open(fileobj=io.BytesIO(data)) as source:
            for member in source.getmembers():
                if member.name == "var/lib/dpkg/status":
                    for line in source.extractfile(member).read().decode().splitlines():
                        if line.startswith(("Package:", "Source:")):
                            debian.add(line.split()[1])
                elif member.name.endswith("package-lock.json"):
                    for path in json.load(source.extractfile(member)).get("packages", {}):
                        npm.add(path.rpartition("node_modules/")[2])
    return debian, npm


def advisories(osv, names):
    cves = set()
    for ecosystem, wanted in names.items():
        os.makedirs(f"{HERE}/advisories/{ecosystem}", exist_ok=True)
        out = io.BytesIO()
        with zipfile.ZipFile(f"{osv}/{ecosystem}/all.zip") as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
            for member in sorted(source.namelist()):
                record = json.loads(source.read(member))
                def concerns(affected):
                    package = affected.get("package", {})
                    eco = package.get("ecosystem", "")
                    return eco in (ecosystem, "Debian:11") and package.get("name") in wanted
                affected = [a for a in record.get("affected", []) if concerns(a)]
                if not affected:
                    continue
                text = json.dumps(record | {"affected": affected}, separators=(",", ":"), ensure_ascii=False)
                cves.update(re.findall(r"CVE-\d{4}-\d{4,}", text))
                info = zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(info, text)
        open(f"{HERE}/advisories/{ecosystem}/all.zip", "wb").write(out.getvalue())
    open(f"{HERE}/advisories/ecosystems.txt", "w").write("".join(f"{name}\n" for name in sorted(names)))
    return cves


def enrich(feeds, cves):
    lines = gzip.open(f"{feeds}/epss/epss_scores-2026-01-11.csv.gz", "rt").read().splitlines(True)
    lines = lines[:2] + [line for line in lines[2:] if line.split(",")[0] in cves]
    open(f"{HERE}/advisories/epss.csv.gz", "wb").write(gzip.compress("".join(lines).encode(), 9, mtime=0))
    name = next(n for n in sorted(os.listdir(f"{feeds}/kev")) if n.endswith(".json") and "schema" not in n)
    kev = json.load(open(f"{feeds}/kev/{name}"))
    kev["vulnerabilities"] = [v for v in kev["vulnerabilities"] if v["cveID"] in cves]
    kev["count"] = len(kev["vulnerabilities"])
    open(f"{HERE}/advisories/kev.json", "w").write(json.dumps(kev, indent=1) + "\n")


def main():
    images, osv, feeds = sys.argv[1:]
    debian, npm = installed(image(images))
    enrich(feeds, advisories(osv, {"Debian": debian, "npm": npm}))


main()
