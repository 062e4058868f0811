"""Calls every operation of ECR that `pratique serve` has, with boto3 and with the aws command line.

Things that are read are read by both, and have to be the same. Of things that are changed, the first of each kind is changed
by the command line. Answers are held against the models of botocore.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

ENDPOINT, AWS, IMAGE = os.environ["AWS_ENDPOINT_URL"], sys.argv[1], sys.argv[2]
ACCOUNT, HOST = "123456789012", ENDPOINT.removeprefix("http://")
ARN = f"arn:aws:ecr:eu-central-1:{ACCOUNT}:repository/"
NOT_BUILT = {
    "PutSigningConfiguration", "GetSigningConfiguration", "DeleteSigningConfiguration", "DescribeImageSigningStatus",
    "StartReplicationBackfill", "StopReplicationBackfill", "ListReplicationBackfills",
    "DescribeReplicationBackfillResults",
}  # fmt: skip
config = Config(retries={"total_max_attempts": 1}, region_name="eu-central-1")
ecr = boto3.client("ecr", config=config)
called = set()


def method(operation):
    return next(name for name, of in ecr.meta.method_to_api_mapping.items() if of == operation)


def by_boto3(operation, client=None, **arguments):
    response = getattr(client or ecr, method(operation))(**arguments)
    assert response.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    shape = ecr.meta.service_model.operation_model(operation).output_shape
    report = ParamValidator().validate(response, shape)
    # Bounds of lists are those of requests; services answer empty ones.
    wrong = [line for line in report.generate_report().splitlines() if not line.startswith("Invalid length")]
    assert not wrong, wrong
    unknown = set(response) - set(shape.members)
    assert not unknown, unknown
    return response


def by_command_line(operation, **arguments):
    command = [AWS, "ecr", method(operation).replace("_", "-"), "--no-paginate", "--output", "json"]
    if operation == "UploadLayerPart":
        blob = os.path.join(os.environ["HOME"], "part")
        with open(blob, "wb") as to:
            to.write(arguments.pop("layerPartBlob"))
        command += ["--layer-part-blob", f"fileb://{blob}"]
        flags = {"repositoryName": "--repository-name", "uploadId": "--upload-id"}
        flags |= {"partFirstByte": "--part-first-byte", "partLastByte": "--part-last-byte"}
        for name, value in arguments.items():
            command += [flags[name], str(value)]
    elif arguments:
        command += ["--cli-input-json", json.dumps(arguments)]
    if "--no-paginate" in command and not ecr.can_paginate(method(operation)):
        command.remove("--no-paginate")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else {}


def plain(value):
    """Without the ways in which times are shown."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return "time" if not isinstance(value, (str, int, float, bool, type(None))) else value


def same(one, other):
    if one == "time":
        return True
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def call(operation, **arguments):
    is_reading = re.match("(Describe|List|BatchGet|BatchCheck|Get(?!AuthorizationToken|DownloadUrl))", operation)
    first = operation not in called
    called.add(operation)
    if is_reading:
        response = by_boto3(operation, **arguments)
        if first:
            shown = by_command_line(operation, **arguments)
            assert same(plain(response), shown), (operation, response, shown)
        return response
    return by_command_line(operation, **arguments) if first else by_boto3(operation, **arguments)


def refused(operation, code, text="", client=None, **arguments):
    try:
        by_boto3(operation, client, **arguments)
    except ClientError as error:
        response = error.response
        assert response["Error"]["Code"] == code, response
        assert text in response["Error"]["Message"], response
        return response
    raise AssertionError(f"{operation}: {code} expected")


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def push_layer(repository, content):
    """As a client does that has no docker: in parts."""
    upload = call("InitiateLayerUpload", repositoryName=repository)
    assert re.fullmatch("[0-9a-f-]{36}", upload["uploadId"])
    name = {"repositoryName": repository, "uploadId": upload["uploadId"]}
    middle = len(content) // 2
    at = 0
    for part in filter(None, (content[:middle], content[middle:])):
        last = at + len(part) - 1
        sent = call("UploadLayerPart", partFirstByte=at, partLastByte=last, layerPartBlob=part, **name)
        assert sent["lastByteReceived"] == last, sent
        at = last + 1
    wrong = refused(
        "UploadLayerPart", "InvalidLayerPartException", partFirstByte=at + 7, partLastByte=at + 7, layerPartBlob=b"x", **name
    )
    assert wrong["lastValidByteReceived"] == at - 1, wrong
    done = call("CompleteLayerUpload", layerDigests=[digest_of(content)], **name)
    assert done["layerDigest"] == digest_of(content)


