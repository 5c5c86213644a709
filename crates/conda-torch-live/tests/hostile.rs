//! Servers that send too much, too slowly, or elsewhere; and what is kept of a channel.
#![expect(clippy::disallowed_methods, reason = "tests run the program and serve")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// Answers a request for a path; the request's head is given in full.
type Handler = dyn Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync;

/// A server on loopback, and the heads of the requests that it got.
struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(
        handler: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, handler): (_, Arc<Handler>) = (requests.clone(), Arc::new(handler));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (log, handler) = (log.clone(), handler.clone());
                std::thread::spawn(move || {
                    let mut head = String::new();
                    let mut reader = BufReader::new(stream.try_clone()?);
                    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
                    log.lock().expect("no panic").push(head.clone());
                    handler(head.split(' ').nth(1).unwrap_or_default(), &mut stream)
                });
            }
        });
        Self { address, requests }
    }

    /// A server that answers requests for paths with this end, and has nothing else.
    fn with(
        end: &'static str,
        answer: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |path, stream| {
            if path.ends_with(end) {
                answer(stream)
            } else {
                reply(stream, "404 Not Found", "", b"")
            }
        })
    }

    fn channel(&self) -> String {
        format!("http://{}/channel", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

fn reply(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
    )?;
    stream.write_all(body)
}

/// A body without an announced end, a piece at a time.
fn endless(stream: &mut TcpStream, piece: &[u8], pause: Duration) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
    loop {
        stream.write_all(piece)?;
        std::thread::sleep(pause);
    }
}

/// The reply of the program about `pytorch`.
fn ask(channel: &str, cache: &Path, deadline: u32) -> Value {
    ask_shown(channel, &[], cache, deadline)
}

/// The same about a channel that is shown by another address.
fn ask_shown(channel: &str, shown: &[&str], cache: &Path, deadline: u32) -> Value {
    ask_patiently(channel, shown, cache, deadline, 60)
}

fn ask_patiently(
    channel: &str,
    shown: &[&str],
    cache: &Path,
    deadline: u32,
    patience: u32,
) -> Value {
    let request = json!({
        "protocol": 2, "channels": [channel], "shown": shown, "subdirs": ["linux-64"], "cache": cache, "offline": false,
        "patience": patience, "deadline": deadline, "question": {"records": {"names": ["pytorch"]}},
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_conda-torch-live"))
        .env_clear()
        .env("HOME", cache)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(request.to_string().as_bytes())
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).expect("a reply")
}

fn kind(reply: &Value) -> &str {
    reply["told"]["failed"]["kind"].as_str().unwrap_or_else(|| panic!("{reply}"))
}

const REPODATA: &[u8] = br#"{"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {"pytorch-1.0-0.conda":
{"name": "pytorch", "version": "1.0", "build": "0", "build_number": 0, "depends": [], "subdir": "noarch"}}}"#;

/// Spaces, compressed to a thousandth and less.
fn spaces(compress: impl FnOnce(&mut dyn Read) -> Vec<u8>) -> Vec<u8> {
    compress(&mut std::io::repeat(b' ').take(20 << 20))
}

fn gzip(data: &mut dyn Read) -> Vec<u8> {
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(data, flate2::Compression::best())
        .read_to_end(&mut packed)
        .expect("memory");
    packed
}

fn zstd(data: &mut dyn Read) -> Vec<u8> {
    zstd::encode_all(data, 1).expect("memory")
}

/// The kind and the detail of the fault, after which nothing is left in the cache.
fn refused(server: &Server) -> (String, String) {
    let cache = tempfile::tempdir().expect("a folder");
    let reply = ask(&server.channel(), cache.path(), 600);
    let kept: u64 =
        files(cache.path()).iter().map(|file| file.metadata().expect("a file").len()).sum();
    assert!(kept < 10_000, "{kept} bytes");
    (kind(&reply).to_owned(), reply["told"]["failed"]["detail"].to_string())
}

/// All files and folders below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        found.push(entry.path());
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        }
    }
    found
}

