//! An environment for a person, and a table of several.

use std::fmt::Write as _;

use tabled::builder::Builder;
use tabled::settings::{Padding, Style};

use conda_torch_core::audit::words;
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands::{
    StepKind,
    shell::{self, CannotQuote},
};
use conda_torch_core::diagnostics::{Diagnostic, Severity};
use conda_torch_core::formats::visible;
use conda_torch_core::report::check::Checked;
use conda_torch_core::types::Shell;

use super::summary;
use super::wrap::{wrap, wrap_parts};

/// One environment: what is installed, whether it is sound, each finding, what to type.
///
/// # Errors
/// Where a name cannot be written for the shell.
pub fn page(
    checked: &Checked<'_>,
    client: &ClientTarget<'_>,
    shell: Shell,
    style: super::Style,
) -> Result<String, CannotQuote> {
    let width = style.width;
    let Checked { environment, checkup } = checked;
    let mut out = String::with_capacity(1024);
    let mut first = vec![environment.prefix.clone()];
    first.extend(environment.name.clone().map(|name| format!("`{name}`")));
    first.extend(environment.subdir.map(|subdir| subdir.to_string()));
    let python = environment.package("python");
    first.extend(python.map(|python| format!("Python {}", python.version)));
    wrap_parts(&mut out, &first, width);
    wrap_parts(&mut out, &summary::graphics(&checkup.machine), width);
    wrap_parts(&mut out, &summary::system(&checkup.machine), width);
    out.push('\n');
    if checkup.installed.is_some() {
        wrap(&mut out, "", &words::installed(checkup.installed.as_ref()), width);
    }
    wrap(&mut out, "", words::judged(checkup.verdict), width);
    out.push('\n');
    let context = checkup.context();
    for finding in &checkup.findings {
        let label = match finding.installed_severity() {
            Severity::Error => "error: ",
            Severity::Warning => "warning: ",
            Severity::Info => "note: ",
        };
        let message = finding.message(&context);
        wrap(&mut out, label, &format!("{message} [{}]", finding.code()), width);
        if let Some(symptom) = finding.symptom() {
            wrap(&mut out, "  you will see: ", &symptom, width);
        }
        if let Some(hint) = finding.hint(&context) {
            wrap(&mut out, "  hint: ", &hint, width);
        }
    }
    mend(&mut out, checked, client, shell, width)?;
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// The commands that mend it.
fn mend(
    out: &mut String,
    checked: &Checked<'_>,
    client: &ClientTarget<'_>,
    shell: Shell,
    width: usize,
) -> Result<(), CannotQuote> {
    let steps = checked.fix(client);
    for (title, is_check) in [("To mend it, a new environment:", false), ("Check it:", true)] {
        let steps = steps.iter().filter(|step| (step.kind == StepKind::Check) == is_check);
        let mut titled = false;
        for step in steps {
            if !titled {
                let _ = write!(out, "\n{title}\n");
                titled = true;
            }
            for line in shell::lines(step, shell, width.saturating_sub(2))? {
                let _ = writeln!(out, "  {line}");
            }
        }
    }
    Ok(())
}

/// Several environments, a line each.
#[must_use]
pub fn table(all: &[Checked<'_>]) -> String {
    let mut rows = Builder::default();
    rows.push_record(["environment", "PyTorch", "for", "channel", "verdict"]);
    for Checked { environment, checkup } in all {
        let installed = checkup.installed.as_ref();
        let codes =
            checkup.findings.iter().filter(|it| it.installed_severity() >= Severity::Warning);
        let first = codes.map(Diagnostic::code).next();
        let verdict = words::verdict(checkup.verdict);
        rows.push_record([
            visible(words::name(environment)).into_owned(),
            installed.map(|it| it.version_text().to_owned()).unwrap_or_default(),
            installed.map(words::accelerator).unwrap_or_default(),
            installed.map(|it| words::channel(it).to_owned()).unwrap_or_default(),
            first.map_or(verdict.to_owned(), |code| format!("{verdict} [{code}]")),
        ]);
    }
    let mut table = rows.build();
    table.with(Style::empty()).with(Padding::new(0, 2, 0, 0));
    let lines = table.to_string();
    let mut out = String::with_capacity(lines.len());
    for line in lines.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push_str("\n`conda-torch check -n NAME` (or `-p FOLDER`) tells more of one\n");
    out
}
