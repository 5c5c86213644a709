//! Searches for inputs whose cost grows faster than their size: `growth SECONDS [TARGET…]`. Parts of the corpora are
//! repeated, one after the other or one below the other, after the start of a seed. The search is the same in every run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use conda_torch_fuzz::{READERS, Random, seeds};

/// The bytes of a small input and of a large one.
const SMALL: usize = 8 << 10;
const LARGE: usize = 64 << 10;

/// How often the time of the small one is too much for the large one, which has eight times the size.
const RATIO: u32 = 24;

/// Below this nothing is measured.
const FLOOR: Duration = Duration::from_millis(60);

/// Pieces that open, close, begin and continue something.
const PIECES: [&str; 64] = [
    "\n", "\r\n", "\r", " ", "  ", "\t", ": ", ":", "- ", "-", "#", "# ", "[", "]", "{", "}", "(", ")", "<", ">", "'", "\"", "\\", "\\\n",
    ",", ";", "=", "==", "*", "&a ", "*a", "|", "||", "&&", "$", "${", "${{", "$(", "%", "@", "!", "`", "```\n", "~~~\n", "<<X\n", "/",
    "//", "::", "://", "https://", ">=1,", "<a ", "</", "<!--", "[[", "]]", "\u{1b}[", "\u{202e}", "é", "0", "9999", ".", "pytorch", "#N",
];

/// What is repeated how: a start once, then parts, then other parts.
struct Shape {
    start: Vec<u8>,
    first: String,
    second: String,
}

impl Shape {
    fn of(seeds: &[Vec<u8>], random: &mut Random) -> Self {
        let seed = &seeds[random.below(seeds.len())];
        let start = match random.below(4) {
            0 => seed[..seed.len().min(1)].to_vec(),
            1 => seed.clone(),
            _ => seed[..random.below(seed.len() + 1)].to_vec(),
        };
        let part = |random: &mut Random| {
            let mut part = String::new();
            for _ in 0..=random.below(3) {
                let seed = String::from_utf8_lossy(&seeds[random.below(seeds.len())]).into_owned();
                match random.below(3) {
                    0 => part.push_str(PIECES[random.below(PIECES.len())]),
                    1 => {
                        let lines: Vec<&str> = seed.split_inclusive('\n').collect();
                        part.push_str(lines.get(random.below(lines.len())).unwrap_or(&""));
                    }
                    _ => {
                        let words: Vec<&str> = seed.split_inclusive([' ', '\n', '=', ',']).collect();
                        part.push_str(words.get(random.below(words.len())).unwrap_or(&""));
                    }
                }
            }
            part.truncate((0..=part.len().min(200)).rev().find(|at| part.is_char_boundary(*at)).unwrap_or(0));
            part
        };
        let first = part(random);
        let second = if random.below(3) == 0 { part(random) } else { String::new() };
        Self { start, first, second }
    }

    fn bytes(&self, size: usize) -> Vec<u8> {
        let mut bytes = self.start.clone();
        let parts = [&self.first, &self.second].into_iter().filter(|part| !part.is_empty());
        let share = size / parts.clone().count().max(1);
        for part in parts {
            let end = bytes.len() + share;
            let mut at = 0;
            while bytes.len() < end {
                bytes.extend_from_slice(part.replace("#N", &at.to_string()).as_bytes());
                at += 1;
            }
        }
        bytes
    }
}

fn time(run: fn(&[u8]), bytes: &[u8]) -> Duration {
    let start = Instant::now();
    if catch_unwind(AssertUnwindSafe(|| run(bytes))).is_err() {
        println!("  panicked on {:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(300)]));
    }
    start.elapsed()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).expect("growth SECONDS [TARGET…]");
    let names: Vec<String> = arguments.collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = 0;
    for (name, run) in READERS {
        if !names.is_empty() && !names.iter().any(|other| other == name) {
            continue;
        }
        let seeds = seeds(&root.join("corpus").join(name));
        let mut random = Random::default();
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut runs = 0;
        while Instant::now() < end {
            let shape = Shape::of(&seeds, &mut random);
            if shape.first.is_empty() {
                continue;
            }
            runs += 1;
            let small = time(run, &shape.bytes(SMALL));
            let large = if small > FLOOR { small } else { time(run, &shape.bytes(LARGE)) };
            // A second time: something else may have run.
            let grows = |small, large| large > FLOOR && large > small * RATIO;
            if small > FLOOR || grows(small, large) && {
                let (small, large) = (time(run, &shape.bytes(SMALL)), time(run, &shape.bytes(LARGE)));
                grows(small, large)
            } {
                found += 1;
                let start = String::from_utf8_lossy(&shape.start[..shape.start.len().min(60)]).into_owned();
                println!("{name}: {small:.1?} {large:.1?} {start:?} … {:?} {:?}", shape.first, shape.second);
            }
        }
        println!("{name}: {runs} shapes");
    }
    std::process::exit(i32::from(found > 0));
}
