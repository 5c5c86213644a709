//! `fleet --json` and `fleet --format csv`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::conda::{Channels, MatchSpec, Subdir, Version};
use crate::fleet::{
    CurvePoint, Damage, DriverFact, DriverUpdate, FleetClass, FleetDrift, FleetEnvironment,
    FleetPlan, GpuKind, HostList, Libc, NodeChange, Service,
};
use crate::types::{Blas, Build, ClientKind, ComputeCapability, CudaVersion, DriverVersion};

use super::advise::{RequestReport, unlock};
use super::command::Command;
use super::{AcceleratorName, MatrixDate, Range, write};

/// How good an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Status {
    /// Every node is served, and every line was read.
    Ok,
    /// Nodes are not served or missing, lines are damaged, or nodes changed.
    Problems,
    /// No node is served.
    Unsatisfiable,
}

/// What `fleet --json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Content<'a> {
    /// The data that the answer is based on.
    matrix: MatrixDate<'a>,
    /// The answer in a word.
    status: Status,
    /// The exit code of the process: 0 answered, 3 no node is served, 4 problems found.
    exit_code: u8,
    /// What was asked for.
    request: RequestReport,
    /// How many nodes were read.
    nodes: u64,
    /// Of them, how many no environment serves.
    unserved: u64,
    /// Whether names, and what else identifies a fleet, were left out.
    redacted: bool,
    /// Nodes that are the same for PyTorch, those with most nodes first.
    classes: Vec<ClassReport>,
    /// The environments to make, those for most nodes first.
    environments: Vec<EnvironmentReport<'a>>,
    /// The best environments of each number, from none on: what one more gains.
    curve: Vec<CurveReport>,
    /// Driver updates that would gain something for all, the oldest driver first.
    driver_updates: Vec<UpdateReport>,
    /// What changed since the nodes of `--compare`; null without that flag.
    drift: Option<DriftReport>,
    /// Nodes without an answer: those of `--expect`, and those whose answer is damaged; null if redacted.
    missing: Option<String>,
    /// How many they are.
    missing_count: u64,
    /// Nodes with more than one answer, of which the last counts; null if redacted.
    repeated: Option<String>,
    /// Of them, those whose answers differ; null if redacted.
    contradicted: Option<String>,
    /// How many parts of the input describe no node.
    damaged: u64,
    /// Each of them, at most a thousand.
    damage: Vec<DamageReport>,
}

/// Nodes that are the same for PyTorch.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ClassReport {
    /// Its number, from 1 on.
    id: usize,
    /// How many nodes.
    nodes: u64,
    /// Their names as ranges: `gpu[001-128],login1`; null if redacted, or if they have none.
    names: Option<String>,
    /// How many have no name.
    unnamed: u64,
    /// Conda's platform; null if unknown.
    platform: Option<Subdir>,
    /// The version of glibc; null if unknown or elsewhere.
    glibc: Option<Version>,
    /// The version of macOS; null elsewhere.
    macos: Option<Version>,
    /// found, absent, unknown, silent.
    driver_status: &'static str,
    /// The NVIDIA driver; null unless found.
    driver: Option<DriverVersion>,
    /// The newest CUDA of the driver; null if unknown.
    driver_cuda: Option<CudaVersion>,
    /// The GPUs by kind.
    gpus: Vec<GpuReport>,
    /// The name of their environment; null if no build serves them.
    environment: Option<String>,
    /// native, same-major, ptx-jit, gpu, cpu: how it runs there; null without one.
    service: Option<Service>,
    /// The newest PyTorch that would run there; null if none does.
    newest_pytorch: Option<Version>,
    /// Why no build serves them.
    reasons: Vec<ReasonReport>,
    /// What would help most: `{"driver": ">=525.60.13"}`.
    help: BTreeMap<&'static str, Option<String>>,
}

/// GPUs of one kind on each node.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct GpuReport {
    /// The name that the driver reports; null if unknown.
    name: Option<String>,
    /// What it can execute; null if unknown.
    compute_capability: Option<ComputeCapability>,
    /// How many.
    count: u32,
    /// Whether it is split into MIG slices.
    mig: bool,
}

/// Why no build serves a class.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ReasonReport {
    /// The diagnostic's code.
    #[cfg_attr(test, schemars(with = "crate::diagnostics::Code"))]
    code: &'static str,
    /// A sentence.
    message: String,
}

