#!/usr/bin/env python3
"""Makes an OCI layout of one layer with very many small files: `benches/many_files.py DIR [COUNT]` (default 3,000,000).

For measuring memory: it must not grow with the number of files.
"""
import hashlib, json, os, subprocess, sys


def header(name):
    block = bytearray(512)
    block[0 : len(name)] = name
    block[100:108] = b"0000644\0"
    block[108:116] = block[116:124] = b"0000000\0"
    block[124:136] = b"00000000004\0"
    block[136:148] = b"00000000000\0"
    block[148:156] = b"        "
    block[156:157] = b"0"
    block[257:265] = b"ustar\x0000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def main():
    home, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3_000_000
    blobs = os.path.join(home, "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)
    body = b"tiny" + bytes(508)
    layer = os.path.join(blobs, "layer")
    with open(layer, "wb") as out, subprocess.Popen(["gzip", "-1"], stdin=subprocess.PIPE, stdout=out) as gzip:
        for start in range(0, count, 1000):
            files = range(start, min(start + 1000, count))
            gzip.stdin.write(b"".join(header(b"srv/%03d/%04d/%07d.txt" % (n % 997, n % 4999, n)) + body for n in files))
        gzip.stdin.write(bytes(1024))
        gzip.stdin.close()
    with open(layer, "rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    os.rename(layer, os.path.join(blobs, digest))
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": f"sha256:{digest}",
             "size": os.path.getsize(os.path.join(blobs, digest))}

    def put(media, value):
        data = json.dumps(value).encode()
        name = hashlib.sha256(data).hexdigest()
        open(os.path.join(blobs, name), "wb").write(data)
        return {"mediaType": media, "digest": f"sha256:{name}", "size": len(data)}

    config = put("application/vnd.oci.image.config.v1+json",
                 {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}})
    manifest = put("application/vnd.oci.image.manifest.v1+json",
                   {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [layer]})
    json.dump({"schemaVersion": 2, "manifests": [manifest]}, open(os.path.join(home, "index.json"), "w"))
    json.dump({"imageLayoutVersion": "1.0.0"}, open(os.path.join(home, "oci-layout"), "w"))


main()
