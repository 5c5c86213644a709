//! The reader of channels: a server on loopback that sends damaged files, and a damaged cache.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use conda_torch_core::channel::{LiveReply, LiveRequest};
use conda_torch_live::Traffic;
use serde::{Serialize, Serializer};
use serde_json::json;
use sha2::{Digest, Sha256};

/// What the server has, by path.
type Files = HashMap<String, Vec<u8>>;

/// The server: its address, and its files.
static SERVER: LazyLock<(String, Arc<Mutex<Files>>)> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let files: Arc<Mutex<Files>> = Arc::default();
    let served = files.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let files = served.clone();
            std::thread::spawn(move || answer(stream, &files));
        }
    });
    (address, files)
});

fn answer(mut stream: TcpStream, files: &Mutex<Files>) -> std::io::Result<()> {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone()?);
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let path = head.split(' ').nth(1).unwrap_or_default();
    let body = files.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    let (status, body) = body.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    if !head.starts_with("HEAD") {
        stream.write_all(&body)?;
    }
    Ok(())
}

/// Bytes, and not a list of numbers.
struct Hash([u8; 32]);

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

#[derive(Serialize)]
struct Index {
    info: serde_json::Value,
    shards: HashMap<&'static str, Hash>,
}

fn record() -> serde_json::Value {
    json!({
        "name": "pytorch", "version": "2.9.0", "build": "cpu_h1_0", "build_number": 0, "subdir": "linux-64",
        "depends": ["python >=3.12"], "size": 1, "timestamp": 1_700_000_000_000_u64,
        "sha256": "0".repeat(64), "md5": "0".repeat(32),
    })
}

fn whole() -> Vec<u8> {
    let records = json!({"pytorch-2.9.0-cpu_h1_0.conda": record()});
    let repodata = json!({"info": {"subdir": "linux-64"}, "packages": {}, "packages.conda": records, "repodata_version": 1});
    serde_json::to_vec(&repodata).expect("JSON")
}

fn shard() -> Vec<u8> {
    let mut own = record();
    // In a shard, digests are bytes.
    own.as_object_mut().expect("an object").retain(|key, _| key != "sha256" && key != "md5");
    let shard = json!({"packages": {}, "packages.conda": {"pytorch-2.9.0-cpu_h1_0.conda": own}, "removed": []});
    rmp_serde::to_vec_named(&shard).expect("a shard")
}

fn index(shard: &[u8]) -> Vec<u8> {
    let info = json!({"subdir": "linux-64", "base_url": "./", "shards_base_url": "./shards/", "created_at": "2026-01-01T00:00:00Z"});
    let shards = HashMap::from([("pytorch", Hash(Sha256::digest(shard).into()))]);
    rmp_serde::to_vec_named(&Index { info, shards }).expect("an index")
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("memory")
}

/// A content with changes: four bytes each.
fn edited(content: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut content = content.to_vec();
    for edit in edits.chunks_exact(4) {
        let at = usize::from(u16::from_be_bytes([edit[1], edit[2]])) % (content.len() + 1);
        let end = content.len().min(at + usize::from(edit[3]));
        match edit[0] % 5 {
            0 => drop(content.drain(at..end)),
            1 => content.insert(at, edit[3]),
            2 => content.truncate(at),
            3 => drop(content.splice(at..at, content[at..end].to_vec())),
            _ => {
                if let Some(byte) = content.get_mut(at) {
                    *byte = edit[3];
                }
            }
        }
    }
    content
}

/// What a server has of a channel with edits, compressed before or after them.
fn channel_files(form: u8, is_compressed_first: bool, edits: &[u8]) -> Files {
    let packed = |content: &[u8]| {
        if is_compressed_first { edited(&compressed(content), edits) } else { compressed(&edited(content, edits)) }
    };
    let noarch = br#"{"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}}"#;
    let mut files = Files::from([("/c/noarch/repodata.json".to_owned(), noarch.to_vec())]);
    let folder = "/c/linux-64/";
    match form % 4 {
        0 => drop(files.insert(format!("{folder}repodata.json"), edited(&whole(), edits))),
        1 => drop(files.insert(format!("{folder}repodata.json.zst"), packed(&whole()))),
        form => {
            let (mut shard, index_of) = (compressed(&shard()), |shard: &[u8]| index(shard));
            if form == 2 {
                shard = packed(&self::shard());
            }
            let name: String = Sha256::digest(&shard).iter().map(|byte| format!("{byte:02x}")).collect();
            let index = index_of(&shard);
            let index = if form == 3 { packed(&index) } else { compressed(&index) };
            files.insert(format!("{folder}shards/{name}.msgpack.zst"), shard);
            files.insert(format!("{folder}repodata_shards.msgpack.zst"), index);
        }
    }
    files
}

/// `seconds`: for all downloads, since damaged ones are tried again.
fn ask(cache: &Path, is_offline: bool, seconds: u32) {
    let request = json!({
        "protocol": conda_torch_core::channel::PROTOCOL, "channels": [format!("{}/c", SERVER.0)], "subdirs": ["linux-64"],
        "cache": cache, "offline": is_offline, "patience": 5, "deadline": seconds, "question": {"records": {"names": ["pytorch"]}},
    });
    let request: LiveRequest = serde_json::from_value(request).expect("a request");
    let reply = conda_torch_live::reply(&request, &Traffic::default()).expect("threads");
    let document = serde_json::to_vec(&reply).expect("JSON");
    assert_eq!(LiveReply::read(&document).ok().as_ref(), Some(&reply));
}

/// The files below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// Damaged files of a server, or of the cache. The first byte is the form, the second what is damaged.
pub fn channel(bytes: &[u8]) {
    let [form, what, edits @ ..] = bytes else { return };
    let cache = std::env::temp_dir().join(format!("conda-torch-fuzz-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&cache);
    let serve = |files: Files| *SERVER.1.lock().unwrap_or_else(PoisonError::into_inner) = files;
    if what % 3 == 0 {
        serve(channel_files(*form, true, &[]));
        ask(&cache, false, 30);
        let files = below(&cache);
        let file = &files[usize::from(what / 3) % files.len()];
        let content = std::fs::read(file).expect("a file");
        std::fs::write(file, edited(&content, edits)).expect("a file");
        ask(&cache, true, 1);
        ask(&cache, false, 1);
    } else {
        serve(channel_files(*form, what % 3 == 1, edits));
        ask(&cache, false, 1);
    }
    let _ = std::fs::remove_dir_all(&cache);
}
