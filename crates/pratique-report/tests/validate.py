#!/usr/bin/env python3
"""Checks documents with their published schemas.

usage: validate.py FORMAT FILE…     exit code 0: valid, 1: not, 77: what is needed for the check is not installed

CycloneDX comes with its schemas in the package cyclonedx-python-lib; SARIF, OpenVEX, GitLab and JUnit are in testdata/schemas; the
shapes of AWS are those of its own client, botocore. CSAF has a validator of its own, see validate.mjs.
"""
import csv
import io
import json
import pathlib
import sys

SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "testdata" / "schemas"


def missing(what):
    print(f"not installed: {what}")
    sys.exit(77)


def by_schema(document, name):
    try:
        import jsonschema
    except ImportError:
        missing("jsonschema (PyPI)")
    schema = json.loads((SCHEMAS / name).read_text())
    checker = jsonschema.validators.validator_for(schema)
    found = checker(schema, format_checker=checker.FORMAT_CHECKER).iter_errors(document)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]


def cyclonedx(text):
    try:
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
        wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    except Exception as error:  # its own MissingOptionalDependencyException has no common base
        missing(f"cyclonedx-python-lib[json-validation] (PyPI): {error}")
    return [str(wrong)] if wrong else []


def openvex(text):
    return by_schema(json.loads(text), "openvex-0.2.0.schema.json")


def sarif(text):
    document = json.loads(text)
    wrong = by_schema(document, "sarif-2.1.0.schema.json")
    # What GitHub code scanning asks for beyond the standard.
    for run in document["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for rule in rules:
            severity = rule["properties"].get("security-severity")
            if severity is not None and not 0 < float(severity) <= 10:
                wrong.append(f"{rule['id']}: security-severity {severity}")
            wrong += [f"{rule['id']}: no {key}" for key in ("help", "shortDescription", "fullDescription") if key not in rule]
        prints = set()
        for result in run["results"]:
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                wrong.append(f"{result['ruleId']}: ruleIndex is of another rule")
            prints.add(result["partialFingerprints"]["primaryLocationLineHash"])
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            if uri.startswith("/") or "://" in uri:
                wrong.append(f"{uri} is not relative")
        if len(prints) != len(run["results"]):
            wrong.append("fingerprints are not unique")
    return wrong


def gitlab(text):
    return by_schema(json.loads(text), "gitlab-container-scanning-15.schema.json")


def junit(text):
    try:
        from lxml import etree
    except ImportError:
        missing("lxml (PyPI)")
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / "junit-10.xsd")))
    schema.validate(etree.fromstring(text.encode()))
    return [str(error) for error in schema.error_log]


def table(text):
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    wide = [index for index, row in enumerate(rows) if len(row) != len(rows[0])]
    formulas = [cell for row in rows[1:] for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    return [f"row {index} has another width" for index in wide] + [f"a formula: {cell}" for cell in formulas]


def shape(service, name, value, path):
    """Whether a value has the shape that botocore knows: names of members, types, enumerations, lengths."""
    wrong = []
    known = service.shape_for(name) if isinstance(name, str) else name
    kind = known.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            return [f"{path}: no object"]
        for key, member in value.items():
            if key not in known.members:
                wrong.append(f"{path}.{key}: there is no such member")
            else:
                wrong += shape(service, known.members[key], member, f"{path}.{key}")
        wrong += [f"{path}.{key} is missing" for key in known.required_members if key not in value]
    elif kind == "list":
        for index, member in enumerate(value):
            wrong += shape(service, known.member, member, f"{path}[{index}]")
    elif kind == "map":
        for key, member in value.items():
            wrong += shape(service, known.value, member, f"{path}.{key}")
    elif kind == "string":
        if not isinstance(value, str):
            wrong.append(f"{path}: {value!r} is no text")
        elif known.enum and value not in known.enum:
            wrong.append(f"{path}: {value!r} is none of {known.enum}")
        elif known.name == "NonEmptyString" and not value.strip():
            wrong.append(f"{path}: empty")
    elif kind in ("double", "float", "integer", "long", "timestamp"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            wrong.append(f"{path}: {value!r} is no number")
    return wrong


def service(name):
    try:
        import botocore.loaders
        import botocore.model
    except ImportError:
        missing("botocore (PyPI)")
    return botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model(name, "service-2"))


def asff(text):
    document = json.loads(text)
    wrong = shape(service("securityhub"), "AwsSecurityFindingList", document["Findings"], "Findings")
    limits = {"Title": 256, "Description": 1024, "Id": 512}
    for finding in document["Findings"]:
        wrong += [f"{key} is too long" for key, most in limits.items() if len(finding[key]) > most]
    return wrong


def ecr(text):
    return shape(service("ecr"), "DescribeImageScanFindingsResponse", json.loads(text), "")


CHECKS = {
    "sarif": sarif,
    "cyclonedx": cyclonedx,
    "openvex": openvex,
    "gitlab": gitlab,
    "junit": junit,
    "csv": table,
    "asff": asff,
    "ecr-basic": ecr,
    "ecr-enhanced": ecr,
}

if __name__ == "__main__":
    check = CHECKS[sys.argv[1]]
    failed = False
    for file in sys.argv[2:]:
        with open(file, encoding="utf-8", newline="") as opened:
            for line in check(opened.read())[:20]:
                print(f"{file}: {line}")
                failed = True
    sys.exit(failed)