/// One environment on the shared file system.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct EnvironmentReport<'a> {
    /// Its name, also as a feature of Slurm and a label of Kubernetes.
    name: &'a str,
    /// Its folder; null without `--prefix`.
    prefix: Option<String>,
    /// Its platform.
    platform: Subdir,
    /// PyTorch's version.
    pytorch: Version,
    /// cuda, cpu, mps.
    accelerator: AcceleratorName,
    /// The beginning of the build string.
    build: String,
    /// The build number.
    build_number: u16,
    /// mkl, generic.
    blas: Blas,
    /// The pin of `cuda-version`; null without CUDA.
    cuda_version: Option<CudaVersion>,
    /// The Python series that it exists for.
    python: Range<Version>,
    /// Match specs that select this build.
    specs: &'a [MatchSpec],
    /// How many nodes it is for.
    nodes: u64,
    /// Their names; null if redacted.
    names: Option<String>,
    /// The names of all nodes that it runs on; null if redacted.
    serves_names: Option<String>,
    /// Each class that it runs on.
    serves: Vec<ServesReport>,
    /// The commands that build it on a login node without a GPU, for each client.
    commands: Vec<Command>,
}

/// A class that an environment runs on.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ServesReport {
    /// The class.
    class: usize,
    /// native, same-major, ptx-jit, gpu, cpu.
    service: Service,
    /// Whether the environment is the one of this class.
    is_its_own: bool,
}

/// The best environments of one number.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CurveReport {
    /// How many environments.
    environments: usize,
    /// What they install.
    builds: Vec<BuildReport>,
    /// How many nodes they do not serve.
    unserved: u64,
    /// By how many releases of PyTorch the nodes are behind the newest that runs there, in sum over the nodes.
    releases_behind: u64,
    /// Nodes on which the driver compiles PTX at the first run.
    ptx_jit: u64,
    /// Nodes with machine code for another GPU of the same generation.
    same_major: u64,
    /// Whether it is proven that no others of this number are better.
    exact: bool,
    /// Whether these are the environments of this answer.
    chosen: bool,
}

/// A build.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct BuildReport {
    /// Its platform.
    platform: Subdir,
    /// PyTorch's version.
    pytorch: Version,
    /// The beginning of the build string.
    build: String,
}

/// A driver update, and what it gains.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct UpdateReport {
    /// The oldest driver that gains it.
    driver: DriverVersion,
    /// How many nodes need it.
    nodes: u64,
    /// Their names; null if redacted.
    names: Option<String>,
    /// PyTorch on most of them now; null if no build serves them.
    pytorch_now: Option<Version>,
    /// PyTorch on them after the update.
    pytorch_then: Option<Version>,
    /// The fewest environments afterwards.
    after: CurveReport,
}

/// What changed between two collections.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DriftReport {
    /// Nodes whose class changed, by what changed.
    changed: Vec<ChangedReport>,
    /// Nodes that answered before and not now; null if redacted.
    lost: Option<String>,
    /// How many they are.
    lost_count: u64,
    /// Nodes that answer now and did not before; null if redacted.
    added: Option<String>,
    /// How many they are.
    added_count: u64,
}

/// Nodes with the same changes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ChangedReport {
    /// How many.
    nodes: u64,
    /// Their names; null if redacted.
    names: Option<String>,
    /// What changed.
    changes: Vec<ChangeReport>,
    /// The name of their environment now; null if no build serves them.
    environment: Option<String>,
}

/// One change of nodes.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ChangeReport {
    /// driver, cuda, gpu-lost, gpu-added, gpu, platform, libc, other.
    what: &'static str,
    /// Before.
    from: String,
    /// Now.
    to: String,
}

/// A part of the input that describes no node.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DamageReport {
    /// The file; null if there was one input, or if redacted.
    file: Option<String>,
    /// The line, from 1 on.
    line: u64,
    /// The node; null if the line names none, or if redacted.
    node: Option<String>,
    /// What is wrong.
    message: String,
}

/// What a document of a fleet is for.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub struct FleetOutput<'a> {
    pub plan: &'a FleetPlan<'a>,
    pub drift: Option<&'a FleetDrift>,
    /// The folder of the environments.
    pub prefix: Option<&'a str>,
    pub channels: &'a Channels,
    pub is_redacted: bool,
}