def push(repository, blobs, manifest, **name):
    for part in [manifest["config"], *manifest["layers"]]:
        there = call("BatchCheckLayerAvailability", repositoryName=repository, layerDigests=[part["digest"]])
        if there["layers"][0]["layerAvailability"] != "AVAILABLE":
            push_layer(repository, blobs[part["digest"]])
    text = json.dumps(manifest)
    image = call("PutImage", repositoryName=repository, imageManifest=text, **name)["image"]
    assert image["imageId"]["imageDigest"] == digest_of(text.encode()), image
    assert image["imageManifest"] == text
    return image["imageId"]["imageDigest"]


# The image, out of its layout.
blobs = {}
with tarfile.open(IMAGE) as layout:
    files = {entry.name.removeprefix("./"): entry for entry in layout if entry.isfile()}
    for name, entry in files.items():
        if name.startswith("blobs/sha256/"):
            blobs["sha256:" + name.split("/")[-1]] = layout.extractfile(entry).read()
    index = json.loads(layout.extractfile(files["index.json"]).read())
manifest = json.loads(blobs[index["manifests"][0]["digest"]])
if "manifests" in manifest:
    manifest = json.loads(blobs[manifest["manifests"][0]["digest"]])

# Who may push: a token for docker.
token = call("GetAuthorizationToken")["authorizationData"][0]
assert token["proxyEndpoint"] == ENDPOINT, token
request = urllib.request.Request(f"{ENDPOINT}/v2/", headers={"Authorization": "Basic " + token["authorizationToken"]})
assert urllib.request.urlopen(request).status == 200
assert base64.b64decode(token["authorizationToken"]).startswith(b"AWS:")
assert len(by_boto3("GetAuthorizationToken", registryIds=[ACCOUNT])["authorizationData"]) == 1

# Repositories.
tags = [{"Key": "team", "Value": "a b"}]
made = call("CreateRepository", repositoryName="team/app", tags=tags)["repository"]
assert made["repositoryUri"] == f"{HOST}/team/app" and made["repositoryArn"] == ARN + "team/app", made
assert made["encryptionConfiguration"] == {"encryptionType": "AES256"}, made
assert made["imageScanningConfiguration"] == {"scanOnPush": False} and made["imageTagMutability"] == "MUTABLE"
refused("CreateRepository", "RepositoryAlreadyExistsException", "already exists in the registry with id", repositoryName="team/app")
for number in range(5):
    by_boto3("CreateRepository", repositoryName=f"many/{number}", imageTagMutability="IMMUTABLE")
