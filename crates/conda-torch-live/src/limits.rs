//! What a server may send. The limits are far above any channel: conda-forge's largest file of repodata has some
//! 500 MB and 700,000 records.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use reqwest::header::CONTENT_ENCODING;
use reqwest::{Body, Response, ResponseBuilderExt};
use url::Url;

use crate::traffic::{MIB, RATIO, RUN, Refused, Traffic};

/// Files up to this size may have any ratio.
const SMALL: u64 = 16 * MIB;

/// The limits of one response.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// As sent, and decompressed.
    bytes: u64,
    /// Of JSON.
    records: u64,
}

/// Repodata in one file.
const WHOLE: Limits = Limits { bytes: 1024 * MIB, records: 3_000_000 };

/// An index of shards, or a shard. They are read into memory.
const SHARD: Limits = Limits { bytes: 64 * MIB, records: u64::MAX };

/// The page of an error.
const ERROR: Limits = Limits { bytes: MIB, records: u64::MAX };

/// A response whose body ends with an error at its limit. `url`: that of the request.
pub(crate) fn limited(response: Response, url: &Url, traffic: &Traffic) -> io::Result<Response> {
    let is_shard = url.path().ends_with(".msgpack.zst");
    let is_page = !response.status().is_success();
    let limits = match () {
        () if is_page => ERROR,
        () if is_shard => SHARD,
        () => WHOLE,
    };
    if !is_page && response.content_length() > Some(limits.bytes) {
        return Err(io::Error::other(Refused::Bytes(limits.bytes)));
    }
    let mut content = Content::new(limits, traffic.decompressed.clone());
    if !is_page && url.path().ends_with("/repodata_shards.msgpack.zst") {
        content.kept = Some(Arc::default());
    }
    let index = content.kept.clone().map(|kept| (url.clone(), kept));
    let received = content.received.clone();
    // As rattler decodes it.
    let is_gzip = response.headers().get_all(CONTENT_ENCODING).iter().any(|it| it == "gzip");
    let mut decoder: Decoder = Box::new(content);
    if !is_page && url.path().rsplit('.').next() == Some("zst") {
        decoder = Box::new(zstd::stream::write::Decoder::new(decoder)?);
    }
    if !is_page && !is_shard && is_gzip {
        decoder = Box::new(flate2::write::MultiGzDecoder::new(decoder));
    }
    let with_url = http::Response::builder().url(response.url().clone()).body(());
    let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
    // Cookies may be secrets, and rattler keeps headers.
    parts.headers.remove(reqwest::header::SET_COOKIE);
    // The conversion loses the URL.
    parts.extensions.extend(with_url.map(|it| it.into_parts().0.extensions).unwrap_or_default());
    let body = LimitedBody { body, limits, received, decoder, traffic: traffic.clone(), index };
    Ok(http::Response::from_parts(parts, Body::wrap(body)).into())
}

type Decoder = Box<dyn Write + Send + Sync>;

/// A body that is decompressed a second time, before rattler gets it: to count, and into nothing.
struct LimitedBody {
    body: Body,
    limits: Limits,
    received: Arc<AtomicU64>,
    decoder: Decoder,
    traffic: Traffic,
    /// An index of shards, which is checked at its end, and its URL.
    index: Option<(Url, Kept)>,
}

/// A content that is kept.
type Kept = Arc<Mutex<Vec<u8>>>;

/// Checks where an index has its shards and packages: at other addresses than of a server rattler panics.
fn check_index(url: &Url, index: &[u8]) -> Result<(), Refused> {
    #[derive(serde::Deserialize)]
    struct Index {
        info: Info,
    }
    #[derive(serde::Deserialize)]
    struct Info {
        base_url: String,
        shards_base_url: String,
    }
    // What is wrong with another one, rattler says.
    let Ok(Index { info }) = rmp_serde::from_slice(index) else { return Ok(()) };
    for place in [info.base_url, info.shards_base_url] {
        let is_of_server = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        if place.len() > LONGEST_PLACE || !url.join(&place).is_ok_and(is_of_server) {
            let shown: String = place.chars().take(80).collect();
            let shown = conda_torch_core::conda::without_secrets(&shown);
            return Err(Refused::Damaged(format!(
                "its shards are at `{shown}`, which is no server"
            )));
        }
    }
    Ok(())
}

/// The longest address of shards, in bytes.
const LONGEST_PLACE: usize = 8192;

impl LimitedBody {
    fn read(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let received = self.received.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        // Compressed data may be long and contain nothing.
        if received + bytes.len() as u64 > self.limits.bytes {
            return Err(Refused::Bytes(self.limits.bytes));
        }
        // The decoder of gzip keeps some of what it has decompressed.
        let written = self.decoder.write_all(bytes).and_then(|()| self.decoder.flush());
        written.map_err(|error| match error.downcast() {
            Ok(refused) => refused,
            Err(error) => Refused::Damaged(error.to_string()),
        })
    }
}

