//! Environments and their plans.

use super::*;
use crate::conda::Subdir;
use crate::resolve::RequestedAccelerator;
use crate::types::{
    ComputeCapability, CudaVersion, Detected, DriverVersion, Gpu, InstalledPackage, Origin,
};

/// linux-64 with an A100 and driver 550 (CUDA 12.4).
fn machine() -> Machine {
    let flag = || Origin::Flag("--gpu".into());
    Machine {
        driver: Detected::found("550.54.14".parse::<DriverVersion>().expect("a driver"), flag()),
        driver_cuda: Detected::found(CudaVersion::new(12, 4), flag()),
        gpu_count: Detected::found(1, flag()),
        gpus: vec![Gpu {
            compute_capability: Detected::found(ComputeCapability { major: 8, minor: 0 }, flag()),
            ..Gpu::default()
        }],
        ..Machine::baseline(Subdir::Linux64)
    }
}

fn package(text: &str, depends: &[&str]) -> InstalledPackage {
    let mut words = text.split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    InstalledPackage {
        channel: word(),
        name: word(),
        version: word(),
        build: word(),
        depends: depends.iter().map(|&depend| depend.to_owned()).collect(),
        ..InstalledPackage::default()
    }
}

/// What `create -c pytorch -c nvidia … pytorch-cuda=12.1` left.
fn environment(requested: &[&str]) -> Environment {
    Environment {
        prefix: "/opt/conda/envs/old".to_owned(),
        name: Some("old".to_owned()),
        packages: vec![
            package("nvidia libcublas 12.1.0.26 0", &[]),
            package("pkgs/main numpy 1.26.4 py311h0", &["python >=3.11,<3.12.0a0"]),
            package("pkgs/main python 3.11.9 h0", &[]),
            package(
                "pytorch pytorch 2.5.1 py3.11_cuda12.1_cudnn9.1.0_0",
                &["python >=3.11,<3.12.0a0", "pytorch-cuda >=12.1,<12.2", "numpy"],
            ),
            package("pytorch pytorch-cuda 12.1 h0_6", &["libcublas >=12.1.0.26,<12.1.3.1"]),
            package("pytorch torchvision 0.20.1 py311_cu121", &["pytorch 2.5.1", "numpy"]),
        ],
        requested: requested.iter().map(|&spec| spec.to_owned()).collect(),
        ..Environment::default()
    }
}

fn plan_of(
    environment: &Environment,
    overrides: &RequestOverrides,
) -> (MigrationPlan, Vec<CodeAndMessage>) {
    let migration = migrate(environment, &machine(), Matrix::of_tests(), overrides);
    (migration.plan.expect("a plan"), migration.target.changes)
}

/// The outcome, the new specs and the code of the reason.
fn outcome(plan: &MigrationPlan, name: &str) -> (PackageOutcome, String, String) {
    let entry = plan.packages.iter().find(|entry| entry.spec.name == name);
    let entry = entry.expect("it is requested").clone();
    let code = entry.reason.map_or_else(String::new, |reason| reason.code.into_owned());
    (entry.outcome, entry.specs.join(" "), code)
}

fn decided(outcome: PackageOutcome, specs: &str, code: &str) -> (PackageOutcome, String, String) {
    (outcome, specs.to_owned(), code.to_owned())
}

fn codes(all: &[CodeAndMessage]) -> Vec<&str> {
    all.iter().map(|one| &*one.code).collect()
}

#[test]
fn replaces_the_old_cuda_pin_with_that_of_the_build() {
    let old = environment(&["python=3.11", "pytorch::pytorch", "pytorch-cuda=12.1", "numpy"]);
    let (plan, changes) = plan_of(&old, &RequestOverrides::default());
    assert_eq!(
        plan.specs,
        ["pytorch-gpu=2.13.0", "torchvision=0.28.0", "cuda-version=12.9", "python=3.11", "numpy"]
    );
    assert_eq!(
        outcome(&plan, "pytorch-cuda"),
        decided(PackageOutcome::Replaced, "cuda-version=12.9", "follows-the-build")
    );
    assert_eq!(changes, []);
    assert_eq!(plan.obstacles, []);
}

#[test]
fn removes_only_installed_packages_in_place() {
    let old = environment(&["python=3.11", "pytorch", "torchvision", "pytorch-cuda=12.1"]);
    let (plan, _) = plan_of(&old, &RequestOverrides::default());
    let remove = ["libcublas", "python", "pytorch", "pytorch-cuda", "torchvision"];
    assert_eq!(plan.in_place.remove, remove);
    assert_eq!((plan.in_place.dependents, plan.in_place.orphans), (vec!["numpy".to_owned()], 0));
    assert!(plan.in_place.specs.contains(&"torchvision=0.28.0".to_owned()));
}

