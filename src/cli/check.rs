//! `conda-torch check`.

use anyhow::bail;

use conda_torch_core::audit::{Checkup, EnvironmentStatus, check};
use conda_torch_core::report::{ErrorCode, check as report};
use conda_torch_probe::environment;
use conda_torch_probe::host::Host;

use crate::built_in;
use crate::text;

use super::flags::{
    EnvironmentFlags, FormatFlags, GlobalFlags, MachineFlags, OutputFlags, machine, no_environment,
    read_environment, read_named, this_machine,
};
use super::install::Run;
use super::{Failure, Output, note};

const EXAMPLES: &str = "\
Examples:
  conda-torch check                           the active environment, else all
  conda-torch check -n torch
  conda-torch check -p ./env --machine gpu-node.json
                                              does it work on that node?

Exit codes: 0 no problems, 1 failure, 2 wrong command line, 4 problems found or no
PyTorch installed";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    environment: EnvironmentFlags,
    /// Run the commands that create a working environment, then test it
    #[arg(long)]
    fix: bool,
    /// With `--fix`, do not ask
    #[arg(short, long, requires = "fix")]
    yes: bool,
    #[command(flatten)]
    pub(super) machine: MachineFlags,
    #[command(flatten)]
    output: OutputFlags,
    #[command(flatten)]
    format: FormatFlags,
}

pub(super) fn run(args: &Args, global: &GlobalFlags, host: &dyn Host) -> anyhow::Result<Output> {
    let is_json = args.format.is_json(global)?;
    let matrix = built_in::matrix();
    let machine = machine(&args.machine, host, matrix)?;
    let here = this_machine(&args.machine, host, &machine);
    let place = args.environment.find(host, &here)?;
    let settings = conda_torch_probe::settings(host, &here.config_files);
    let checked = |environment| check(environment, &machine, matrix);
    let all: Vec<Checkup<'_>> = if let Some(place) = &place {
        vec![checked(read_environment(host, place, &settings)?)]
    } else {
        let places = environment::all(host, &here);
        places.iter().map(|place| checked(read_named(host, place, &settings))).collect()
    };
    if all.is_empty() {
        bail!(no_environment(&[]));
    }
    // An environment without PyTorch is a problem if it was named, or if no other has one.
    let has_none = all.iter().all(|one| one.status == EnvironmentStatus::NoPytorch);
    let has_problem = all.iter().any(|one| one.problems().next().is_some());
    let code = if has_problem || has_none { 4 } else { 0 };
    let client = args.output.target(&machine);
    let shell = args.output.shell(&machine);
    if args.fix {
        let [one] = all.as_slice() else { bail!(no_environment(&["-n NAME".to_owned()])) };
        let run = Run {
            client,
            machine: &machine,
            matrix,
            shell,
            is_here: !args.machine.is_other_machine(),
            way_back: None,
            file: None,
            global,
            host,
            is_json,
        };
        if let Some(output) = fix(one, &run, args.yes)? {
            return Ok(output);
        }
    }
    let stdout = match (all.as_slice(), place) {
        (all, _) if is_json => {
            global.answer(report::document(all, &machine, &client, shell, code), shell)?
        }
        ([one], Some(_)) => text::check::page(one, &client, shell, global.style(host))
            .map_err(|why| Failure::new(ErrorCode::FormatRefused, why.to_string()))?,
        (all, _) => text::check::table(all),
    };
    Ok(Output { stdout, code })
}

/// Creates an environment in place of one that does not work; `None` if there is nothing that packages fix.
fn fix(checkup: &Checkup<'_>, run: &Run<'_>, yes: bool) -> anyhow::Result<Option<Output>> {
    let steps = report::fix(checkup, &run.client);
    let Some(choice) = &checkup.advice.recommended else { return Ok(None) };
    if steps.is_empty() {
        note("note: no package fixes this");
        return Ok(None);
    }
    let steps = run.steps(steps)?;
    let page = text::check::page(checkup, &run.client, run.shell, run.global.style(run.host))?;
    run.show(&page);
    run.confirmed(yes, &steps, choice.computes_on).map(Some)
}
