//! Properties of answers for arbitrary machines, with every fact in every state and with texts that no driver
//! should report. The machines are the same in every run; `fuzz/` searches for others.

mod arbitrary;
mod holds;
mod schema;
mod shells;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use conda_torch_core::resolve::Request;
use conda_torch_core::types::Machine;

use holds::View;

/// The number of cases.
const CASES: u32 = 250;

/// Calls `visit` with each case; if it panics, with ever simpler cases that still panic.
fn each(visit: impl Fn(&Machine, &Request, &View)) {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let cases = (arbitrary::machine(), arbitrary::request(), arbitrary::view());
    let run = TestRunner::new_with_rng(config, rng).run(&cases, |(machine, request, view)| {
        visit(&machine, &request, &view);
        Ok(())
    });
    if let Err(failure) = run {
        panic!("{failure}");
    }
}

#[test]
fn every_answer_is_complete_valid_and_deterministic() {
    each(|machine, request, view| drop(holds::answered(machine, request, view)));
}

#[test]
fn every_machine_survives_saving_and_reading_back() {
    each(|machine, _, _| holds::saved_and_shown(machine));
}