impl FleetOutput<'_> {
    /// The exit code of the process: that of the plan, and 4 on drift.
    pub fn exit_code(&self) -> u8 {
        match self.plan.exit_code() {
            0 if self.drift.is_some_and(FleetDrift::is_problem) => 4,
            code => code,
        }
    }
}

/// Writes the answer for a fleet.
pub fn document(output: &FleetOutput<'_>) -> String {
    let FleetOutput { plan, drift, is_redacted, .. } = *output;
    let exit_code = output.exit_code();
    let names = |list: &HostList| (!is_redacted).then(|| list.to_string());
    write(Content {
        matrix: MatrixDate::of(plan.matrix),
        status: match exit_code {
            0 => Status::Ok,
            3 => Status::Unsatisfiable,
            _ => Status::Problems,
        },
        exit_code,
        request: RequestReport::from(&plan.request),
        nodes: plan.nodes,
        unserved: plan.unserved(),
        redacted: is_redacted,
        classes: (1..)
            .zip(&plan.classes)
            .map(|(id, it)| class(plan, id, it, is_redacted))
            .collect(),
        environments: plan
            .environments
            .iter()
            .enumerate()
            .map(|(at, it)| environment(output, at, it))
            .collect(),
        curve: plan
            .curve
            .iter()
            .enumerate()
            .map(|(at, point)| curve(point, at == plan.chosen))
            .collect(),
        driver_updates: plan.driver_updates.iter().map(|it| update(it, is_redacted)).collect(),
        drift: drift.map(|drift| drift_report(plan, drift, is_redacted)),
        missing: names(&plan.missing),
        missing_count: plan.missing.len(),
        repeated: names(&plan.repeated),
        contradicted: names(&plan.contradicted),
        damaged: plan.damaged,
        damage: plan.damage.iter().map(damage).collect(),
    })
}

fn named(list: &HostList, is_redacted: bool) -> Option<String> {
    (!is_redacted && !list.is_empty()).then(|| list.to_string())
}

fn class(
    plan: &FleetPlan<'_>,
    id: usize,
    class: &FleetClass<'_>,
    is_redacted: bool,
) -> ClassReport {
    let facts = &class.facts;
    let (driver_status, driver) = match facts.driver {
        DriverFact::Found(driver) => ("found", Some(driver)),
        DriverFact::Absent => ("absent", None),
        DriverFact::Unknown => ("unknown", None),
        DriverFact::Silent => ("silent", None),
    };
    let glibc = match facts.libc {
        Libc::Glibc(version) => Some(version),
        Libc::Other | Libc::Unknown | Libc::None => None,
    };
    let gpu = |kind: &GpuKind| GpuReport {
        name: kind.name.clone(),
        compute_capability: kind.capability,
        count: kind.count,
        mig: kind.mig,
    };
    let reasons = class.reasons.iter().zip(&class.reason_texts);
    let reasons =
        reasons.map(|(reason, text)| ReasonReport { code: reason.code(), message: text.clone() });
    ClassReport {
        id,
        nodes: class.nodes,
        names: named(&class.names, is_redacted),
        unnamed: class.unnamed,
        platform: facts.subdir,
        glibc,
        macos: facts.macos,
        driver_status,
        driver,
        driver_cuda: facts.driver_cuda,
        gpus: facts.gpus.iter().map(gpu).collect(),
        environment: class.environment.map(|(at, _)| plan.environments[at].name.clone()),
        service: class.environment.map(|(_, service)| service),
        newest_pytorch: class.best.map(|build| build.pytorch),
        reasons: reasons.collect(),
        help: class.help.iter().map(unlock).collect(),
    }
}

