//! `pratique serve`: everything on one address.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use pratique_advisory::Database;
use pratique_service::{
    Caller, KeyPair, Options, Service,
    collect::Collected,
    gate::{Gate, GateRule},
    lifecycle_runs::Applied,
    rescan::Rescanned,
};
use tokio::{net::TcpListener, signal::unix, time};
use tracing_subscriber::EnvFilter;

use crate::{
    exit::Exit,
    settings::{DatabaseArgs, duration},
    terminal,
};

/// Run the registry that scans as you push, with all its APIs on one address
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    pratique serve\n  \
    pratique serve --listen 127.0.0.1:5000 --data /srv/pratique\n  \
    pratique serve --gate 'prod/*=refuse' --gate '*=quarantine'\n  \
    PRATIQUE_ACCESS_KEY_ID=admin PRATIQUE_SECRET_ACCESS_KEY=… pratique serve\n\n\
    The first start makes the data directory and an admin credential, and prints it once.")]
pub(crate) struct Args {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", env = "PRATIQUE_LISTEN", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,
    /// Directory of everything that is kept [default: pratique in the user's data directory]
    #[arg(long, value_name = "DIR", env = "PRATIQUE_DATA")]
    data: Option<PathBuf>,
    /// PostgreSQL to use instead of a file in the data directory: postgres://user@host/name
    #[arg(long, value_name = "URL", env = "PRATIQUE_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Account that the server answers for, as ARNs have it
    #[arg(long, value_name = "ID", env = "PRATIQUE_ACCOUNT", default_value = "000000000000", value_parser = account)]
    account: String,
    /// Region that the server answers for
    #[arg(long, value_name = "REGION", env = "PRATIQUE_REGION", default_value = "us-east-1")]
    region: String,
    /// Refuse pushes to repositories that were not made before
    #[arg(long)]
    no_create_on_push: bool,
    /// What becomes of pushes whose verdict is a block: refuse, quarantine or open; the first pattern that fits counts
    #[arg(long = "gate", value_name = "PATTERN=GATE", value_parser = gate)]
    gates: Vec<GateRule>,
    /// Remove uploads and blobs that nobody refers to after this time
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    grace: Duration,
    #[command(flatten)]
    advisories: DatabaseArgs,
    /// What is logged, and how much: error, warn, info, debug, or by part
    #[arg(long, value_name = "FILTER", env = "PRATIQUE_LOG", default_value = "info")]
    log: String,
    /// Log in JSON, a line each
    #[arg(long)]
    log_json: bool,
}

/// How often it is looked whether there are new advisories.
const LOOK_FOR_ADVISORIES: Duration = Duration::from_secs(2);
/// How often what nobody refers to is removed.
const COLLECT: Duration = Duration::from_hours(1);
/// How often lifecycle policies are applied.
const APPLY_LIFECYCLE: Duration = Duration::from_hours(1);
/// How long requests that are under way may take after the server was told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(30);

pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    start_log(&args.log, args.log_json)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(args))?;
    Ok(Exit::Clean)
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let data = args.data.map_or_else(default_data, Ok)?;
    let advisories = args.advisories.path()?;
    let known = advisories.exists();
    let service = Service::open(Options {
        database: args.database,
        advisories: known.then(|| advisories.clone()),
        account: args.account,
        region: args.region,
        create_on_push: !args.no_create_on_push,
        grace: args.grace,
        ..Options::new(&data)
    })
    .await
    .with_context(|| format!("the server could not be started on {}", data.display()))?;
    let admin = service.ensure_admin(given_admin()?).await?;
    if !args.gates.is_empty() {
        service.put_gate_rules(&Caller::system(), &args.gates).await?;
    }
    let listener = TcpListener::bind(args.listen).await.with_context(|| {
        format!("{} cannot be listened on; name another address with --listen", args.listen)
    })?;
    let address = listener.local_addr()?;
    greet(address, &data, admin.as_ref());
    if !known {
        tracing::warn!(
            "there is no advisory database at {}: images are catalogued, and matched once `pratique db update` has made \
             one",
            advisories.display()
        );
    }
    tokio::spawn(follow_advisories(service.clone(), advisories));
    tokio::spawn(collect(service.clone()));
    tokio::spawn(apply_lifecycle(service.clone()));
    let metrics = pratique_web::Metrics::default();
    let routes = pratique_web::router(service.clone(), metrics.clone())
        .merge(pratique_registry::router(service.clone()))
        .fallback_service(pratique_aws::surface(service.clone())?.into_router());
    let routes = pratique_web::measured(routes, metrics);
    let (stop, stopping) = tokio::sync::watch::channel(());
    let told = async move {
        told_to_stop().await;
        drop(stop);
    };
    let server = axum::serve(listener, routes).with_graceful_shutdown(told);
    let late = async move {
        let mut stopping = stopping;
        while stopping.changed().await.is_ok() {}
        time::sleep(LAST_REQUESTS).await;
    };
    tokio::select! {
        ended = server => ended.context("the server ended")?,
        () = late => tracing::warn!("requests that took longer than {LAST_REQUESTS:?} were cut: uploads can be continued"),
    }
    service.store().close().await;
    tracing::info!("stopped");
    Ok(())
}

