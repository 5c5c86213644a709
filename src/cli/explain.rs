//! `conda-torch explain`: what a code means, or which known failures a text has.

use std::ffi::OsStr;
use std::io::IsTerminal;

use anyhow::{Context, bail};
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use conda_torch_core::audit::{Checkup, check};
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::diagnostics::{CATALOG, entry};
use conda_torch_core::error_texts::{Scene, described_machine, find, known, known_error};
use conda_torch_core::escapes::visible;
use conda_torch_core::import::text_of;
use conda_torch_core::report::{ErrorCode, explain as report};
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::types::{ClientKind, Machine, Shell};
use conda_torch_probe::host::Host;
use conda_torch_probe::{Overrides, probe};

use crate::built_in;
use crate::text;

use super::flags::{
    EnvironmentFlags, FormatFlags, GlobalFlags, MachineFlags, OutputFlags, machine,
    read_environment, terminal_width, this_machine,
};
use super::{Failure, Output, completions, note, read_input};

const EXAMPLES: &str = "\
Examples:
  conda-torch explain no-kernels              a code
  conda-torch explain error.txt               the known failures in a text
  python train.py 2>&1 | conda-torch explain  in an output
  conda-torch explain error.txt --machine gpu-node.json
                                              of another machine
  conda-torch explain                         list all codes

Exit codes: 0 explained, 1 failure, 2 wrong command line, 3 no known failure";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A code, or a file with a traceback, a solver's message or a client's output; `-` for stdin
    #[arg(value_name = "CODE|FILE", add = ArgValueCompleter::new(completed))]
    what: Option<String>,
    #[command(flatten)]
    environment: EnvironmentFlags,
    #[command(flatten)]
    pub(super) machine: MachineFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    format: FormatFlags,
}

/// The largest text, in bytes.
const TEXT_LIMIT: usize = 64 << 20;

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let is_json = args.format.is_json(global)?;
    let text = match args.what.as_deref() {
        None => stdin_text(host)?,
        Some("-") => Some(read_text("-", host)?),
        Some(code) if let Some(page) = page(code) => {
            if host.is_file(code) {
                note(&format!("note: `{code}` is a code; for the file, pass `./{code}`"));
            }
            return answer_pages(vec![page], is_json, global, host);
        }
        Some(path) if host.exists(path) => Some(read_text(path, host)?),
        // A message that was pasted as an argument.
        Some(words) if words.trim().contains(' ') && !find(words).errors.is_empty() => {
            Some(words.to_owned())
        }
        Some(word) => bail!(unknown_code(word)),
    };
    match text {
        Some(text) => explain(&text, args, is_json, global, host),
        None => answer_pages(pages(), is_json, global, host),
    }
}

/// A code, its summary and its page.
type Page = (&'static str, String, String);

fn unknown_code(word: &str) -> Failure {
    let lower = word.to_lowercase();
    let codes = codes().map(|code| (strsim::damerau_levenshtein(code, &lower), code));
    let near = codes.min().filter(|(distance, _)| *distance <= (lower.len() / 4).min(3));
    let near = near.map_or_else(String::new, |(_, code)| format!("; did you mean `{code}`?"));
    let word = visible(word);
    let why = format!(
        "no code and no file is called `{word}`{near}\nhint: `conda-torch explain` lists all codes"
    );
    Failure::new(ErrorCode::InvalidValue, why)
}

fn page(code: &str) -> Option<Page> {
    let code = &*code.to_ascii_lowercase();
    let diagnostic = entry(code).map(|it| (it.code, it.summary(), it.page()));
    diagnostic.or_else(|| known_error(code).map(|it| (it.code, it.summary(), it.page())))
}

fn completed(typed: &OsStr) -> Vec<CompletionCandidate> {
    completions::names_and_files(codes(), typed)
}

fn codes() -> impl Iterator<Item = &'static str> {
    CATALOG.iter().map(|entry| entry.code).chain(known().map(|error| error.code))
}

fn pages() -> Vec<Page> {
    codes().filter_map(page).collect()
}

/// The page of one code, or a line for each.
fn answer_pages(
    pages: Vec<Page>,
    is_json: bool,
    global: &GlobalFlags,
    host: &dyn Host,
) -> anyhow::Result<Output> {
    let stdout = match pages.as_slice() {
        _ if is_json => global.answer(report::pages(pages), Shell::Posix)?,
        [(_, _, page)] => text::explain::code_page(page, global.style(host)),
        all if terminal_width().is_some() => {
            let codes = all.iter().map(|(code, summary, _)| (*code, &**summary));
            text::explain::code_list(codes, global.style(host))
        }
        all => {
            let lines = all.iter().map(|(code, summary, _)| format!("{code:28} {summary}\n"));
            lines.collect()
        }
    };
    Ok(Output { stdout, code: 0 })
}

