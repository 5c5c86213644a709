//! Runs the targets on the corpora and on mutations of them, without libFuzzer: `mutate SECONDS [TARGET…]`.
//! The mutations are the same in every run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use conda_torch_fuzz::{Random, TARGETS, seeds};

/// What parsers care about.
const PIECES: [&[u8]; 32] = [
    b"\n", b" ", b": ", b"- ", b"#", b"[", b"]", b"{", b"}", b"'", b"\"", b"\\", b",", b"=", b"*", b"&a ", b"*a",
    b"pytorch", b"cpuonly", b"conda install ", b"-c pytorch", b"pytorch-cuda=12.1", b"cuda", b"\r\n", b"\t", b"|",
    b"\xff", b"\xef\xbb\xbf", "\u{202e}".as_bytes(), b"9999999999", b"https://u:p@h/t/tk/", b"\0",
];

fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(8) {
        let (a, b) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let (from, to) = (a.min(b), a.max(b));
        match random.below(7) {
            0 => drop(bytes.drain(from..to.min(from + 40))),
            1 => drop(bytes.splice(from..from, PIECES[random.below(PIECES.len())].iter().copied())),
            2 => {
                let copy = bytes[from..to.min(from + 200)].to_vec();
                let at = random.below(bytes.len() + 1);
                drop(bytes.splice(at..at, copy));
            }
            3 => {
                let other = &seeds[random.below(seeds.len())];
                let start = random.below(other.len() + 1);
                let end = other.len().min(start + random.below(200));
                drop(bytes.splice(from..from, other[start..end].iter().copied()));
            }
            4 => bytes.truncate(to),
            5 => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte = u8::try_from(random.below(256)).expect("a byte");
                }
            }
            _ => {
                // A line again, or two lines exchanged.
                let mut lines: Vec<Vec<u8>> = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
                let (a, b) = (random.below(lines.len()), random.below(lines.len()));
                lines.swap(a, b);
                bytes = lines.join(&b'\n');
            }
        }
    }
    bytes
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).expect("mutate SECONDS [TARGET…]");
    let names: Vec<String> = arguments.collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut failures = 0;
    for &(name, run) in TARGETS {
        if !names.is_empty() && !names.iter().any(|other| other == name) {
            continue;
        }
        let seeds = seeds(&root.join("corpus").join(name));
        let mut random = Random::default();
        let end = Instant::now() + Duration::from_secs(seconds);
        let (mut runs, mut slowest) = (0_u64, Duration::ZERO);
        let mut all = seeds.iter().cloned();
        while Instant::now() < end && failures < 20 {
            let bytes = all.next().unwrap_or_else(|| mutated(&seeds, &mut random));
            let start = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| run(&bytes))).is_err() {
                failures += 1;
                let folder = root.join("artifacts").join(name);
                let file = folder.join(format!("{runs}"));
                let kept = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, &bytes));
                println!("{name}: failed on {} ({kept:?})", file.display());
            }
            slowest = slowest.max(start.elapsed());
            runs += 1;
        }
        println!("{name}: {} seeds, {runs} runs, the slowest {slowest:.1?}", seeds.len());
    }
    std::process::exit(i32::from(failures > 0));
}