/// What to paste next.
fn greet(address: SocketAddr, data: &Path, admin: Option<&KeyPair>) {
    let mut lines = vec![format!("Listening on http://{address}, data in {}", data.display())];
    if let Some(KeyPair { id, secret }) = admin {
        lines.push(format!(
            "\nThe admin credential, shown this once:\n  \
             export AWS_ACCESS_KEY_ID={id}\n  \
             export AWS_SECRET_ACCESS_KEY={secret}\n\n\
             Next:\n  \
             export AWS_ENDPOINT_URL=http://{address} AWS_REGION=us-east-1\n  \
             docker login -u \"$AWS_ACCESS_KEY_ID\" -p \"$AWS_SECRET_ACCESS_KEY\" {address}\n  \
             docker push {address}/app:1.0"
        ));
    }
    for line in lines {
        terminal::note(false, &line);
    }
}

/// The pair that the environment gives, if it gives one.
fn given_admin() -> anyhow::Result<Option<KeyPair>> {
    let of = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
    match (of("PRATIQUE_ACCESS_KEY_ID"), of("PRATIQUE_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => Ok(Some(KeyPair { id, secret })),
        (None, None) => Ok(None),
        _ => anyhow::bail!(
            "PRATIQUE_ACCESS_KEY_ID and PRATIQUE_SECRET_ACCESS_KEY go together: set both or none"
        ),
    }
}

pub(crate) fn default_data() -> anyhow::Result<PathBuf> {
    let of = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    of("XDG_DATA_HOME")
        .or_else(|| of("HOME").map(|home| home.join(".local/share")))
        .map(|directory| directory.join("pratique"))
        .context("no place for data: neither XDG_DATA_HOME nor HOME is set; name one with --data")
}

fn gate(text: &str) -> Result<GateRule, String> {
    let (repositories, gate) = text.rsplit_once('=').ok_or("a gate is PATTERN=GATE, as in prod/*=refuse")?;
    let gate = match gate {
        "open" => Gate::Open,
        "refuse" => Gate::Refuse,
        "quarantine" => Gate::Quarantine,
        other => return Err(format!("{other:?} is no gate: refuse, quarantine and open are")),
    };
    Ok(GateRule { repositories: repositories.into(), gate })
}

fn account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.into())
    } else {
        Err("an account is twelve digits".into())
    }
}

fn start_log(filter: &str, json: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).with_context(|| format!("{filter:?} is no log filter"))?;
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if json {
        log.json().init();
    } else {
        log.with_ansi(terminal::is_watched()).init();
    }
    Ok(())
}

/// Uses the advisory database whenever there is a new one, and re-scans what it concerns.
async fn follow_advisories(service: Service, file: PathBuf) {
    let made = |file: &Path| fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
    let mut last: Option<SystemTime> = service.advisories().and_then(|_| made(&file));
    rescan(&service, None).await;
    let mut ticks = time::interval(LOOK_FOR_ADVISORIES);
    loop {
        ticks.tick().await;
        let now = made(&file);
        if now.is_none() || now == last {
            continue;
        }
        last = now;
        match service.use_advisories(&file) {
            Ok(old) => rescan(&service, old.as_deref()).await,
            Err(error) => tracing::error!("{}: cannot be used: {error}", file.display()),
        }
    }
}

async fn rescan(service: &Service, old: Option<&Database>) {
    match service.rescan(old).await {
        Ok(Rescanned { components: 0, .. }) => {}
        Ok(Rescanned { packages, components, new, changed, closed }) => {
            tracing::info!(packages, components, new, changed, closed, "re-scanned for new advisories");
        }
        Err(error) => tracing::error!("images could not be re-scanned for new advisories: {error}"),
    }
    // What an earlier start left untold, too.
    loop {
        match service.tell_rescan().await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                tracing::error!("what a re-scan changed could not be told: {error}");
                break;
            }
        }
    }
}

async fn collect(service: Service) {
    let mut ticks = time::interval(COLLECT);
    loop {
        ticks.tick().await;
        match service.collect_garbage().await {
            Ok(gone) if gone == Collected::default() => {}
            Ok(gone) => tracing::info!(
                uploads = gone.uploads,
                blobs = gone.blobs,
                scans = gone.scans,
                "removed what nobody refers to"
            ),
            Err(error) => tracing::error!("what nobody refers to could not be removed: {error}"),
        }
    }
}

async fn apply_lifecycle(service: Service) {
    let mut ticks = time::interval(APPLY_LIFECYCLE);
    loop {
        ticks.tick().await;
        match service.apply_lifecycle_policies().await {
            Ok(applied) if applied == Applied::default() => {}
            Ok(applied) => tracing::info!(
                expired = applied.expired,
                archived = applied.archived,
                "applied lifecycle policies"
            ),
            Err(error) => tracing::error!("lifecycle policies could not be applied: {error}"),
        }
    }
}

/// Waits for the signals that end a server.
async fn told_to_stop() {
    let signal = |kind| unix::signal(kind).ok();
    let (Some(mut terminate), Some(mut interrupt)) =
        (signal(unix::SignalKind::terminate()), signal(unix::SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: requests that are under way are finished");
}
