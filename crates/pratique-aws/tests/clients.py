"""Calls a listener as programs on boto3 do, and with requests that botocore signs but would never send itself."""

import datetime
import os
import urllib.error
import urllib.request

import boto3
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
CREDENTIALS = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
CONFIG = Config(retries={"total_max_attempts": 1})
done = 0


def client(name, key=CREDENTIALS.access_key, secret=CREDENTIALS.secret_key, token=None):
    return boto3.client(
        name, config=CONFIG, aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token
    )


def refused(code, status, call, **arguments):
    """The call fails so; answers the error."""
    global done
    try:
        call(**arguments)
    except ClientError as error:
        response = error.response
        assert response["Error"]["Code"] == code, response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
        assert len(response["ResponseMetadata"]["RequestId"]) == 36, response
        done += 1
        return response
    raise AssertionError(f"{code} expected")


def send(method, path, body, headers, service, auth=SigV4Auth, presigned=False):
    """Sends a request that is signed by hand; answers its status and body."""
    global done
    request = AWSRequest(method=method, url=ENDPOINT + path, data=body, headers=headers)
    if auth:
        auth(CREDENTIALS, service, "us-east-1").add_auth(request)
    prepared = request.prepare()
    url = prepared.url
    sent = urllib.request.Request(url, data=body or None, method=method, headers=dict(prepared.headers.items()))
    done += 1
    try:
        with urllib.request.urlopen(sent) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


# Query.
identity = client("sts").get_caller_identity()
assert identity["Account"] == "123456789012", identity
refused("InvalidAction", 400, client("sts").get_session_token)
token = client("sts", token="session").get_caller_identity()
assert token["Arn"] == identity["Arn"]
refused("ExpiredToken", 403, client("sts", token="old").get_caller_identity)

# A URL that is signed, as clusters take for tokens.
url = client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
with urllib.request.urlopen(url) as response:
    assert identity["Arn"] in response.read().decode()
try:
    urllib.request.urlopen(url + "0")
    raise AssertionError("a changed signature is accepted")
except urllib.error.HTTPError as error:
    assert error.code == 403 and "SignatureDoesNotMatch" in error.read().decode()

# JSON, with instants, bytes, and exceptions that have members.
ecr = client("ecr")
repository = ecr.describe_repositories(repositoryNames=["a/b"])["repositories"][0]
expected = datetime.datetime(2026, 11, 22, 7, 0, 0, 250000, tzinfo=datetime.timezone.utc)
assert repository == {"repositoryName": "a/b", "createdAt": expected}, repository
part = {"repositoryName": "a/b", "uploadId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "partFirstByte": 0}
blob = bytes(range(256)) * 40 * 1024
assert ecr.upload_layer_part(**part, partLastByte=len(blob) - 1, layerPartBlob=blob)["lastByteReceived"] == len(blob) - 1
error = refused("InvalidLayerPartException", 400, ecr.upload_layer_part, **part, partLastByte=7, layerPartBlob=b"x")
assert error["lastValidByteReceived"] == 41, error
refused("AccessDeniedException", 400, ecr.delete_repository, repositoryName="a/b")
refused("ServerException", 500, ecr.get_registry_policy)
refused("InvalidSignatureException", 400, client("ecr", secret="wrong").describe_repositories)
refused("UnrecognizedClientException", 400, client("ecr", key="b").describe_repositories)
refused("UnknownOperationException", 400, ecr.describe_images, repositoryName="a/b")
refused("UnknownOperationException", 400, client("events").list_rules)

# REST-JSON.
inspector = client("inspector2")
arn = "arn:aws:inspector2:us-east-1:123456789012:owner/3/filter/ü +%"
inspector.tag_resource(resourceArn=arn, tags={"a/b": "ü", "c+d": "2", "e": ""})
inspector.untag_resource(resourceArn=arn, tagKeys=["c+d", "e"])
assert inspector.list_tags_for_resource(resourceArn=arn)["tags"] == {"a/b": "ü"}
refused("ResourceNotFoundException", 404, inspector.tag_resource, resourceArn="arn:a/absent", tags={})
error = refused("ThrottlingException", 429, inspector.tag_resource, resourceArn="arn:a/busy", tags={})
assert error["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1", error
error = refused("ValidationException", 400, inspector.untag_resource, resourceArn=arn, tagKeys=["aws:x", "ok"])
assert error["reason"] == "FIELD_VALIDATION_FAILED" and error["fields"][0]["name"] == "tagKeys.1.member", error
refused("UnknownOperationException", 404, inspector.list_findings)

# What no client sends.
JSON = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories"}
STS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSSecurityTokenServiceV20110615.GetCallerIdentity"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
status, text = send("POST", "/", b"{}", STS, "sts")
assert status == 200 and identity["Arn"] in text and text.startswith("{"), text
status, text = send("POST", "/", b'{"repositoryNames": [', JSON, "ecr")
assert status == 400 and "SerializationException" in text, text
status, text = send("POST", "/", b"{}", JSON, "ecr", auth=None)
assert status == 400 and "MissingAuthenticationTokenException" in text, text
status, text = send("POST", "/", b"{}", {**JSON, "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.Fly"}, "ecr")
assert status == 400 and "UnknownOperationException" in text, text
status, text = send("POST", "/", b"x" * (10 << 20), FORM, "sts")
assert status == 413 and "RequestEntityTooLarge" in text, text
status, text = send("POST", "/", b'{"unknown": "' + b"x" * (10 << 20) + b'"}', JSON, "ecr")
assert status == 200, text
status, text = send("POST", "/", b"x" * (40 << 20), JSON, "ecr")
assert status == 413 and "RequestEntityTooLargeException" in text, text

# Traps of the canonical form, signed by another implementation.
for path in ["/?b=2&a=1&a=0&c", "/?a=%20%2B%25&%C3%BC=1&A=1", "/a%20b//c/../d/?x=y%3Dz", "/tags/a%2Fb%3A%C3%BC?tagKeys=b&tagKeys=a"]:
    status, text = send("GET", path, b"", {"X-Amz-Meta": "  a   b  ", "Accept": "*/*"}, "inspector2")
    assert "Signature" not in text, (path, text)
status, text = send("GET", "/?Action=GetCallerIdentity&Version=2011-06-15&x=a%20b", b"", {}, "sts", auth=SigV4QueryAuth)
assert status == 200 and identity["Arn"] in text, text

print(f"{done} calls")