#[test]
fn pip_goes_with_the_python_that_it_needs() {
    let mut old = environment(&["python=3.11", "pytorch", "pytorch-cuda=12.1"]);
    old.packages.insert(2, package("pkgs/main pip 25.0 py0", &["python"]));
    old.packages[2].subdir = "noarch".to_owned();
    let (plan, _) = plan_of(&old, &RequestOverrides::default());
    assert!(plan.in_place.remove.contains(&"pip".to_owned()), "{:?}", plan.in_place.remove);
    // Python of conda-forge stays, and pip with it.
    old.packages[3].channel = "conda-forge".to_owned();
    let (plan, _) = plan_of(&old, &RequestOverrides::default());
    assert!(!plan.in_place.remove.contains(&"pip".to_owned()), "{:?}", plan.in_place.remove);
}

#[test]
fn reinstalls_dependents_of_removed_nvidia_libraries() {
    let mut old = environment(&["python=3.11", "pytorch", "pytorch-cuda=12.1", "solver"]);
    old.packages.insert(5, package("conda-forge solver 1.0 0", &["libcublas >=12"]));
    let (plan, _) = plan_of(&old, &RequestOverrides::default());
    assert!(plan.in_place.remove.contains(&"libcublas".to_owned()));
    assert_eq!(plan.in_place.dependents, ["numpy", "solver"]);
    assert!(plan.in_place.specs.contains(&"solver".to_owned()));
}

#[test]
fn changes_an_old_python_and_names_the_pytorch_that_keeps_it() {
    let mut old = environment(&["python=3.8", "pytorch", "pytorch-cuda=12.1"]);
    old.packages[2] = package("pkgs/main python 3.8.9 h0", &[]);
    let (plan, changes) = plan_of(&old, &RequestOverrides::default());
    assert_eq!(
        changes[0].message,
        "Python 3.8 becomes 3.10: this PyTorch has no builds for Python 3.8; `--python 3.8` keeps it, with PyTorch 2.4.0"
    );
    assert!(plan.specs.contains(&"python=3.10".to_owned()));
    assert_eq!(codes(&plan.obstacles), ["other-python"]);
    let message = "Python 3.8 would become 3.10, and lose what pip installed";
    assert_eq!(plan.obstacles[0].message, message);
}

#[test]
fn changes_an_unavailable_pytorch_to_the_nearest() {
    let old = environment(&["python=3.11", "pytorch=2.2", "pytorch-cuda=12.1"]);
    let (plan, changes) = plan_of(&old, &RequestOverrides::default());
    assert_eq!(codes(&changes), ["pytorch-moves"]);
    assert!(changes[0].message.starts_with("PyTorch 2.2 becomes 2.1.2"), "{changes:?}");
    assert!(plan.specs[0].contains("2.1.2"), "{:?}", plan.specs);
}

#[test]
fn a_range_selects_its_newest_version() {
    let old = environment(&["python=3.11", "pytorch>=2.0,<2.9", "pytorch-cuda=12.1"]);
    let (plan, changes) = plan_of(&old, &RequestOverrides::default());
    assert_eq!((plan.specs[0].as_str(), changes.len()), ("pytorch-gpu=2.8.0", 0));
}

#[test]
fn requires_a_gpu_if_the_environment_used_one() {
    let old = environment(&["python=3.11", "pytorch", "pytorch-cuda=12.1"]);
    // Looked at, and not described: a driver is not assumed.
    let subdir = Detected::found(Subdir::Linux64, Origin::Compiled);
    let nowhere = Machine { subdir, ..Machine::baseline(Subdir::Linux64) };
    let migration = migrate(&old, &nowhere, Matrix::of_tests(), &RequestOverrides::default());
    assert!(migration.is_needed && migration.plan.is_none());
    let cpu = RequestOverrides {
        accelerator: Some(RequestedAccelerator::Cpu),
        ..RequestOverrides::default()
    };
    let migration = migrate(&old, &nowhere, Matrix::of_tests(), &cpu);
    let plan = migration.plan.expect("a plan");
    assert_eq!(plan.specs[0], "pytorch-cpu=2.13.0");
    assert_eq!(outcome(&plan, "pytorch-cuda"), decided(PackageOutcome::LeftOut, "", "no-cuda"));
}