fn environment<'a>(
    output: &FleetOutput<'a>,
    at: usize,
    environment: &'a FleetEnvironment<'_>,
) -> EnvironmentReport<'a> {
    let FleetOutput { plan, prefix, channels, is_redacted, .. } = *output;
    let FleetEnvironment { name, choice, nodes, names, serves_names, serves, .. } = environment;
    let build = choice.build;
    let serves = serves.iter().map(|(class, service)| ServesReport {
        class: class + 1,
        service: *service,
        is_its_own: plan.classes[*class].environment.is_some_and(|(own, _)| own == at),
    });
    let clients = [ClientKind::Conda, ClientKind::Mamba, ClientKind::Micromamba, ClientKind::Pixi];
    let commands = clients.into_iter().flat_map(|client| {
        let steps = environment.steps(client, prefix, channels);
        steps.iter().map(Command::from).collect::<Vec<_>>()
    });
    EnvironmentReport {
        name,
        prefix: prefix.map(|folder| environment.path(folder)),
        platform: build.subdir,
        pytorch: build.pytorch,
        accelerator: choice.computes_on.into(),
        build: build.accelerator.build_prefix(),
        build_number: build.build_numbers.1,
        blas: build.blas,
        cuda_version: choice.cuda_version,
        python: choice.pythons.into(),
        specs: &choice.specs,
        nodes: *nodes,
        names: named(names, is_redacted),
        serves_names: named(serves_names, is_redacted),
        serves: serves.collect(),
        commands: commands.collect(),
    }
}

fn build(build: &Build) -> BuildReport {
    let Build { subdir, pytorch, accelerator, .. } = *build;
    BuildReport { platform: subdir, pytorch, build: accelerator.build_prefix() }
}

fn curve(point: &CurvePoint<'_>, chosen: bool) -> CurveReport {
    CurveReport {
        environments: point.builds.len(),
        builds: point.builds.iter().map(|it| build(it)).collect(),
        unserved: point.cost.unserved,
        releases_behind: point.cost.releases,
        ptx_jit: point.cost.ptx_jit,
        same_major: point.cost.same_major,
        exact: point.exact,
        chosen,
    }
}

fn update(update: &DriverUpdate<'_>, is_redacted: bool) -> UpdateReport {
    UpdateReport {
        driver: update.driver,
        nodes: update.nodes,
        names: named(&update.names, is_redacted),
        pytorch_now: update.pytorch.0,
        pytorch_then: update.pytorch.1,
        after: curve(&update.after, false),
    }
}

fn drift_report(plan: &FleetPlan<'_>, drift: &FleetDrift, is_redacted: bool) -> DriftReport {
    let change = |it: &NodeChange| ChangeReport {
        what: it.what.as_str(),
        from: it.from.clone(),
        to: it.to.clone(),
    };
    let changed = drift.changed.iter().map(|it| ChangedReport {
        nodes: it.names.len(),
        names: named(&it.names, is_redacted),
        changes: it.changes.iter().map(change).collect(),
        environment: plan.environment_of(&it.facts).map(|it| it.name.clone()),
    });
    DriftReport {
        changed: changed.collect(),
        lost: named(&drift.lost, is_redacted),
        lost_count: drift.lost.len(),
        added: named(&drift.added, is_redacted),
        added_count: drift.added.len(),
    }
}

fn damage(damage: &Damage) -> DamageReport {
    let Damage { file, line, node, why } = damage;
    DamageReport { file: file.clone(), line: *line, node: node.clone(), message: why.to_string() }
}

/// The columns of [`csv`].
const CSV: &str = "class,nodes,names,platform,glibc,macos,driver,driver_cuda,gpus,environment,service,pytorch,\
                   newest_pytorch,reasons\r\n";

/// Writes the classes as comma-separated values; cells with commas or quotes are quoted.
pub fn csv(plan: &FleetPlan<'_>, is_redacted: bool) -> String {
    let mut text = CSV.to_owned();
    for (id, it) in (1..).zip(&plan.classes) {
        let report = class(plan, id, it, is_redacted);
        let pytorch = it.environment.map(|(at, _)| plan.environments[at].choice.build.pytorch);
        let kinds: Vec<String> = it.facts.gpus.iter().map(ToString::to_string).collect();
        let reasons: Vec<&str> = report.reasons.iter().map(|it| it.code).collect();
        let cells = [
            id.to_string(),
            report.nodes.to_string(),
            report.names.unwrap_or_default(),
            cell(report.platform),
            cell(report.glibc),
            cell(report.macos),
            cell(report.driver),
            cell(report.driver_cuda),
            kinds.join(" + "),
            report.environment.unwrap_or_default(),
            report.service.map(Service::as_str).unwrap_or_default().to_owned(),
            cell(pytorch),
            cell(report.newest_pytorch),
            reasons.join(" "),
        ];
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A cell. One that a spreadsheet would run as a formula begins with a quote.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}