#[test]
fn a_file_that_decompresses_to_too_much_is_refused() {
    const GZIP: &str = "Content-Encoding: gzip\r\n";
    let packed = spaces(gzip);
    let server =
        Server::with("repodata.json", move |stream| reply(stream, "200 OK", GZIP, &packed));
    let (kind, detail) = refused(&server);
    assert!(kind == "too_large" && detail.contains("200 times"), "{kind} {detail}");

    let packed = spaces(zstd);
    let server = Server::with("json.zst", move |stream| reply(stream, "200 OK", "", &packed));
    let (kind, detail) = refused(&server);
    assert!(kind == "too_large" && detail.contains("200 times"), "{kind} {detail}");

    let packed = gzip(&mut spaces(zstd).as_slice());
    let server = Server::with("json.zst", move |stream| reply(stream, "200 OK", GZIP, &packed));
    let (kind, detail) = refused(&server);
    assert!(kind == "too_large" && detail.contains("200 times"), "{kind} {detail}");

    let packed = spaces(zstd);
    let server =
        Server::with("shards.msgpack.zst", move |stream| reply(stream, "200 OK", "", &packed));
    assert_eq!(refused(&server).0, "too_large");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_shard_that_decompresses_to_too_much_is_refused() {
    // `{"shards": {"pytorch": HASH}, ...}` as MessagePack.
    let mut index =
        b"\x83\xa7version\x01\xa4info\x83\xa8base_url\xa2./\xafshards_base_url\xa2./".to_vec();
    index.extend(b"\xa6subdir\xa6noarch\xa6shards\x81\xa7pytorch\xc4\x20");
    index.extend([1; 32]);
    let (index, shard) = (zstd(&mut index.as_slice()), spaces(zstd));
    let server = Server::start(move |path, stream| {
        let is_index = path.ends_with("repodata_shards.msgpack.zst");
        reply(stream, "200 OK", "", if is_index { &index } else { &shard })
    });
    let cache = tempfile::tempdir().expect("a folder");
    let reply = ask(&server.channel(), cache.path(), 600);
    assert_eq!(kind(&reply), "too_large", "{reply}");
    assert_eq!(server.requests().len(), 2);
}

/// rattler panics at such places, and at addresses that are no URI.
#[test]
fn shards_that_are_on_no_server_and_endless_addresses_are_refused() {
    for place in ["file:///etc/", "data:text/plain,x", "ftp://mirror.example/", "https://"] {
        let mut index = b"\x83\xa7version\x01\xa4info\x83\xa8base_url\xa2./".to_vec();
        index.extend(b"\xafshards_base_url");
        index.push(0xa0 | u8::try_from(place.len()).expect("a short text"));
        index.extend(place.as_bytes());
        index.extend(b"\xa6subdir\xa6noarch\xa6shards\x81\xa7pytorch\xc4\x20");
        index.extend([1; 32]);
        let index = zstd(&mut index.as_slice());
        let server = Server::with("repodata_shards.msgpack.zst", move |stream| {
            reply(stream, "200 OK", "", &index)
        });
        let (kind, detail) = refused(&server);
        assert!(kind == "damaged" && detail.contains(place), "{place}: {kind} {detail}");
    }
    let cache = tempfile::tempdir().expect("a folder");
    let address = format!("http://127.0.0.1:9/{}", "a".repeat(70_000));
    let reply = ask(&address, cache.path(), 600);
    assert_eq!(kind(&reply), "other");
    let detail = reply["told"]["failed"]["detail"].as_str().expect("a detail");
    assert!(detail.contains("longer than 8192 bytes"), "{detail}");
}

#[test]
fn an_index_without_end_is_refused() {
    let piece = vec![0; 1 << 20];
    let server = Server::with("shards.msgpack.zst", move |stream| {
        // A frame that contains nothing.
        write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        loop {
            stream.write_all(&[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0x10, 0])?;
            stream.write_all(&piece)?;
        }
    });
    let (kind, detail) = refused(&server);
    assert!(kind == "too_large" && detail.contains("64 MiB"), "{kind} {detail}");
}

#[test]
fn a_file_that_is_announced_as_too_large_is_not_read() {
    let server = Server::with("repodata.json", |stream| {
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n ", 2_u64 << 30)
    });
    let (kind, detail) = refused(&server);
    assert!(kind == "too_large" && detail.contains("1024 MiB"), "{kind} {detail}");
}

#[test]
fn more_records_than_any_channel_has_are_refused() {
    let mut repodata = br#"{"packages": {"a-1-0.conda": 0"#.to_vec();
    repodata.extend(br#","a-1-0.conda":0"#.repeat(3_000_001));
    let server =
        Server::with("repodata.json", move |stream| reply(stream, "200 OK", "", &repodata));
    let (kind, detail) = refused(&server);
    assert!(kind == "too_large" && detail.contains("3000000 records"), "{kind} {detail}");
}

#[test]
fn a_server_that_never_ends_is_slow_and_the_cache_stands_in() {
    let cache = tempfile::tempdir().expect("a folder");
    let is_slow = Arc::new(Mutex::new(false));
    let slow = is_slow.clone();
    let server = Server::with("repodata.json", move |stream| {
        if *slow.lock().expect("no panic") {
            // Enough a second for a download.
            endless(stream, &[b' '; 10 << 10], Duration::from_millis(100))
        } else {
            reply(stream, "200 OK", "Cache-Control: max-age=0\r\n", REPODATA)
        }
    });
    let reply = ask(&server.channel(), cache.path(), 600);
    assert_eq!(reply["told"]["records"]["records"][0]["name"], "pytorch", "{reply}");
    *is_slow.lock().expect("no panic") = true;
    let reply = ask(&server.channel(), cache.path(), 2);
    assert_eq!(reply["told"]["records"]["records"][0]["name"], "pytorch", "{reply}");
    let faults = reply["origins"].as_array().expect("a list");
    assert!(faults.iter().any(|origin| origin["fault"]["kind"] == "slow"), "{reply}");

    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(kind(&ask(&server.channel(), empty.path(), 2)), "slow");
}

#[test]
fn channels_that_a_channel_names_are_not_read() {
    // As CEP 42 has it; ten such steps are a thousand channels.
    let relations = r#"{"info": {"subdir": "noarch", "channel_relations":
        {"base": "../b", "overrides": "../o"}}, "packages": {}, "packages.conda": {}}"#;
    let server = Server::with("repodata.json", move |stream| {
        reply(stream, "200 OK", "", relations.as_bytes())
    });
    let cache = tempfile::tempdir().expect("a folder");
    let reply = ask(&server.channel(), cache.path(), 600);
    assert_eq!(reply["told"]["records"]["records"], json!([]), "{reply}");
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.contains(" /channel/")), "{requests:?}");
}

