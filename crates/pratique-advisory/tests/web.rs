//! An import over HTTP: the same database as from a folder.

mod common;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    thread,
};

use common::{Outcome, build, golden, options};
use pratique_advisory::{BaseUrl, Database, Folder, Problem, import};
use pratique_fetch::Client;
use tempfile::tempdir;

/// Serves the files of a folder, and 404 for all else.
fn serve(folder: PathBuf) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that hangs up early is the client's affair.
            let _ = answer(stream, &folder);
        }
    });
    Ok(format!("http://{address}/export/"))
}

fn answer(stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = request.split(' ').nth(1).and_then(|path| path.strip_prefix("/export/")).unwrap_or_default();
    let path = path.replace("%5B", "[").replace("%5D", "]").replace("%20", " ");
    let (status, body) = match fs::read(folder.join(path)) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", b"no such file".to_vec()),
    };
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}

#[test]
fn an_import_over_http_is_the_import_of_the_folder() -> Outcome {
    let folder = tempdir()?;
    let (from_folder, expected) = build(&golden()?, folder.path(), "folder.pdb")?;
    let export = folder.path().join("export");
    let base = serve(export.clone())?;
    let client = Client::builder().proxies(false).build()?;
    let from_web = folder.path().join("web.pdb");
    let report = import(Some(&BaseUrl::new(client.clone(), &base)), &from_web, options())?;
    assert_eq!(report.info.imported, expected.info.imported);
    assert_eq!(report.info.source, base.trim_end_matches('/'));
    let (web, folders) = (Database::open(&from_web)?, Database::open(&from_folder)?);
    let differ: Vec<_> =
        web.sections().zip(folders.sections()).filter(|(web, folder)| web != folder).collect();
    // `meta` names the source.
    assert!(differ.iter().all(|((name, _), _)| *name == "meta"), "{differ:?}");
    assert_eq!(Database::diff(&folders, &web).count(), 0);

    fs::remove_file(export.join("npm").join("all.zip"))?;
    let report = import(Some(&BaseUrl::new(client, &base)), &from_web, options())?;
    assert_eq!(report.problems, [Problem::Missing { path: "npm/all.zip".into() }]);
    assert!(import(Some(&Folder::new(folder.path().join("nowhere"))), &from_web, options()).is_err());
    Ok(())
}
