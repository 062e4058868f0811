//! The real clients against a listener: the aws command line, boto3, and botocore's signer.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking and say why they are skipped"
)]

#[allow(unreachable_pub, dead_code, reason = "each test uses a part of it")]
mod support;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};

use support::{ACCOUNT, ARN, KEY, SECRET, State, surface};

use pratique_aws::Surface;

/// A program of the environment of Python that `test.sh` makes.
fn peer(program: &str) -> Option<PathBuf> {
    let peers = std::env::var_os("PRATIQUE_PEERS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/peers"), PathBuf::from);
    let path = peers.join("python/bin").join(program);
    let there = path.exists() && peers.join("python/bin/aws").exists();
    if !there {
        println!("skipped: no {} and aws beside it (./test.sh installs them)", path.display());
    }
    there.then_some(path)
}

/// Serves on a port of its own until the test is over.
async fn serve(surface: Surface<State>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, surface.into_router()).await });
    address
}

/// Runs a client with nothing but these credentials.
async fn run(program: PathBuf, address: SocketAddr, arguments: &[&str], key: &str, secret: &str) -> Output {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .env("AWS_ENDPOINT_URL", format!("http://{address}"))
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("NO_PROXY", "*")
        .env("AWS_PAGER", "");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn shown(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const WHO: [&str; 4] = ["sts", "get-caller-identity", "--output", "json"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line() {
    let Some(aws) = peer("aws") else { return };
    let address = serve(surface()).await;
    let run = async |arguments: &[&str], key: &str, secret: &str| {
        let output = run(aws.clone(), address, arguments, key, secret).await;
        (output.status.code(), shown(&output))
    };

    let (code, text) = run(&WHO, KEY, SECRET).await;
    assert_eq!(code, Some(0), "{text}");
    let identity: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(identity["Account"], ACCOUNT);
    assert_eq!(identity["Arn"], ARN);

    for (key, secret, said) in [
        (KEY, "wrong", "(SignatureDoesNotMatch) when calling the GetCallerIdentity operation"),
        ("AKIAUNKNOWN", SECRET, "(InvalidClientTokenId) when calling the GetCallerIdentity operation"),
    ] {
        let (code, text) = run(&WHO, key, secret).await;
        assert!(code != Some(0) && text.contains(said), "{code:?} {text}");
    }
    let (code, text) = run(&["sts", "get-caller-identity", "--no-sign-request"], KEY, SECRET).await;
    assert!(code != Some(0) && text.contains("(MissingAuthenticationToken)"), "{text}");
    let (code, text) = run(&["sts", "get-session-token"], KEY, SECRET).await;
    assert!(code != Some(0) && text.contains("(InvalidAction)"), "{text}");

    // JSON and REST-JSON.
    let describe = ["ecr", "describe-repositories", "--output", "json", "--repository-names"];
    let (code, text) = run(&[&describe[..], &["a/b"]].concat(), KEY, SECRET).await;
    assert!(code == Some(0) && text.contains("\"repositoryName\": \"a/b\""), "{text}");
    let (code, text) = run(&[&describe[..], &["absent"]].concat(), KEY, SECRET).await;
    assert!(code != Some(0) && text.contains("(RepositoryNotFoundException)"), "{text}");
    let (code, text) = run(&[&describe[..], &["NOT OK"]].concat(), KEY, SECRET).await;
    assert!(
        code != Some(0)
            && text.contains("(InvalidParameterException)")
            && text.contains("1 validation error"),
        "{text}"
    );
    let arn = "arn:aws:inspector2:us-east-1:123456789012:owner/1/filter/2";
    let (code, text) =
        run(&["inspector2", "tag-resource", "--resource-arn", arn, "--tags", "team=a b"], KEY, SECRET).await;
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = run(
        &["inspector2", "list-tags-for-resource", "--resource-arn", arn, "--output", "text"],
        KEY,
        SECRET,
    )
    .await;
    assert!(code == Some(0) && text.contains("a b"), "{text}");
    let (code, text) = run(&["inspector2", "list-findings"], KEY, SECRET).await;
    assert!(code != Some(0) && text.contains("(UnknownOperationException)"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_skewed_clock() {
    let Some(aws) = peer("aws") else { return };
    let late = || jiff::Timestamp::now() + jiff::SignedDuration::from_mins(16);
    let address = serve(surface().with_clock(late)).await;
    let output = run(aws, address, &WHO, KEY, SECRET).await;
    let text = shown(&output);
    assert!(!output.status.success() && text.contains("Signature expired"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_and_its_signer() {
    let Some(python) = peer("python") else { return };
    let address = serve(surface()).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients.py");
    let output = run(python, address, &[script], KEY, SECRET).await;
    assert!(output.status.success(), "{}", shown(&output));
    println!("{}", shown(&output));
}
