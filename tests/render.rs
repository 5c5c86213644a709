//! Every format for every client, on recorded machines.

#![expect(clippy::disallowed_methods, reason = "tests read recorded machines and run shells")]

mod common;

use common::{machine, machine_names};
use conda_torch::advise::{Request, advise};
use conda_torch::matrix::Matrix;
use conda_torch::model::{ClientKind, Machine, Shell};
use conda_torch::render::{self, Answer, ClientTarget, Environment, Style};

/// Renders the answer for a machine.
fn render<T>(
    machine: &Machine,
    request: &Request,
    client: Option<ClientKind>,
    environment: Environment,
    shell: Shell,
    format: impl Fn(&Answer<'_>) -> T,
) -> T {
    let matrix = Matrix::embedded();
    let advice = advise(machine, request, matrix);
    format(&Answer {
        machine,
        request,
        advice: &advice,
        as_of: matrix.as_of,
        client: ClientTarget::of(machine, client),
        environment,
        style: Style { width: 80, color: false, shell, all: false },
    })
}

#[test]
#[ignore = "for looking at"]
fn dump() {
    let mut out = String::new();
    for name in machine_names() {
        let machine = machine(&name);
        let text = render(
            &machine,
            &Request::default(),
            None,
            Environment::Unnamed,
            Shell::Posix,
            render::human,
        );
        out.push_str(&format!("=== {name}\n{}", text.expect("quotes")));
    }
    std::fs::write("/tmp/render-dump.txt", out).expect("writes");
}