#[test]
fn a_head_without_end_is_refused() {
    let server = Server::with("repodata.json", |stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(&[b"X: ".as_slice(), &[b'x'; 1000], b"\r\n"].concat())?;
        }
    });
    assert_eq!(refused(&server).0, "too_large");
}

#[test]
fn a_server_that_falls_silent_is_not_asked_again() {
    let server = Server::with("repodata.json", |stream| {
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{{")?;
        std::thread::sleep(Duration::from_mins(10));
        Ok(())
    });
    let cache = tempfile::tempdir().expect("a folder");
    let reply = ask_patiently(&server.channel(), &[], cache.path(), 600, 1);
    assert_eq!(kind(&reply), "slow", "{reply}");
    let requests = server.requests();
    let is_for_repodata =
        |request: &&String| request.starts_with("GET /channel/noarch/repodata.json ");
    assert!(requests.iter().filter(is_for_repodata).count() <= 1, "{requests:?}");
}

#[test]
fn redirects_to_files_and_without_end_are_refused() {
    for (header, expected, words) in [
        ("Location: file:///etc/passwd\r\n", "moved", "file:///etc/passwd"),
        ("Location: ftp://example.org/x\r\n", "moved", "ftp://example.org/x"),
        ("Location: /channel/noarch/repodata.json\r\n", "redirect_loop", "more than 10 times"),
        ("", "moved", "without an address"),
    ] {
        let server =
            Server::with("repodata.json", move |stream| reply(stream, "302 Found", header, b""));
        let (kind, detail) = refused(&server);
        assert!(kind == expected && detail.contains(words), "{header}: {kind} {detail}");
    }
}

#[test]
fn another_host_gets_neither_referer_nor_login() {
    let other = Server::with("repodata.json", |stream| reply(stream, "200 OK", "", REPODATA));
    let header = format!("Location: http://{}/there/repodata.json\r\n", other.address);
    let server =
        Server::with("repodata.json", move |stream| reply(stream, "302 Found", &header, b""));
    let channel = format!("http://me:tk-hunter2@{}/t/tk-hunter2/channel", server.address);
    let cache = tempfile::tempdir().expect("a folder");
    let reply = ask(&channel, cache.path(), 600);
    assert_eq!(reply["told"]["records"]["records"][0]["name"], "pytorch", "{reply}");
    assert!(!reply.to_string().contains("hunter2"), "{reply}");
    let requests = other.requests();
    assert!(!requests.is_empty());
    for request in requests {
        let request = request.to_lowercase();
        assert!(!request.contains("referer") && !request.contains("hunter2"), "{request}");
        assert!(!request.contains("authorization"), "{request}");
    }
}

#[test]
fn a_login_in_the_address_is_sent_and_not_kept() {
    let server = Server::with("repodata.json", |stream| {
        reply(stream, "200 OK", "Set-Cookie: session=hunter2\r\n", REPODATA)
    });
    // What Basic sends for `me:tk-hunter2`.
    let basic = "basic bwu6dgstahvudgvymg==";
    for address in
        ["http://me:tk-hunter2@HOST/team/channel", "http://HOST/team/t/tk-hunter2/channel"]
    {
        let cache = tempfile::tempdir().expect("a folder");
        let reply = ask(&address.replace("HOST", &server.address), cache.path(), 600);
        assert_eq!(reply["told"]["records"]["records"][0]["name"], "pytorch", "{reply}");
        assert!(!reply.to_string().contains("hunter2"), "{reply}");
        for request in server.requests.lock().expect("no panic").drain(..) {
            let request = request.to_lowercase();
            assert!(
                request.contains(basic) || request.contains("/team/t/tk-hunter2/channel/"),
                "{request}"
            );
        }
        let kept = files(cache.path());
        assert!(kept.len() > 5, "{kept:?}");
        for file in kept.iter().filter(|file| file.is_file()) {
            let bytes = std::fs::read(file).expect("a file");
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            assert!(
                !text.contains("hunter2") && !text.contains(basic),
                "{}: {text}",
                file.display()
            );
        }
    }
}

#[test]
fn the_value_of_a_variable_is_sent_and_neither_kept_nor_shown() {
    for status in ["200 OK", "403 Forbidden", "302 Found"] {
        let server = Server::with("repodata.json", move |stream| {
            reply(stream, status, "Location: file:/etc\r\n", REPODATA)
        });
        let channel = format!("http://{}/hunter2/channel", server.address);
        let shown = format!("http://{}/${{TOKEN}}/channel", server.address);
        let cache = tempfile::tempdir().expect("a folder");
        let reply = ask_shown(&channel, &[&shown], cache.path(), 600);
        assert_eq!(reply["told"]["records"].is_object(), status == "200 OK", "{reply}");
        assert!(server.requests().iter().all(|request| request.contains(" /hunter2/channel/")));
        assert!(!reply.to_string().contains("hunter2"), "{reply}");
        for file in files(cache.path()).iter().filter(|file| file.is_file()) {
            let bytes = std::fs::read(file).expect("a file");
            assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"), "{}", file.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn only_the_user_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::with("repodata.json", |stream| reply(stream, "200 OK", "", REPODATA));
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("caches/conda-torch");
    // An older version left it open to all.
    let old = cache.join("repodata");
    std::fs::create_dir_all(&old).expect("a folder");
    std::fs::set_permissions(&old, PermissionsExt::from_mode(0o755)).expect("a mode");
    ask(&server.channel(), &cache, 600);
    let kept = files(&cache);
    assert!(kept.len() > 5, "{kept:?}");
    for path in kept {
        let mode = path.metadata().expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}