#[test]
fn keeps_other_channels_unless_a_package_needs_an_old_pytorch() {
    let mut old = environment(&["python=3.11", "pytorch", "pytorch-cuda=12.1", "tools", "ops"]);
    old.packages.insert(2, package("corp ops 1.0 0", &["pytorch 2.5.1.*"]));
    old.packages.insert(6, package("corp tools 1.0 0", &["python"]));
    let (plan, _) = plan_of(&old, &RequestOverrides::default());
    assert_eq!(plan.channels, ["corp"]);
    assert_eq!(
        outcome(&plan, "tools"),
        decided(PackageOutcome::Changed, "corp::tools", "own-channel")
    );
    assert_eq!(outcome(&plan, "ops"), decided(PackageOutcome::LeftOut, "", "holds-back"));
    let ops = plan.packages.last().and_then(|package| package.reason.as_ref()).expect("a reason");
    assert!(ops.message.starts_with("it needs `pytorch 2.5.1.*`"), "{ops:?}");
}

#[test]
fn pins_and_pip_prevent_a_change_in_place() {
    let requested = ["python=3.11", "pytorch", "pytorch-cuda=12.1"];
    let pin = "pytorch 2.5.*".to_owned();
    let pinned = Environment { pinned: vec![pin], ..environment(&requested) };
    let obstacles = plan_of(&pinned, &RequestOverrides::default()).0.obstacles;
    assert_eq!(codes(&obstacles), ["pinned"]);
    assert!(obstacles[0].message.contains("pins `pytorch 2.5.*`"), "{obstacles:?}");
    let of_pip = PipPackage { name: "torch".to_owned(), version: "2.6.0+cu124".to_owned() };
    let with_pip = Environment { pip: vec![of_pip], ..environment(&requested) };
    let (plan, _) = plan_of(&with_pip, &RequestOverrides::default());
    assert_eq!(codes(&plan.obstacles), ["torch-of-pip"]);
    assert!(plan.obstacles[0].message.contains("installed `torch`"), "{:?}", plan.obstacles);
    assert_eq!((plan.pip.len(), plan.pip_left_out), (0, vec!["torch".to_owned()]));
    let base = Environment { name: Some("base".to_owned()), ..environment(&requested) };
    let (plan, _) = plan_of(&base, &RequestOverrides::default());
    assert_eq!(codes(&plan.obstacles), ["base"]);
}

#[test]
fn an_environment_from_conda_forge_needs_no_migration() {
    let mut new = environment(&["pytorch-gpu"]);
    for package in &mut new.packages {
        package.channel = "conda-forge".to_owned();
    }
    new.packages.retain(|package| package.name != "pytorch-cuda");
    assert!(!needs_migration(&new));
    new.packages[1].channel = "pkgs/main".to_owned();
    assert!(!needs_migration(&new));
    new.packages.insert(0, package("conda-forge cpuonly 2.0 0", &[]));
    assert!(needs_migration(&new));
}

/// conda-forge's build of PyTorch 1.13.1 for CUDA 11.2 runs with every CUDA 11 from there on.
#[test]
fn a_named_cuda_version_stays_if_the_build_accepts_it() {
    let pin = |requested: &[&str]| {
        let environment = environment(requested);
        let migration =
            migrate(&environment, &machine(), Matrix::of_tests(), &RequestOverrides::default());
        let choice = migration.target.advice.recommended.expect("a build");
        (choice.build.pytorch.to_string(), choice.cuda_version)
    };
    let cuda = |major, minor| Some(CudaVersion::new(major, minor));
    for (named, kept) in [
        ("pytorch-cuda=11.7", cuda(11, 7)),
        ("pytorch-cuda=11.8", cuda(11, 8)),
        ("cudatoolkit=11.3", cuda(11, 3)),
    ] {
        assert_eq!(pin(&["pytorch=1.13.1", named]), ("1.13.1".to_owned(), kept), "{named}");
    }
    // No build of 2.13.0 accepts it.
    assert_ne!(pin(&["pytorch", "pytorch-cuda=12.1"]).1, cuda(12, 1));
}

