//! How the decision grows with the matrix: one `advise` on the built-in matrix, and on one ten times as large.
#![expect(clippy::disallowed_macros, reason = "a benchmark prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use conda_torch_core::import::read_machine;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::resolve::{Request, advise};

/// How many times larger the second matrix is.
const TIMES: u16 = 10;
const MACHINE: &str = include_str!("../tests/machines/gtx1080ti-driver-580.json");

fn main() {
    let small = Matrix::embedded();
    let mut large = small.clone();
    large.builds.to_mut().clear();
    large.companions.to_mut().clear();
    for build in small.builds.iter() {
        for copy in 0..TIMES {
            let (first, last) = build.build_numbers;
            let build_numbers = (first + 1000 * copy, last + 1000 * copy);
            large
                .builds
                .to_mut()
                .push(conda_torch_core::types::Build { build_numbers, ..build.clone() });
        }
    }
    for companion in small.companions.iter() {
        large.companions.to_mut().extend((0..TIMES).map(|_| companion.clone()));
    }
    let (one, many) = (decision_time(small), decision_time(&large));
    let ratio = many.as_secs_f64() / one.as_secs_f64();
    println!(
        "decision: {one:.1?} with {} builds, {many:.1?} with {} ({ratio:.1} times for {TIMES} times the builds)",
        small.builds.len(),
        large.builds.len(),
    );
}

/// The median of many decisions.
fn decision_time(matrix: &Matrix) -> Duration {
    let machine = read_machine(MACHINE, None).expect("a recorded machine");
    let request = Request::default();
    // Kept, as a program decides once, in new memory. When freed, glibc returns a large answer alone to the
    // system, and getting that memory back takes longer than the decision.
    let mut answers = Vec::new();
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let start = Instant::now();
            answers.push(advise(black_box(&machine), &request, black_box(matrix)));
            start.elapsed()
        })
        .collect();
    black_box(answers);
    times.sort_unstable();
    times[times.len() / 2]
}
