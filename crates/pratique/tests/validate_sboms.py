"""Validates every SBOM below a folder by the schema of the format that its name names.

CycloneDX by the schemas in cyclonedx-python-lib, SPDX 2 by spdx-tools, SPDX 3 by the bindings generated from its model.
"""

import io
import sys
from pathlib import Path

from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator
from spdx_python_model import v3_0_1 as spdx3
from spdx_tools.spdx.parser.json import json_parser
from spdx_tools.spdx.parser.tagvalue import tagvalue_parser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def cyclonedx(file, encoding, version):
    schema = SchemaVersion["V" + version.replace(".", "_")]
    error = make_schemabased_validator(OutputFormat[encoding.upper()], schema).validate_str(file.read_text())
    return [] if error is None else [str(error)]


def spdx2(document):
    return [message.validation_message for message in validate_full_spdx_document(document)]


def spdx3_json(file):
    graph = spdx3.SHACLObjectSet()
    with file.open("rb") as source:
        spdx3.JSONLDDeserializer().read(source, graph)
    unresolved = graph.link()
    # Writing checks what an element must have.
    spdx3.JSONLDSerializer().write(graph, io.BytesIO())
    return [f"{name} is not in the document" for name in unresolved]


def problems(file):
    name, _, version = file.name.partition("@")
    if name in ("cyclonedx-json", "cyclonedx-xml"):
        return cyclonedx(file, name.removeprefix("cyclonedx-"), version)
    if name == "spdx-json" and version == "3.0":
        return spdx3_json(file)
    if name == "spdx-json":
        return spdx2(json_parser.parse_from_file(str(file)))
    if name == "spdx-tag-value":
        return spdx2(tagvalue_parser.parse_from_file(str(file)))
    return []


failed = False
for file in sorted(file for file in Path(sys.argv[1]).rglob("*") if file.is_file()):
    for problem in problems(file):
        failed = True
        print(f"{file.parent.name}/{file.name}: {problem[:1000]}")
sys.exit(failed)