#[test]
fn nothing_of_defaults_that_does_not_mix_stays_in_place() {
    let mut old = environment(&["python=3.11", "pytorch", "pytorch-cuda=12.1", "tqdm", "blas"]);
    // Python of conda-forge, and beside it what a client would keep.
    old.packages[2].channel = "conda-forge".to_owned();
    old.packages.insert(0, package("pkgs/main blas 1.0 mkl", &[]));
    old.packages.insert(1, package("pkgs/main ca-certificates 2026.1 h0", &[]));
    old.packages.insert(3, package("pkgs/main mkl 2023.1.0 h0", &[]));
    old.packages.push(package("pkgs/main tqdm 4.67 py0", &["python"]));
    old.packages.last_mut().expect("tqdm").subdir = "noarch".to_owned();
    let (plan, _) = plan_of(&old, &RequestOverrides::default());
    // `blas` is requested, and nothing takes its place.
    assert_eq!(outcome(&plan, "blas").0, PackageOutcome::LeftOut);
    let remove = ["blas", "libcublas", "mkl", "numpy", "pytorch", "pytorch-cuda", "torchvision"];
    assert_eq!(plan.in_place.remove, remove);
    assert_eq!(plan.in_place.dependents, Vec::<String>::new());
    assert!(!plan.in_place.specs.contains(&"tqdm".to_owned()));
}

#[test]
fn a_package_of_another_channel_is_left_out_if_what_it_needs_holds_pytorch_back() {
    let mut old = environment(&["python=3.11", "pytorch", "pytorch-cuda=12.1", "trainer", "tools"]);
    old.packages.insert(2, package("corp ops 1.0 0", &["pytorch 2.5.1 py3.11_cuda12.1*"]));
    old.packages.push(package("corp tools 1.0 0", &["cuda-version >=12,<13", "ops-data"]));
    old.packages.push(package("corp ops-data 1.0 0", &["ops-data-base", "python"]));
    old.packages.push(package("corp torch-glue 1.0 0", &["ops"]));
    old.packages.push(package("corp trainer 1.0 0", &["python", "torch-glue"]));
    old.packages.sort_by(|a, b| a.name.cmp(&b.name));
    let (plan, _) = plan_of(&old, &RequestOverrides::default());
    assert_eq!(outcome(&plan, "trainer"), decided(PackageOutcome::LeftOut, "", "holds-back"));
    let trainer = plan.packages.iter().find(|it| it.spec.name == "trainer").expect("requested");
    let message = &trainer.reason.as_ref().expect("a reason").message;
    assert!(message.starts_with("its `ops` needs `pytorch 2.5.1 py3.11_cuda12.1*`;"), "{message}");
    assert_eq!(outcome(&plan, "tools").1, "corp::tools");
    assert_eq!(plan.needed_from_others, ["corp::ops-data"]);
    for (needs, is_left_out) in [
        ("cudatoolkit 11.8.*", true),
        ("torchvision 0.20.*", true),
        ("torchvision >=0.20", false),
        ("pytorch >=2.0", false),
    ] {
        let mut old = environment(&["python=3.11", "pytorch", "torchvision", "tools"]);
        old.packages.push(package("corp tools 1.0 0", &[needs]));
        old.packages.sort_by(|a, b| a.name.cmp(&b.name));
        let (plan, _) = plan_of(&old, &RequestOverrides::default());
        assert_eq!(outcome(&plan, "tools").1.is_empty(), is_left_out, "{needs}");
    }
}

#[test]
fn a_pin_that_the_dry_run_cannot_have_prevents_a_change_in_place() {
    let requested = ["python=3.11", "pytorch", "pytorch-cuda=12.1", "numpy"];
    let with = |pin: &str| {
        let old = Environment { pinned: vec![pin.to_owned()], ..environment(&requested) };
        plan_of(&old, &RequestOverrides::default()).0.obstacles
    };
    assert_eq!(codes(&with("qt 5.*")), ["pinned"]);
    assert_eq!(with("numpy 1.26.*"), []);
}

#[test]
fn a_package_of_another_channel_for_the_old_python_says_so() {
    let with = |python: &str| {
        let mut old = environment(&["python", "pytorch", "pytorch-cuda=12.1", "tools"]);
        old.packages[2] = package(&format!("pkgs/main python {python}.9 h0"), &[]);
        let depend = format!("python >={python},<3.{}.0a0", if python == "3.8" { 9 } else { 12 });
        old.packages.push(package("corp tools 1.0 py0", &[&depend]));
        old.packages.sort_by(|a, b| a.name.cmp(&b.name));
        let (plan, _) = plan_of(&old, &RequestOverrides::default());
        let tools = plan.packages.into_iter().find(|it| it.spec.name == "tools");
        tools.expect("requested").reason.expect("a reason").message
    };
    assert_eq!(
        with("3.8"),
        "still from its own channel, which must have it for Python 3.10; leave it out if not"
    );
    assert_eq!(with("3.11"), "still from its own channel");
}