told = call("DescribeRepositories", repositoryNames=["team/app"])["repositories"]
assert told[0].keys() == made.keys(), told
pages = list(ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2}))
assert [len(page["repositories"]) for page in pages] == [2, 2, 2], pages
text = f"The repository with name 'absent' does not exist in the registry with id '{ACCOUNT}'"
refused("DescribeRepositories", "RepositoryNotFoundException", text, repositoryNames=["absent"])
refused("DescribeRepositories", "RepositoryNotFoundException", "'999999999999'", registryId="999999999999", repositoryNames=["team/app"])
refused("DescribeRepositories", "InvalidParameterException", "nextToken", nextToken="?")
refused("CreateRepository", "InvalidParameterException", "repositoryName", repositoryName="NOT OK")
filters = [{"filterType": "WILDCARD", "filter": "dev-*"}]
setting = call("PutImageTagMutability", repositoryName="team/app", imageTagMutability="IMMUTABLE_WITH_EXCLUSION", imageTagMutabilityExclusionFilters=filters)
assert setting["imageTagMutabilityExclusionFilters"] == filters, setting
refused("PutImageTagMutability", "InvalidParameterException", "Invalid parameter at 'imageTagMutabilityExclusionFilters'", repositoryName="team/app", imageTagMutability="MUTABLE", imageTagMutabilityExclusionFilters=filters)
call("PutImageScanningConfiguration", repositoryName="team/app", imageScanningConfiguration={"scanOnPush": True})
told = by_boto3("DescribeRepositories", repositoryNames=["team/app"])["repositories"][0]
assert told["imageScanningConfiguration"] == {"scanOnPush": True} and told["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
arn = ARN + "team/app"
call("TagResource", resourceArn=arn, tags=[{"Key": "cost", "Value": "7"}])
call("UntagResource", resourceArn=arn, tagKeys=["team"])
assert call("ListTagsForResource", resourceArn=arn)["tags"] == [{"Key": "cost", "Value": "7"}]
refused("TagResource", "InvalidTagParameterException", resourceArn=arn, tags=[{"Key": "aws:x", "Value": ""}])
refused("TagResource", "TooManyTagsException", resourceArn=arn, tags=[{"Key": str(n), "Value": ""} for n in range(51)])
refused("ListTagsForResource", "InvalidParameterException", "Invalid ARN", resourceArn="team/app")

# Basic scanning, when asked.
basic = call("PutRegistryScanningConfiguration", scanType="BASIC", rules=[])["registryScanningConfiguration"]
assert basic == {"scanType": "BASIC", "rules": []}, basic
assert call("GetRegistryScanningConfiguration") == {"registryId": ACCOUNT, "scanningConfiguration": basic}
refused("PutRegistryScanningConfiguration", "InvalidParameterException", "rules", scanType="BASIC", rules=[{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": []}])
got = call("BatchGetRepositoryScanningConfiguration", repositoryNames=["team/app", "absent"])
assert got["scanningConfigurations"][0]["scanFrequency"] == "SCAN_ON_PUSH", got
assert got["failures"][0]["failureCode"] == "REPOSITORY_NOT_FOUND", got
call("PutImageScanningConfiguration", repositoryName="team/app", imageScanningConfiguration={"scanOnPush": False})

# Images.
kind = manifest.get("mediaType", "application/vnd.oci.image.manifest.v1+json")
missing = dict(manifest, layers=[dict(manifest["layers"][0], digest="sha256:" + "0" * 64)])
refused("PutImage", "LayersNotFoundException", "0" * 64, repositoryName="team/app", imageManifest=json.dumps(missing), imageManifestMediaType=kind)
digest = push("team/app", blobs, manifest, imageTag="v1", imageManifestMediaType=kind)
text = json.dumps(manifest)
refused("PutImage", "ImageAlreadyExistsException", digest, repositoryName="team/app", imageManifest=text, imageTag="v1", imageManifestMediaType=kind)
other = dict(manifest, annotations={"of": "another"})
refused("PutImage", "ImageTagAlreadyExistsException", "'v1'", repositoryName="team/app", imageManifest=json.dumps(other), imageTag="v1", imageManifestMediaType=kind)
refused("PutImage", "ImageDigestDoesNotMatchException", repositoryName="team/app", imageManifest=text, imageDigest="sha256:" + "1" * 64, imageManifestMediaType=kind)
lost = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}
lost["manifests"] = [{"mediaType": kind, "size": 1, "digest": "sha256:" + "2" * 64}]
refused("PutImage", "ReferencedImagesNotFoundException", repositoryName="team/app", imageManifest=json.dumps(lost))
refused("InitiateLayerUpload", "RepositoryNotFoundException", repositoryName="absent")
upload = by_boto3("InitiateLayerUpload", repositoryName="team/app")["uploadId"]
refused("CompleteLayerUpload", "EmptyUploadException", repositoryName="team/app", uploadId=upload, layerDigests=[digest])
refused("CompleteLayerUpload", "UploadNotFoundException", repositoryName="team/app", uploadId=upload.replace(upload[0], "f" if upload[0] != "f" else "e"), layerDigests=[digest])
push("team/app", blobs, manifest, imageTag="dev-1", imageManifestMediaType=kind)
second = push("team/app", blobs, other, imageTag="v2", imageManifestMediaType=kind)
third = push("team/app", blobs, dict(manifest, annotations={"of": "nobody"}), imageManifestMediaType=kind)
ids = call("ListImages", repositoryName="team/app")["imageIds"]
assert len(ids) == 4 and {"imageDigest": third} in ids and {"imageDigest": digest, "imageTag": "dev-1"} in ids, ids
pages = ecr.get_paginator("list_images").paginate(repositoryName="team/app", PaginationConfig={"PageSize": 1})
assert [page["imageIds"][0] for page in pages] == ids
untagged = by_boto3("ListImages", repositoryName="team/app", filter={"tagStatus": "UNTAGGED"})["imageIds"]
assert untagged == [{"imageDigest": third}], untagged
details = call("DescribeImages", repositoryName="team/app", imageIds=[{"imageTag": "v1"}])["imageDetails"]
assert details[0]["imageTags"] == ["dev-1", "v1"] and details[0]["imageStatus"] == "ACTIVE", details
size = manifest["config"]["size"] + sum(layer["size"] for layer in manifest["layers"])
assert details[0]["imageSizeInBytes"] == size, (details, size)
pages = list(ecr.get_paginator("describe_images").paginate(repositoryName="team/app", filter={"tagStatus": "TAGGED"}, PaginationConfig={"PageSize": 1}))
assert sorted(page["imageDetails"][0]["imageDigest"] for page in pages) == sorted([digest, second]), pages
refused("DescribeImages", "ImageNotFoundException", "{imageDigest:'null', imageTag:'absent'}", repositoryName="team/app", imageIds=[{"imageTag": "absent"}])
got = call("BatchGetImage", repositoryName="team/app", imageIds=[{"imageTag": "v1"}, {"imageTag": "absent"}, {"imageDigest": "x"}])
assert got["images"][0]["imageManifest"] == text and got["images"][0]["imageId"] == {"imageDigest": digest, "imageTag": "v1"}, got
assert [failure["failureCode"] for failure in got["failures"]] == ["ImageNotFound", "InvalidImageDigest"], got
checked = by_boto3("BatchCheckLayerAvailability", repositoryName="team/app", layerDigests=[manifest["config"]["digest"], "sha256:" + "0" * 64, "x"])
assert [layer["layerAvailability"] for layer in checked["layers"]] == ["AVAILABLE", "UNAVAILABLE"], checked
assert checked["failures"][0]["failureCode"] == "InvalidLayerDigest", checked
layer = manifest["layers"][0]["digest"]
url = call("GetDownloadUrlForLayer", repositoryName="team/app", layerDigest=layer)["downloadUrl"]
assert urllib.request.urlopen(url).read() == blobs[layer]
for wrong in (url[:-2] + ("AA" if not url.endswith("AA") else "BB"), url.replace("expires=", "expires=9"), url.replace(layer, manifest["config"]["digest"])):
    try:
        urllib.request.urlopen(wrong)
        raise AssertionError(wrong)
    except urllib.error.HTTPError as error:
        assert error.code == 401, error
refused("GetDownloadUrlForLayer", "LayersNotFoundException", repositoryName="team/app", layerDigest="sha256:" + "0" * 64)
subject = {"mediaType": kind, "digest": digest, "size": len(text)}
signature = push("team/app", blobs, dict(manifest, subject=subject, artifactType="application/example"), imageManifestMediaType=kind)
referrers = call("ListImageReferrers", repositoryName="team/app", subjectId={"imageDigest": digest})["referrers"]
assert referrers[0]["digest"] == signature and referrers[0]["artifactType"] == "application/example", referrers
none = by_boto3("ListImageReferrers", repositoryName="team/app", subjectId={"imageDigest": digest}, filter={"artifactTypes": ["x"]})
assert none["referrers"] == [], none

# Scanned when asked, once a day.
image = {"repositoryName": "team/app", "imageId": {"imageTag": "v1"}}
refused("DescribeImageScanFindings", "ScanNotFoundException", **image)
started = call("StartImageScan", **image)
assert started["imageScanStatus"]["status"] == "IN_PROGRESS" and started["imageId"]["imageDigest"] == digest, started
refused("StartImageScan", "LimitExceededException", "quota", **image)
refused("StartImageScan", "ImageNotFoundException", repositoryName="team/app", imageId={"imageTag": "absent"})
ecr.get_waiter("image_scan_complete").wait(**image, WaiterConfig={"Delay": 1, "MaxAttempts": 3})
scan = call("DescribeImageScanFindings", **image)
assert scan["imageScanStatus"]["status"] == "COMPLETE", scan
findings = scan["imageScanFindings"]["findings"]
counts = scan["imageScanFindings"]["findingSeverityCounts"]
assert findings and sum(counts.values()) == len(findings), scan
order = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"]
places = [order.index(finding["severity"]) for finding in findings]
assert places == sorted(places), places
assert {"package_name", "package_version"} <= {attribute["key"] for attribute in findings[0]["attributes"]}, findings[0]
paged = []
for page in ecr.get_paginator("describe_image_scan_findings").paginate(**image, PaginationConfig={"PageSize": 1}):
    paged += page["imageScanFindings"]["findings"]
    assert page["imageScanFindings"]["findingSeverityCounts"] == counts
assert paged == findings
detail = by_boto3("DescribeImages", repositoryName="team/app", imageIds=[{"imageTag": "v1"}])["imageDetails"][0]
assert detail["imageScanFindingsSummary"]["findingSeverityCounts"] == counts, (detail, counts)
by_boto3("PutRegistryScanningConfiguration", scanType="ENHANCED")
refused("StartImageScan", "ValidationException", **image)
by_boto3("PutRegistryScanningConfiguration", scanType="BASIC", rules=[])

# The archive.
moved = call("UpdateImageStorageClass", repositoryName="team/app", imageId={"imageDigest": third}, targetStorageClass="ARCHIVE")
assert moved["imageStatus"] == "ARCHIVED", moved
assert third not in [image["imageDigest"] for image in by_boto3("DescribeImages", repositoryName="team/app")["imageDetails"]]
archived = by_boto3("DescribeImages", repositoryName="team/app", filter={"imageStatus": "ARCHIVED"})["imageDetails"]
assert [image["imageDigest"] for image in archived] == [third] and "lastArchivedAt" in archived[0], archived
got = by_boto3("BatchGetImage", repositoryName="team/app", imageIds=[{"imageDigest": third}])
assert got["failures"][0]["failureCode"] == "ImageInaccessible", got
by_boto3("UpdateImageStorageClass", repositoryName="team/app", imageId={"imageDigest": third}, targetStorageClass="STANDARD")
refused("UpdateImageStorageClass", "ImageStorageClassUpdateNotSupportedException", repositoryName="team/app", imageId={"imageDigest": third}, targetStorageClass="STANDARD")

# Lifecycle policies.
rule = {"rulePriority": 1, "description": "untagged", "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}
policy = json.dumps({"rules": [rule]})
refused("GetLifecyclePolicy", "LifecyclePolicyNotFoundException", "Lifecycle policy does not exist", repositoryName="team/app")
refused("StartLifecyclePolicyPreview", "LifecyclePolicyNotFoundException", repositoryName="team/app")
refused("GetLifecyclePolicyPreview", "LifecyclePolicyPreviewNotFoundException", repositoryName="team/app")
refused("PutLifecyclePolicy", "InvalidParameterException", "Lifecycle policy validation failure", repositoryName="team/app", lifecyclePolicyText=policy.replace("untagged", "sometimes"))
assert call("StartLifecyclePolicyPreview", repositoryName="team/app", lifecyclePolicyText=policy)["status"] == "IN_PROGRESS"
ecr.get_waiter("lifecycle_policy_preview_complete").wait(repositoryName="team/app", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
preview = call("GetLifecyclePolicyPreview", repositoryName="team/app")
assert preview["summary"]["expiringImageTotalCount"] == len(preview["previewResults"]) == 1, preview
assert preview["previewResults"][0]["action"] == {"type": "EXPIRE"} and preview["previewResults"][0]["appliedRulePriority"] == 1
assert call("PutLifecyclePolicy", repositoryName="team/app", lifecyclePolicyText=policy)["lifecyclePolicyText"] == policy
assert call("GetLifecyclePolicy", repositoryName="team/app")["lifecyclePolicyText"] == policy
by_boto3("StartLifecyclePolicyPreview", repositoryName="team/app")
assert call("DeleteLifecyclePolicy", repositoryName="team/app")["lifecyclePolicyText"] == policy
refused("DeleteLifecyclePolicy", "LifecyclePolicyNotFoundException", repositoryName="team/app")

# Policies.
statement = {"Sid": "pull", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ci"}, "Action": ["ecr:BatchGetImage"]}
policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
refused("GetRepositoryPolicy", "RepositoryPolicyNotFoundException", "Repository policy does not exist", repositoryName="team/app")
refused("SetRepositoryPolicy", "InvalidParameterException", "Invalid repository policy provided", repositoryName="team/app", policyText="{}")
assert call("SetRepositoryPolicy", repositoryName="team/app", policyText=policy)["policyText"] == policy
assert call("GetRepositoryPolicy", repositoryName="team/app")["policyText"] == policy
assert call("DeleteRepositoryPolicy", repositoryName="team/app")["policyText"] == policy
refused("DeleteRepositoryPolicy", "RepositoryPolicyNotFoundException", repositoryName="team/app")
refused("GetRegistryPolicy", "RegistryPolicyNotFoundException")
policy = json.dumps({"Version": "2012-10-17", "Statement": [dict(statement, Resource=ARN + "*")]})
assert call("PutRegistryPolicy", policyText=policy)["policyText"] == policy
assert call("GetRegistryPolicy")["policyText"] == policy
assert call("DeleteRegistryPolicy")["policyText"] == policy
refused("DeleteRegistryPolicy", "RegistryPolicyNotFoundException")

# The registry.
assert call("DescribeRegistry") == {"registryId": ACCOUNT, "replicationConfiguration": {"rules": []}}
rules = [{"destinations": [{"region": "eu-west-1", "registryId": ACCOUNT}], "repositoryFilters": [{"filter": "team/", "filterType": "PREFIX_MATCH"}]}]
assert call("PutReplicationConfiguration", replicationConfiguration={"rules": rules})["replicationConfiguration"] == {"rules": rules}
assert by_boto3("DescribeRegistry")["replicationConfiguration"] == {"rules": rules}
own = [{"destinations": [{"region": "eu-central-1", "registryId": ACCOUNT}]}]
refused("PutReplicationConfiguration", "InvalidParameterException", replicationConfiguration={"rules": own})
by_boto3("PutReplicationConfiguration", replicationConfiguration={"rules": []})
assert call("DescribeImageReplicationStatus", **image)["replicationStatuses"] == []

rule = {"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"}
assert call("CreatePullThroughCacheRule", **rule)["upstreamRegistry"] == "quay"
refused("CreatePullThroughCacheRule", "PullThroughCacheRuleAlreadyExistsException", **rule)
refused("CreatePullThroughCacheRule", "UnsupportedUpstreamRegistryException", ecrRepositoryPrefix="x1", upstreamRegistryUrl="example.com")
assert call("DescribePullThroughCacheRules")["pullThroughCacheRules"][0]["ecrRepositoryPrefix"] == "quay"
secret = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:ecr-pullthroughcache/quay"
assert call("UpdatePullThroughCacheRule", ecrRepositoryPrefix="quay", credentialArn=secret)["credentialArn"] == secret
assert call("ValidatePullThroughCacheRule", ecrRepositoryPrefix="quay")["isValid"] is False
assert call("DeletePullThroughCacheRule", ecrRepositoryPrefix="quay")["upstreamRegistryUrl"] == "quay.io"
refused("DescribePullThroughCacheRules", "PullThroughCacheRuleNotFoundException", ecrRepositoryPrefixes=["quay"])

template = {"prefix": "auto", "appliedFor": ["CREATE_ON_PUSH"], "imageTagMutability": "IMMUTABLE", "resourceTags": tags}
made = call("CreateRepositoryCreationTemplate", **template)["repositoryCreationTemplate"]
assert made["imageTagMutability"] == "IMMUTABLE" and made["resourceTags"] == tags, made
refused("CreateRepositoryCreationTemplate", "TemplateAlreadyExistsException", **template)
request = urllib.request.Request(f"{ENDPOINT}/v2/auto/made/blobs/uploads/", method="POST", headers={"Authorization": "Basic " + token["authorizationToken"]})
assert urllib.request.urlopen(request).status == 202
assert by_boto3("DescribeRepositories", repositoryNames=["auto/made"])["repositories"][0]["imageTagMutability"] == "IMMUTABLE"
assert by_boto3("ListTagsForResource", resourceArn=ARN + "auto/made")["tags"] == tags
changed = call("UpdateRepositoryCreationTemplate", prefix="auto", description="for all")["repositoryCreationTemplate"]
assert changed["description"] == "for all" and changed["imageTagMutability"] == "IMMUTABLE", changed
assert len(call("DescribeRepositoryCreationTemplates")["repositoryCreationTemplates"]) == 1
assert call("DeleteRepositoryCreationTemplate", prefix="auto")["repositoryCreationTemplate"]["prefix"] == "auto"
refused("DeleteRepositoryCreationTemplate", "TemplateNotFoundException", prefix="auto")

assert call("GetAccountSetting", name="REGISTRY_POLICY_SCOPE")["value"] == "V2"
assert call("PutAccountSetting", name="BLOB_MOUNTING", value="DISABLED")["value"] == "DISABLED"
assert by_boto3("GetAccountSetting", name="BLOB_MOUNTING")["value"] == "DISABLED"
refused("PutAccountSetting", "InvalidParameterException", name="BLOB_MOUNTING", value="SOMETIMES")
refused("GetAccountSetting", "InvalidParameterException", name="OTHER")
principal = f"arn:aws:iam::{ACCOUNT}:role/scanner"
assert call("RegisterPullTimeUpdateExclusion", principalArn=principal)["principalArn"] == principal
refused("RegisterPullTimeUpdateExclusion", "ExclusionAlreadyExistsException", principalArn=principal)
assert call("ListPullTimeUpdateExclusions")["pullTimeUpdateExclusions"] == [principal]
call("DeregisterPullTimeUpdateExclusion", principalArn=principal)
refused("DeregisterPullTimeUpdateExclusion", "ExclusionNotFoundException", principalArn=principal)

# Removed: a tag, an image with all tags, what an index lists.
gone = call("BatchDeleteImage", repositoryName="team/app", imageIds=[{"imageTag": "dev-1"}, {"imageTag": "absent"}, {}])
assert gone["imageIds"] == [{"imageDigest": digest, "imageTag": "dev-1"}], gone
assert [failure["failureCode"] for failure in gone["failures"]] == ["ImageNotFound", "MissingDigestAndTag"], gone
index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}
index["manifests"] = [{"mediaType": kind, "size": len(text), "digest": digest}]
listing = by_boto3("PutImage", repositoryName="team/app", imageManifest=json.dumps(index))["image"]["imageId"]["imageDigest"]
gone = by_boto3("BatchDeleteImage", repositoryName="team/app", imageIds=[{"imageTag": "v1"}])
assert gone["failures"][0]["failureCode"] == "ImageReferencedByManifestList", gone
gone = by_boto3("BatchDeleteImage", repositoryName="team/app", imageIds=[{"imageDigest": listing}, {"imageDigest": digest}])
assert gone["imageIds"] == [{"imageDigest": listing}, {"imageDigest": digest, "imageTag": "v1"}], gone
refused("DeleteRepository", "RepositoryNotEmptyException", "still contains images", repositoryName="team/app")
assert call("DeleteRepository", repositoryName="team/app", force=True)["repository"]["repositoryName"] == "team/app"
refused("DescribeImages", "RepositoryNotFoundException", repositoryName="team/app")

# What there is not.
for operation in NOT_BUILT & set(ecr.meta.method_to_api_mapping.values()):
    shape = ecr.meta.service_model.operation_model(operation).input_shape
    arguments = {
        "signingConfiguration": {"rules": []}, "repositoryName": "team/app", "imageId": {"imageTag": "v1"},
        "destination": {"region": "eu-west-1", "registryId": ACCOUNT}, "replicationBackfillId": upload,
    }  # fmt: skip
    wanted = {name: value for name, value in arguments.items() if name in shape.required_members}
    refused(operation, "UnknownOperationException", **wanted)
left = set(ecr.meta.method_to_api_mapping.values()) - called - NOT_BUILT
assert not left, f"not called: {sorted(left)}"
print(f"{len(called)} operations")