/// The text on standard input; `None` if a person would have to type it, or if it is blank.
fn stdin_text(host: &dyn Host) -> anyhow::Result<Option<String>> {
    if std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let bytes = read_bytes("-", host)?;
    let text = text_of(&bytes).into_owned();
    Ok((!text.trim().is_empty()).then_some(text))
}

fn read_text(path: &str, host: &dyn Host) -> anyhow::Result<String> {
    let bytes = read_bytes(path, host)?;
    let text = text_of(&bytes).into_owned();
    if text.trim().is_empty() {
        let what = if path == "-" { "standard input is empty" } else { "the file is empty" };
        let hint = "pipe in the output: `python train.py 2>&1 | conda-torch explain`";
        bail!(Failure::new(ErrorCode::Unreadable, format!("{what}\nhint: {hint}")));
    }
    Ok(text)
}

fn read_bytes(path: &str, host: &dyn Host) -> anyhow::Result<Vec<u8>> {
    let name =
        if path == "-" { "standard input".to_owned() } else { format!("`{}`", visible(path)) };
    let bytes = read_input(path, host, TEXT_LIMIT).with_context(|| format!("cannot read {name}"));
    Ok(bytes.map_err(Failure::of(ErrorCode::Unreadable))?)
}

/// Judges the failures on the machine and in the environment; looks at neither if no failure is known.
fn explain(
    text: &str,
    args: &Args,
    is_json: bool,
    global: &GlobalFlags,
    host: &dyn Host,
) -> anyhow::Result<Output> {
    let matrix = built_in::matrix();
    let found = &find(text);
    if found.errors.is_empty() {
        let shell = Shell::Posix;
        let none = ClientTarget { kind: ClientKind::Conda, version: None, found: None };
        let stdout = if is_json {
            global.answer(report::document(found, &[], None, &none, shell, 3), shell)?
        } else {
            text::explain::unknown(found, global.style(host))
        };
        return Ok(Output { stdout, code: 3 });
    }
    let described = described_machine(text).filter(|_| !args.machine.is_given());
    let is_described = described.is_some();
    let is_other_machine = is_described || args.machine.is_other_machine();
    let (machine, here) = if let Some((machine, formats)) = described {
        note(&format!("note: for the machine that the text describes ({formats})"));
        (machine, probe(host, &Overrides::default()))
    } else {
        let machine = machine(&args.machine, host, matrix)?;
        let here = this_machine(&args.machine, host, &machine);
        (machine, here)
    };
    // The environment of another machine is elsewhere too, unless it is named.
    let is_looked_at = args.environment.is_given() || !is_other_machine;
    let place = if is_looked_at { args.environment.find(host, &here)? } else { None };
    let settings = conda_torch_probe::settings(host, &here.config_files);
    let checkup = place.map(|place| read_environment(host, &place, &settings)).transpose()?;
    let checkup = checkup.map(|environment| check(environment, &machine, matrix));
    let own = advise(&machine, &Request::default(), matrix);
    let scene = Scene {
        machine: &machine,
        advice: checkup.as_ref().map_or(&own, |checkup| &checkup.advice),
        checkup: checkup.as_ref(),
        matrix,
    };
    // A platform alone says nothing about drivers and GPUs.
    let is_known = is_described || !args.machine.is_platform_alone() || checkup.is_some();
    let scene = is_known.then_some(&scene);
    let judged: Vec<_> = found.errors.iter().map(|error| found.judge(error, scene)).collect();
    let client = match &checkup {
        Some(checkup) => {
            ClientTarget::of_environment(&machine, &checkup.environment.prefix, args.output.client)
        }
        None => args.output.target(&machine),
    };
    let shell = args.output.shell(&machine);
    let stdout = if is_json {
        global.answer(report::document(found, &judged, scene, &client, shell, 0), shell)?
    } else {
        text::explain::page(found, &judged, scene, &client, shell, true, global.style(host))
            .map_err(|why| Failure::new(ErrorCode::FormatRefused, why.to_string()))?
    };
    Ok(Output { stdout, code: 0 })
}

/// The known failures in the output of a program that was run here; `None` if there is none. `has_commands`: whether the
/// commands that fix them are new to the reader.
pub(super) fn explained(
    output: &str,
    machine: &Machine,
    checkup: Option<&Checkup<'_>>,
    client: &ClientTarget<'_>,
    shell: Shell,
    has_commands: bool,
    style: text::Style,
) -> Option<String> {
    let (found, matrix) = (find(output), built_in::matrix());
    if found.errors.is_empty() {
        return None;
    }
    let own = advise(machine, &Request::default(), matrix);
    let advice = checkup.map_or(&own, |checkup| &checkup.advice);
    let scene = Scene { machine, advice, checkup, matrix };
    let judged: Vec<_> =
        found.errors.iter().map(|error| found.judge(error, Some(&scene))).collect();
    text::explain::page(&found, &judged, Some(&scene), client, shell, has_commands, style).ok()
}
