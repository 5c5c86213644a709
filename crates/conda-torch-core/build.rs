//! Makes the program's tables of the rows in `src/matrix/data/`, so that it starts without parsing.
//! A malformed row, or one that breaks a rule, fails the build with its file and line.

#![allow(
    clippy::allow_attributes,
    dead_code,
    unused_imports,
    unreachable_pub,
    unfulfilled_lint_expectations,
    clippy::struct_field_names,
    reason = "rows need a part of the library's modules"
)]

use std::path::Path;
use std::process::ExitCode;

#[path = "src/matrix/check.rs"]
mod check;
#[path = "build/conda.rs"]
mod conda;
#[path = "build/emit.rs"]
mod emit;
#[path = "src/matrix/files.rs"]
mod files;
#[path = "build/processors.rs"]
mod processors;
#[path = "src/matrix/rows.rs"]
mod rows;
#[path = "src/types/mod.rs"]
mod types;

use check::Report;
use serde::de::DeserializeOwned;

const DATA: &str = "src/matrix/data";

/// Every file of rows, parsed and checked.
struct Files {
    builds: files::Builds,
    companions: files::Companions,
    drivers: files::Drivers,
    capabilities: files::Capabilities,
    gpus: files::Gpus,
    pci: files::Pci,
    cuda_versions: files::CudaVersions,
    jetpacks: files::JetPacks,
    metal: files::Metal,
    forward: files::Forward,
    elsewhere: files::Elsewhere,
}

#[expect(clippy::disallowed_macros, reason = "Cargo reads a build script's standard output")]
fn main() -> ExitCode {
    println!("cargo::rerun-if-changed={DATA}");
    match read().and_then(|files| write(&files)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            for line in problems.iter().flat_map(|problem| problem.lines()) {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn read() -> Result<Files, Vec<String>> {
    let mut problems = Vec::new();
    let builds = parse("builds.toml", &mut problems, check::builds)?;
    let capabilities = parse("capabilities.toml", &mut problems, check::capabilities)?;
    let gpus = parse("gpus.toml", &mut problems, |file, report| {
        check::gpus(file, &capabilities, report);
    })?;
    let files = Files {
        companions: parse("companions.toml", &mut problems, |file, report| {
            check::companions(file, &builds, report);
        })?,
        drivers: parse("drivers.toml", &mut problems, check::drivers)?,
        pci: parse("pci.toml", &mut problems, |file, report| {
            check::pci(file, &capabilities, report);
        })?,
        cuda_versions: parse("cuda_versions.toml", &mut problems, |file, report| {
            check::cuda_versions(file, &builds, report);
        })?,
        jetpacks: parse("jetpack.toml", &mut problems, check::jetpacks)?,
        metal: parse("metal.toml", &mut problems, check::metal)?,
        forward: parse("forward_compatibility.toml", &mut problems, |file, report| {
            check::forward(file, &gpus, report);
        })?,
        elsewhere: parse("elsewhere.toml", &mut problems, check::elsewhere)?,
        builds,
        capabilities,
        gpus,
    };
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

/// Reads a file, and collects the rules that its rows break.
#[expect(clippy::disallowed_methods, reason = "a build script reads its sources")]
fn parse<T: DeserializeOwned>(
    name: &str,
    problems: &mut Vec<String>,
    rules: impl Fn(&T, &mut Report<'_>),
) -> Result<T, Vec<String>> {
    let path = Path::new(DATA).join(name);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| vec![format!("cannot read `{}`: {error}", path.display())])?;
    // The error's text shows the line, what was found and what was expected.
    let file = toml::from_str(&text).map_err(|error| vec![format!("{name}: {error}")])?;
    let mut report = Report::new(name, &text);
    rules(&file, &mut report);
    problems.append(&mut report.problems);
    Ok(file)
}

#[expect(clippy::disallowed_methods, reason = "a build script writes where Cargo tells it to")]
fn write(files: &Files) -> Result<(), Vec<String>> {
    let folder = std::env::var_os("OUT_DIR").ok_or_else(|| vec!["no `OUT_DIR`".to_owned()])?;
    for (name, text) in [("rows.rs", emit::matrix(files)), ("processors.rs", processors::table())] {
        let path = Path::new(&folder).join(name);
        std::fs::write(&path, text)
            .map_err(|error| vec![format!("cannot write `{}`: {error}", path.display())])?;
    }
    Ok(())
}
