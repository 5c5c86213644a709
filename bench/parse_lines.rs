//! Parses each line of standard input as JSON, to nothing: what `fleet` is measured against, in `bench/fleet`. With
//! `--document`, all of it as one value.

use std::io::{BufRead, Read};
use std::process::ExitCode;

use serde::de::IgnoredAny;

fn main() -> ExitCode {
    let mut input = std::io::stdin().lock();
    let (mut line, mut count) = (Vec::new(), 0_u64);
    let parse = |json: &[u8]| u64::from(serde_json::from_slice::<IgnoredAny>(json).is_ok());
    if std::env::args().nth(1).as_deref() == Some("--document") {
        count += u64::from(input.read_to_end(&mut line).is_ok()) * parse(&line);
    } else {
        while input.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            count += parse(&line);
            line.clear();
        }
    }
    ExitCode::from(u8::from(count == 0))
}
