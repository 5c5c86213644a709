//! `conda-torch test`: kernels of an installed PyTorch, run.

use std::time::Duration;

use anyhow::bail;

use conda_torch_core::audit::check;
use conda_torch_core::clients::ClientTarget;
use conda_torch_core::question::usual_shell;
use conda_torch_core::report::{self, ErrorCode, InstallReport, InstallStatus};
use conda_torch_core::smoke_test::{MEASURE, PROGRAM, SmokeTest, expected_accelerator};
use conda_torch_core::types::Shell;
use conda_torch_host::{Command, CommandEnd, run_command};
use conda_torch_probe::environment::{self, Location};
use conda_torch_probe::host::Host;

use crate::built_in;
use crate::text::{self, Style};

use super::explain::explained;
use super::flags::{
    EnvironmentFlags, FormatFlags, GlobalFlags, MachineFlags, environment_flag, machine,
    no_environment, page_width, read_environment,
};
use super::progress::Progress;
use super::{Failure, Interrupted, Output, note};

const EXAMPLES: &str = "\
Examples:
  conda-torch test                            the active environment
  conda-torch test -n torch

Exit codes: 0 PyTorch works, 1 failure, 2 wrong command line, 4 does not work";

/// How long the kernels may take: a driver that compiles them needs minutes.
const DEADLINE: Duration = Duration::from_mins(15);

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    environment: EnvironmentFlags,
    #[command(flatten)]
    format: FormatFlags,
}

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let is_json = args.format.is_json(global)?;
    let here = machine(&MachineFlags::default(), host, built_in::matrix())?;
    let Some(place) = args.environment.find(host, &here)? else {
        let has_pytorch =
            |place: &Location| environment::read(host, place).package("pytorch").is_some();
        let with = environment::all(host, &here).into_iter().find(has_pytorch);
        let flag = with.map(|place| environment_flag(&place, usual_shell(&here)));
        bail!(no_environment(flag.as_slice()))
    };
    let settings = conda_torch_probe::settings(host, &here.config_files);
    let checkup = check(read_environment(host, &place, &settings)?, &here, built_in::matrix());
    let accelerator = checkup.installed.as_ref().and_then(|installed| installed.accelerator);
    let expected = accelerator.and_then(|built| expected_accelerator(built, &here, true));
    let test = run_in(host, &place.prefix, true)?;
    let problem = test.as_ref().ok().and_then(|test| test.problem(expected));
    let status = InstallStatus::of_test(problem.as_ref(), test.is_ok());
    let code = status.exit_code();
    let error = test.as_ref().map_or_else(|how| Some(how.as_str()), |test| test.error.as_deref());
    if let Some(error) = error.filter(|_| status == InstallStatus::Broken) {
        let client = ClientTarget::of_environment(&here, &place.prefix, None);
        let (shell, style) = (usual_shell(&here), Style::plain(page_width()));
        let known = explained(error, &here, Some(&checkup), &client, shell, true, style);
        note(known.unwrap_or_default().trim_end());
    }
    if !is_json {
        let style = global.style(host);
        let page = text::tested(&checkup, &here, test.as_ref(), problem.as_ref(), style);
        return Ok(Output { stdout: page, code });
    }
    let report = InstallReport {
        status,
        prefix: Some(&place.prefix),
        steps: &[],
        backup: None,
        failure: test.as_ref().err().cloned(),
        findings: Some((&checkup.findings, checkup.context())),
        test: test.as_ref().ok(),
        problem,
    };
    Ok(Output { stdout: global.answer(report::install(&report), Shell::Posix)?, code })
}

/// Runs the program with the Python of an environment. `Err`: why there is no result.
pub(super) fn run_in(
    host: &dyn Host,
    prefix: &str,
    measures: bool,
) -> anyhow::Result<Result<SmokeTest, String>> {
    let is_windows = host.target().is(conda_torch_core::conda::Os::Windows);
    let python = if is_windows { "python.exe" } else { "bin/python" };
    let python = host.target().join(prefix, python);
    if !host.exists(&python) {
        return Ok(Err("the environment has no Python".to_owned()));
    }
    let mut arguments = vec!["-c".to_owned(), PROGRAM.to_owned()];
    arguments.extend(measures.then(|| MEASURE.to_owned()));
    // What activating adds on Windows, where libraries are found by `PATH`.
    let library = ["", "Library\\mingw-w64\\bin", "Library\\usr\\bin", "Library\\bin", "Scripts"];
    let mut path: Vec<String> = library.map(|name| host.target().join(prefix, name)).to_vec();
    path.extend(host.env("PATH"));
    let path = path.join(";");
    let env = [("PATH", path.as_str())];
    let env = if is_windows { &env[..] } else { &[] };
    let command =
        Command { program: &python, arguments: &arguments, env, stdin: "", deadline: DEADLINE };
    let mut progress = Progress::new("Running kernels".to_owned(), true);
    let ran = run_command(&command, &mut |took| progress.tick(took));
    drop(progress);
    let ran = ran
        .map_err(|why| Failure::new(ErrorCode::Failed, format!("cannot run `{python}`: {why}")))?;
    let result = SmokeTest::read(&String::from_utf8_lossy(&ran.stdout));
    let stderr = String::from_utf8_lossy(&ran.stderr);
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    Ok(match (ran.end, result) {
        (CommandEnd::Interrupted(signal), _) => bail!(Interrupted(signal)),
        (CommandEnd::Exited(0), Some(result)) => Ok(result),
        (CommandEnd::Killed(signal), _) => {
            let last = if last.is_empty() { String::new() } else { format!(": {last}") };
            Err(format!("Python was killed by signal {signal}{last}"))
        }
        (CommandEnd::TimedOut, _) => Err(format!("no result after {} s", DEADLINE.as_secs())),
        (CommandEnd::TooLarge, _) => Err("Python prints too much".to_owned()),
        (CommandEnd::Exited(code), _) if last.is_empty() => {
            Err(format!("Python ended with exit code {code} and no result"))
        }
        (CommandEnd::Exited(_), _) => Err(format!("Python failed: {last}")),
    })
}
