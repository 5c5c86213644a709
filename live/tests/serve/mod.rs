//! A channel on loopback: whole or sharded, well or with a fault.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a server does in place of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    Status(u16),
    Page,
    Loop,
    Silent,
    Stalled,
    CutShort,
    Damaged,
}

/// A server that ends with the test.
pub struct Server {
    pub url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    files: BTreeMap<String, Vec<u8>>,
    fault: Fault,
    not_modified: usize,
    sent: usize,
}

impl Server {
    /// Serves these files.
    pub fn start(files: BTreeMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/channel", listener.local_addr().expect("an address"));
        let state = State { files, fault: Fault::None, not_modified: 0, sent: 0 };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, state }
    }

    pub fn fails_with(&self, fault: Fault) {
        self.state.lock().expect("a lock").fault = fault;
    }

    /// How many questions were answered with "as before", and how many bytes were sent, since the last call.
    pub fn counts(&self) -> (usize, usize) {
        let mut state = self.state.lock().expect("a lock");
        (std::mem::take(&mut state.not_modified), std::mem::take(&mut state.sent))
    }
}

fn serve(stream: TcpStream, shared: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut stream = stream;
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if line.trim().is_empty() => break,
                Ok(_) => lines.push(line.trim().to_owned()),
            }
        }
        let Some(first) = lines.first() else { return };
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or("").to_owned());
        let tag = lines.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("if-none-match").then(|| value.trim().to_owned())
        });
        if !reply(&mut stream, method, &path, tag.as_deref(), shared) {
            return;
        }
    }
}

/// Answers one question; false where the connection ends with it.
fn reply(
    stream: &mut TcpStream,
    method: &str,
    path: &str,
    tag: Option<&str>,
    shared: &Mutex<State>,
) -> bool {
    let (fault, file) = {
        let state = shared.lock().expect("a lock");
        let name = path.strip_prefix("/channel/").unwrap_or("");
        (state.fault, state.files.get(name).cloned())
    };
    let head = |status: &str, kind: &str, length: usize, more: &str| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\r\n"
        )
    };
    let mut send = |head: String, body: &[u8]| {
        let body = if method == "HEAD" { &[] } else { body };
        shared.lock().expect("a lock").sent += body.len();
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).is_ok()
    };
    match (fault, file) {
        (Fault::Status(code), _) => send(head(&format!("{code} No"), "text/plain", 2, ""), b"no"),
        (Fault::Page, _) => send(head("200 OK", "text/html", 5, ""), b"login"),
        (Fault::Loop, _) => {
            send(head("302 Found", "text/plain", 0, &format!("Location: {path}\r\n")), b"")
        }
        (Fault::Silent, _) => {
            std::thread::sleep(Duration::from_secs(20));
            false
        }
        (_, None) => send(head("404 Not Found", "text/plain", 4, ""), b"none"),
        (Fault::Stalled, Some(file)) => {
            send(head("200 OK", "application/json", file.len(), ""), &file[..file.len() / 2]);
            std::thread::sleep(Duration::from_secs(20));
            false
        }
        (Fault::CutShort, Some(file)) => {
            send(head("200 OK", "application/json", file.len(), ""), &file[..file.len() / 2]);
            false
        }
        (Fault::Damaged, Some(mut file)) => {
            let middle = file.len() / 2;
            file[middle..].fill(b'{');
            let tag = etag(&file);
            send(head("200 OK", "application/json", file.len(), &format!("ETag: {tag}\r\n")), &file)
        }
        (Fault::None, Some(file)) => {
            let own = etag(&file);
            if tag == Some(own.as_str()) {
                shared.lock().expect("a lock").not_modified += 1;
                return send(format!("HTTP/1.1 304 Not Modified\r\nETag: {own}\r\n\r\n"), b"");
            }
            let more = format!("ETag: {own}\r\nCache-Control: max-age=0\r\n");
            send(head("200 OK", "application/octet-stream", file.len(), &more), &file)
        }
    }
}

fn etag(file: &[u8]) -> String {
    format!("\"{}\"", hex::encode(&Sha256::digest(file)[..8]))
}

/// A record with all that a reader insists on.
fn record(name: &str, version: &str, build: &str, number: u64, depends: &[&str]) -> Value {
    json!({
        "name": name, "version": version, "build": build, "build_number": number, "subdir": "linux-64",
        "depends": depends, "constrains": [], "size": 1000, "timestamp": 1_786_000_000_000_u64,
    })
}

/// The records of a channel with two PyTorch, of which one needs a driver.
pub fn records() -> Vec<Value> {
    vec![
        record(
            "pytorch",
            "2.13.0",
            "cuda129_mkl_py312_h1_302",
            302,
            &["__cuda", "cuda-version >=12.9,<13", "python"],
        ),
        record("pytorch", "2.13.0", "cpu_mkl_py312_h2_102", 102, &["python"]),
        record(
            "pytorch-gpu",
            "2.13.0",
            "cuda129_mkl_h3_302",
            302,
            &["pytorch 2.13.0 cuda*_mkl*302"],
        ),
        record("cuda-version", "12.9", "h4_3", 3, &[]),
        record("python", "3.12.0", "0_cpython", 0, &[]),
    ]
}

fn file_name(record: &Value) -> String {
    let text = |key: &str| record[key].as_str().expect("a text").to_owned();
    format!("{}-{}-{}.conda", text("name"), text("version"), text("build"))
}

/// The channel as whole files.
pub fn whole() -> BTreeMap<String, Vec<u8>> {
    let mut packages = serde_json::Map::new();
    for record in records() {
        packages.insert(file_name(&record), record);
    }
    let part = |subdir: &str, packages: &serde_json::Map<String, Value>| {
        let document = json!({"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages, "repodata_version": 1});
        (format!("{subdir}/repodata.json"), document.to_string().into_bytes())
    };
    BTreeMap::from([part("linux-64", &packages), part("noarch", &serde_json::Map::new())])
}

/// The channel in shards: <https://conda.org/learn/ceps/cep-0016>.
pub fn sharded() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut names: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for record in records() {
        let name = record["name"].as_str().expect("a name").to_owned();
        names.entry(name).or_default().insert(file_name(&record), record);
    }
    for subdir in ["linux-64", "noarch"] {
        let mut shards = BTreeMap::new();
        for (name, packages) in names.iter().filter(|_| subdir == "linux-64") {
            let shard = json!({"packages": {}, "packages.conda": packages, "removed": []});
            let packed = pack(&rmp_serde::to_vec_named(&shard).expect("a shard"));
            let hash = Sha256::digest(&packed);
            files.insert(format!("{subdir}/shards/{}.msgpack.zst", hex::encode(hash)), packed);
            shards.insert(name.clone(), Bytes(hash.to_vec()));
        }
        let index = Index {
            version: 1,
            info: json!({"subdir": subdir, "base_url": "./", "shards_base_url": "./shards/"}),
            shards,
        };
        let index = pack(&rmp_serde::to_vec_named(&index).expect("an index"));
        files.insert(format!("{subdir}/repodata_shards.msgpack.zst"), index);
    }
    files
}

#[derive(serde::Serialize)]
struct Index {
    version: u64,
    info: Value,
    shards: BTreeMap<String, Bytes>,
}

/// Bytes that are written as such, not as a list of numbers.
struct Bytes(Vec<u8>);

impl serde::Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("zstd packs")
}