impl HttpBody for LimitedBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        if matches!(&frame, Some(Err(error)) if error.is_timeout()) {
            this.traffic.refuse(&Refused::Silent);
        }
        let Some(frame) = frame.transpose()? else {
            let index = this.index.take().map(|(url, kept)| {
                check_index(&url, &kept.lock().unwrap_or_else(PoisonError::into_inner))
            });
            return Poll::Ready(index.and_then(Result::err).map(|refused| Err(refused.into())));
        };
        if let Some(Err(refused)) = frame.data_ref().map(|bytes| this.read(bytes)) {
            this.traffic.refuse(&refused);
            return Poll::Ready(Some(Err(refused.into())));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.index.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Counts what a file contains.
struct Content {
    limits: Limits,
    /// The bytes as sent.
    received: Arc<AtomicU64>,
    bytes: u64,
    entries: Entries,
    /// The bytes of all files.
    run: Arc<AtomicU64>,
    /// Where the content is kept.
    kept: Option<Kept>,
}

impl Content {
    fn new(limits: Limits, run: Arc<AtomicU64>) -> Self {
        let entries = Entries::default();
        Self { limits, received: Arc::default(), bytes: 0, entries, run, kept: None }
    }
}

impl Write for Content {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len() as u64;
        self.bytes += length;
        self.entries.read(bytes);
        let is_small = self.bytes <= SMALL;
        let refused = if self.bytes > self.limits.bytes {
            Refused::Bytes(self.limits.bytes)
        } else if !is_small && self.bytes > RATIO * self.received.load(Ordering::Relaxed) {
            Refused::Ratio
        } else if self.entries.count > self.limits.records {
            Refused::Records(self.limits.records)
        } else if self.run.fetch_add(length, Ordering::Relaxed) + length > RUN {
            Refused::Run
        } else {
            if let Some(kept) = &self.kept {
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            }
            return Ok(bytes.len());
        };
        Err(io::Error::other(refused))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts the entries of the objects and lists in the outermost object of a JSON document: records, and the names
/// of removed files. rattler reads each into memory.
#[derive(Default)]
struct Entries {
    depth: u32,
    in_string: bool,
    is_escaped: bool,
    count: u64,
}

impl Entries {
    fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = self.in_string,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b',' if self.depth <= 2 => self.count += 1,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error of a file with these limits.
    fn refused(limits: Limits, parts: &[&[u8]]) -> Option<String> {
        let mut content = Content::new(limits, Arc::default());
        content.received.store(u64::MAX / RATIO, Ordering::Relaxed);
        parts.iter().find_map(|part| content.write_all(part).err()).map(|error| error.to_string())
    }

    #[test]
    fn a_file_has_at_most_its_bytes_and_records() {
        let half = vec![b' '; 1 << 19];
        let of_bytes = |bytes| Limits { bytes, records: u64::MAX };
        assert_eq!(refused(of_bytes(MIB), &[&half, &half]), None);
        let message = "the server sends more than 1 MiB".to_owned();
        assert_eq!(refused(of_bytes(MIB), &[&half, &half, b" "]), Some(message));
        let of_records = |records| Limits { bytes: MIB, records };
        // Two records, and one removed file more than one.
        let text = br#"{"packages": {"a\",": {"depends": ["b", "c"]}, "d": {"e": 1, "f": 2}}, "removed": ["g", "h"]}"#;
        for at in 0..text.len() {
            let parts = text.split_at(at);
            assert_eq!(refused(of_records(3), &[parts.0, parts.1]), None);
            let message = "the file has more than 2 records".to_owned();
            assert_eq!(refused(of_records(2), &[parts.0, parts.1]), Some(message));
        }
    }

    #[test]
    fn a_file_decompresses_to_little_or_to_a_multiple_of_its_size() {
        let content = |length: usize| {
            let mut content = Content::new(WHOLE, Arc::default());
            content.received.store(SMALL / RATIO, Ordering::Relaxed);
            content.write_all(&vec![b' '; length])
        };
        assert!(content(16 << 20).is_ok());
        let error = content((16 << 20) + 1).expect_err("a refusal").to_string();
        assert_eq!(error, "the file decompresses to more than 200 times its size");
    }

    #[test]
    fn all_files_of_a_run_count_together() {
        let run = Arc::new(AtomicU64::new(RUN - 2));
        let file = || Content::new(WHOLE, run.clone());
        assert!(file().write_all(b"a").is_ok() && file().write_all(b"b").is_ok());
        let error = file().write_all(b"c").expect_err("a refusal").to_string();
        assert_eq!(error, "all files together have more than 4096 MiB");
    }

    #[test]
    fn all_members_of_a_gzip_file_are_read() {
        let member = |text: &[u8]| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(text).and_then(|()| encoder.finish()).expect("memory")
        };
        let content = Content::new(WHOLE, Arc::default());
        let run = content.run.clone();
        let mut decoder = flate2::write::MultiGzDecoder::new(content);
        decoder.write_all(&[member(&vec![b' '; 1 << 20]), member(b"ab")].concat()).expect("a file");
        decoder.flush().expect("memory");
        assert_eq!(run.load(Ordering::Relaxed), MIB + 2);
    }
}
