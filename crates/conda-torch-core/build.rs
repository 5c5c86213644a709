//! Makes the program's tables of the rows in `src/matrix/data/`, so that it starts without parsing.
//! A row that is out of form or breaks a rule fails the build and says where.

#![expect(clippy::allow_attributes, reason = "that lint can only be allowed; see `types` below")]

use std::path::Path;
use std::process::ExitCode;

#[path = "src/matrix/check.rs"]
mod check;
#[path = "build/conda.rs"]
mod conda;
#[path = "src/matrix/emit.rs"]
mod emit;
#[path = "build/processors.rs"]
mod processors;
#[path = "src/matrix/report.rs"]
mod report;
#[path = "src/matrix/row.rs"]
mod row;
#[path = "src/types/mod.rs"]
#[allow(unfulfilled_lint_expectations, reason = "`types` expects lints that spare a build script")]
#[expect(dead_code, unused_imports, unreachable_pub, reason = "rows need a few of the types")]
#[expect(clippy::struct_field_names, reason = "said of types that no other crate sees")]
mod types;

use report::Report;
use row::{
    BuildsFile, CapabilitiesFile, CompanionsFile, CudaVersionsFile, DriversFile, ElsewhereFile,
    GpusFile, PciFile,
};

const DATA: &str = "src/matrix/data";

/// Every file of rows, parsed.
struct Files {
    builds: BuildsFile,
    companions: CompanionsFile,
    drivers: DriversFile,
    capabilities: CapabilitiesFile,
    gpus: GpusFile,
    pci: PciFile,
    cuda_versions: CudaVersionsFile,
    elsewhere: ElsewhereFile,
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
    let (builds, builds_text) = parse("builds.toml")?;
    let (companions, companions_text) = parse("companions.toml")?;
    let (drivers, drivers_text) = parse("drivers.toml")?;
    let (capabilities, capabilities_text) = parse("capabilities.toml")?;
    let (gpus, gpus_text) = parse("gpus.toml")?;
    let (pci, pci_text) = parse("pci.toml")?;
    let (cuda_versions, cuda_versions_text) = parse("cuda_versions.toml")?;
    let (elsewhere, elsewhere_text) = parse("elsewhere.toml")?;
    let mut problems = Vec::new();
    let mut check = |file, text: &str, rule: &dyn Fn(&mut Report<'_>)| {
        let mut report = Report::new(file, text);
        rule(&mut report);
        problems.append(&mut report.problems);
    };
    check("builds.toml", &builds_text, &|report| check::builds(&builds, report));
    check("companions.toml", &companions_text, &|report| {
        check::companions(&companions, &builds, report);
    });
    check("drivers.toml", &drivers_text, &|report| check::drivers(&drivers, report));
    check("capabilities.toml", &capabilities_text, &|report| {
        check::capabilities(&capabilities, report);
    });
    check("gpus.toml", &gpus_text, &|report| check::gpus(&gpus, &capabilities, report));
    check("pci.toml", &pci_text, &|report| check::pci(&pci, &capabilities, report));
    check("cuda_versions.toml", &cuda_versions_text, &|report| {
        check::cuda_versions(&cuda_versions, &builds, report);
    });
    check("elsewhere.toml", &elsewhere_text, &|report| check::elsewhere(&elsewhere, report));
    if problems.is_empty() {
        Ok(Files { builds, companions, drivers, capabilities, gpus, pci, cuda_versions, elsewhere })
    } else {
        Err(problems)
    }
}

#[expect(clippy::disallowed_methods, reason = "a build script reads its sources")]
fn parse<T: serde::de::DeserializeOwned>(name: &str) -> Result<(T, String), Vec<String>> {
    let path = Path::new(DATA).join(name);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| vec![format!("cannot read `{}`: {error}", path.display())])?;
    // The error's text shows the line, what was found and what was expected.
    match toml::from_str(&text) {
        Ok(file) => Ok((file, text)),
        Err(error) => Err(vec![format!("{name}: {error}")]),
    }
}

#[expect(clippy::disallowed_methods, reason = "a build script writes where Cargo tells it to")]
fn write(files: &Files) -> Result<(), Vec<String>> {
    let folder = std::env::var_os("OUT_DIR").ok_or_else(|| vec!["no `OUT_DIR`".to_owned()])?;
    for (name, text) in [("rows.rs", emit::tables(files)), ("processors.rs", processors::table())] {
        let path = Path::new(&folder).join(name);
        std::fs::write(&path, text)
            .map_err(|error| vec![format!("cannot write `{}`: {error}", path.display())])?;
    }
    Ok(())
}
