//! Why a client could not read a channel, by its output.

use crate::conda::FaultKind;

use super::output_text::beginning;

/// Text in the output, in lower case, and what it means; the first one found counts.
const SIGNS: [(&str, FaultKind); 45] = [
    ("could not find a proxy", FaultKind::Proxy),
    ("could not resolve proxy", FaultKind::Proxy),
    ("couldn't resolve proxy", FaultKind::Proxy),
    ("proxyerror", FaultKind::Proxy),
    ("certificate", FaultKind::Certificate),
    ("sslerror", FaultKind::Certificate),
    ("ssl peer", FaultKind::Certificate),
    ("ssl connect error", FaultKind::Certificate),
    ("checksummismatch", FaultKind::Damaged),
    ("zstderror", FaultKind::Damaged),
    ("unable to decompress", FaultKind::Damaged),
    ("decompression error", FaultKind::Damaged),
    ("data corruption", FaultKind::Damaged),
    ("incompleteread", FaultKind::CutShort),
    ("end-of-stream marker", FaultKind::CutShort),
    ("transferred a partial file", FaultKind::CutShort),
    ("transfer closed with", FaultKind::CutShort),
    ("toomanyredirects", FaultKind::Moved),
    ("exceeded 30 redirects", FaultKind::Moved),
    ("number of redirects", FaultKind::Moved),
    ("timed out", FaultKind::Slow),
    ("timeout was reached", FaultKind::Slow),
    ("timeouterror", FaultKind::Slow),
    ("operation too slow", FaultKind::Slow),
    ("couldn't read a file", FaultKind::NoChannel),
    ("could not resolve host", FaultKind::NoNetwork),
    ("couldn't resolve host", FaultKind::NoNetwork),
    ("failed to resolve", FaultKind::NoNetwork),
    ("name or service not known", FaultKind::NoNetwork),
    ("dns error", FaultKind::NoNetwork),
    ("connection failed", FaultKind::NoNetwork),
    ("connection refused", FaultKind::NoNetwork),
    ("connection reset", FaultKind::NoNetwork),
    ("connectionerror", FaultKind::NoNetwork),
    ("could not connect", FaultKind::NoNetwork),
    ("couldn't connect", FaultKind::NoNetwork),
    ("failed to connect", FaultKind::NoNetwork),
    ("error sending request", FaultKind::NoNetwork),
    ("network is unreachable", FaultKind::NoNetwork),
    ("download error", FaultKind::Other),
    ("multi-download failed", FaultKind::Other),
    ("failed to fetch", FaultKind::Other),
    ("failed to download", FaultKind::Other),
    ("not loaded!", FaultKind::Other),
    ("status client error", FaultKind::Other),
];

/// The text before an HTTP status.
const BEFORE_A_STATUS: [&str; 5] =
    ["http ", "status: ", "status client error (", "status server error (", "http status "];

/// The fault of a channel; `Other` if the output has no details.
pub(super) fn channel_fault(words: &str) -> Option<FaultKind> {
    let words = beginning(words).to_lowercase();
    let by_status = BEFORE_A_STATUS.iter().find_map(|before| {
        words.match_indices(before).find_map(|(at, _)| of_status(&words[at + before.len()..]))
    });
    let by_words = || SIGNS.iter().find(|(sign, _)| words.contains(sign)).map(|(_, kind)| *kind);
    by_status.or_else(by_words)
}

/// The fault of an HTTP status, if any.
fn of_status(text: &str) -> Option<FaultKind> {
    let digits = text.get(..3).filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()))?;
    match digits {
        "000" => Some(FaultKind::NoNetwork),
        "401" | "403" => Some(FaultKind::Refused),
        "404" | "410" => Some(FaultKind::NoChannel),
        "407" => Some(FaultKind::Proxy),
        "429" => Some(FaultKind::TooMany),
        _ if digits.starts_with('5') => Some(FaultKind::Server),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_output_of_real_clients() {
        for (words, kind) in [
            ("HTTP 401 Unauthorized for url <http://x/linux-64/repodata.json>", FaultKind::Refused),
            (
                "Transfer finalized, status: 403 [http://x/noarch/repodata.json] 3 bytes\nSubdir http://x/noarch not loaded!",
                FaultKind::Refused,
            ),
            ("HTTP 404 Not Search for channel f/404/conda-forge", FaultKind::NoChannel),
            (
                "Transfer finalized, status: 407 [http://x/noarch/repodata.json] 3 bytes",
                FaultKind::Proxy,
            ),
            ("Could not find a proxy for 'http'. See https://conda.io/docs", FaultKind::Proxy),
            ("HTTP 429 Too Many Requests for url <http://x>", FaultKind::TooMany),
            ("HTTP 503 Service Unavailable for url <http://x>", FaultKind::Server),
            (
                "ZstdError('Unable to decompress Zstandard data: Unknown frame descriptor')",
                FaultKind::Damaged,
            ),
            ("ZSTD decompression error: Data corruption detected", FaultKind::Damaged),
            (
                "ProtocolError('Connection broken: IncompleteRead(85059 bytes read, 85060 more expected)'",
                FaultKind::CutShort,
            ),
            (
                "EOFError('Compressed file ended before the end-of-stream marker was reached')",
                FaultKind::CutShort,
            ),
            ("TooManyRedirects('Exceeded 30 redirects.')", FaultKind::Moved),
            ("HTTP 000 CONNECTION FAILED for url <http://x>", FaultKind::NoNetwork),
            (
                "Download error (56) Failure when receiving data from the peer [http://x] Recv failure: Connection reset by peer",
                FaultKind::NoNetwork,
            ),
            ("Download error (7) Couldn't connect to server [http://x]", FaultKind::NoNetwork),
            (
                "Subdir http://x/noarch not loaded! If you run into this error repeatedly",
                FaultKind::Other,
            ),
        ] {
            assert_eq!(channel_fault(words), Some(kind), "{words}");
        }
    }

    #[test]
    fn solver_output_is_no_channel_fault() {
        for words in [
            "Could not solve for environment specs\nnothing provides __cuda needed by pytorch",
            "package pytorch-gpu-2.13.0 requires pytorch 2.13.0 cuda*_mkl*302, but none can be installed",
            "status: 200",
            "",
        ] {
            assert_eq!(channel_fault(words), None, "{words}");
        }
    }
}
