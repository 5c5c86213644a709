//! `conda-torch explain`: the page of a diagnostic.

use super::{Output, UsageError};

/// The pages, one heading a code.
const PAGES: &str = include_str!("../../docs/diagnostics.md");

/// Both uses.
const EXAMPLES: &str = "\
Examples:
  conda-torch explain no-kernels
  conda-torch explain                         the list of codes";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A code, as it stands in brackets behind a message [e.g. no-kernels]; none lists them all
    code: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Output> {
    let Some(code) = &args.code else {
        let mut stdout = String::new();
        for code in codes() {
            stdout.push_str(code);
            stdout.push('\n');
        }
        return Ok(Output { stdout, code: 0 });
    };
    let Some(page) = page(code) else {
        let error = format!("`{code}` is not a diagnostic; `conda-torch explain` lists them all");
        return Err(UsageError(error).into());
    };
    Ok(Output { stdout: page.to_owned(), code: 0 })
}

/// Every code that has a page.
fn codes() -> impl Iterator<Item = &'static str> {
    PAGES.lines().filter_map(|line| line.strip_prefix("## ")).map(str::trim)
}

/// From a code's heading to the next.
fn page(code: &str) -> Option<&'static str> {
    let heading = format!("## {code}\n");
    let start =
        if PAGES.starts_with(&heading) { 0 } else { PAGES.find(&format!("\n{heading}"))? + 1 };
    let rest = &PAGES[start..];
    let end = rest[2..].find("\n## ").map_or(rest.len(), |at| at + 3);
    Some(&rest[..end])
}
