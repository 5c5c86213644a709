//! One machine from the parts of a text. Each fact keeps the origin of its part. Where two parts differ, the first counts
//! and the other is a [`Contradiction`].

use std::fmt::Display;

use crate::conda::{Os, Subdir};
use crate::matrix::{GpuKeys, Matrix};
use crate::types::{
    Adapter, ComputeCapability, Contradiction, Detected, DriverVersion, Gpu, Machine, Origin,
    Vendor,
};

use super::system::is_apple;
use super::{Family, Part};

/// The machine of all parts, which come in the order of what they report; `None` without parts.
pub(super) fn combine(parts: Vec<Part>) -> Option<Machine> {
    let mut parts = parts.into_iter();
    let first = parts.next()?;
    let mut machine = first.machine.clone();
    let mut used = vec![first];
    for part in parts {
        let mut with = machine.clone();
        add_system(&mut with, &part.machine);
        add_graphics(&mut with, &part.machine);
        // What adds nothing is no part of its own: `collect_env` prints what `lscpu` does.
        if with != machine {
            machine = with;
            used.push(part);
        }
    }
    if used.len() == 1 {
        return used.pop().map(|part| part.machine);
    }
    let mut machine = used[0].machine.clone();
    for part in &used[1..] {
        add_system(&mut machine, &part.machine);
        machine.sources.extend(part.machine.sources.iter().cloned());
    }
    let formats: Vec<String> = used.iter().filter_map(|it| it.machine.document.clone()).collect();
    machine.document = Some(formats.join(" + "));
    // The driver's own program first. A client only knows what it may use.
    used.sort_by_key(|part| match part.family {
        Family::NvidiaSmi => 0,
        Family::CollectEnv => 1,
        Family::Client => 3,
        Family::Cluster | Family::Windows | Family::Other => 2,
    });
    let best = &used[0].machine;
    (machine.driver, machine.driver_cuda) = (best.driver.clone(), best.driver_cuda.clone());
    (machine.libcuda, machine.gpu_count) = (best.libcuda.clone(), best.gpu_count.clone());
    (machine.gpus, machine.adapters) = (best.gpus.clone(), best.adapters.clone());
    for part in &used[1..] {
        add_graphics(&mut machine, &part.machine);
    }
    Some(machine)
}

/// Adds what a part knows about the system and the clients.
fn add_system(machine: &mut Machine, part: &Machine) {
    if is_rosetta(machine.subdir.value(), part.subdir.value()) {
        machine.subdir = subdir_of_python(machine, part);
        machine.rosetta = Detected::found(true, super::origin(part));
    } else {
        let found = &mut machine.contradictions;
        add("platform", &mut machine.subdir, &part.subdir, |a, b| a == b, found);
    }
    let found = &mut machine.contradictions;
    add("glibc", &mut machine.glibc, &part.glibc, |a, b| a == b, found);
    add("macOS", &mut machine.macos, &part.macos, |a, b| a == b, found);
    if !is_of_other_system(&machine.subdir, &part.os) {
        fill(&mut machine.os, &part.os);
    }
    fill(&mut machine.kernel, &part.kernel);
    fill(&mut machine.musl, &part.musl);
    fill(&mut machine.windows, &part.windows);
    fill(&mut machine.cpu, &part.cpu);
    fill(&mut machine.container, &part.container);
    fill(&mut machine.wsl, &part.wsl);
    fill(&mut machine.jetson_release, &part.jetson_release);
    fill(&mut machine.rosetta, &part.rosetta);
    fill(&mut machine.shell, &part.shell);
    // A model says more than a kernel.
    let is_by_kernel = machine.jetson.value().is_none_or(|model| model.contains("(kernel"));
    if is_by_kernel && part.jetson.is_found() {
        machine.jetson = part.jetson.clone();
    }
    let is_apple = machine.cpu.value().is_some_and(|name| is_apple(name));
    if is_apple && machine.subdir.value() == Some(&Subdir::Osx64) {
        machine.rosetta = Detected::found(true, super::origin(part));
    }
    machine.clients.extend(part.clients.iter().cloned());
    machine.config_files.extend(part.config_files.iter().cloned());
}

/// Whether one part is of an x86-64 program and the other of the Mac itself.
fn is_rosetta(one: Option<&Subdir>, other: Option<&Subdir>) -> bool {
    let both = [one, other];
    both.contains(&Some(&Subdir::Osx64)) && both.contains(&Some(&Subdir::OsxArm64))
}

fn subdir_of_python(machine: &Machine, part: &Machine) -> Detected<Subdir> {
    let is_python = machine.subdir.value() == Some(&Subdir::Osx64);
    if is_python { machine.subdir.clone() } else { part.subdir.clone() }
}

/// Whether a name is of another system than a platform: `nvidia-smi` in WSL has Windows' driver.
fn is_of_other_system(subdir: &Detected<Subdir>, name: &Detected<String>) -> bool {
    let is_windows = |name: &String| name.starts_with("Windows");
    let of_name = name.value().map(is_windows);
    of_name.zip(subdir.value()).is_some_and(|(name, it)| name != (it.os() == Os::Windows))
}

/// Adds what a part knows about the driver and the GPUs.
fn add_graphics(machine: &mut Machine, part: &Machine) {
    let found = &mut machine.contradictions;
    let before = found.len();
    add("driver", &mut machine.driver, &part.driver, is_same_driver, found);
    if found.len() == before {
        add("driver's CUDA", &mut machine.driver_cuda, &part.driver_cuda, |a, b| a == b, found);
    }
    fill(&mut machine.libcuda, &part.libcuda);
    if machine.gpu_count == Detected::Absent && machine.driver != Detected::Absent {
        machine.adapters.extend(part.gpus.iter().map(on_bus));
    } else if machine.gpus.is_empty() {
        machine.gpus.clone_from(&part.gpus);
        fill(&mut machine.gpu_count, &part.gpu_count);
    } else if !part.gpus.is_empty() {
        add_gpus(machine, part);
    }
    for adapter in &part.adapters {
        let is_new = machine.adapters.iter().all(|other| other.vendor != adapter.vendor);
        machine.adapters.extend(is_new.then(|| adapter.clone()));
    }
}

/// A GPU that the driver does not show.
fn on_bus(gpu: &Gpu) -> Adapter {
    let pci_id = gpu.pci_id.clone().unwrap_or_default();
    Adapter { vendor: Vendor::Nvidia, pci_id, kernel_driver: None, name: gpu.name.value().cloned() }
}

/// A branch is the same as its releases.
fn is_same_driver(one: &DriverVersion, other: &DriverVersion) -> bool {
    let is_branch = one.is_branch() || other.is_branch();
    one == other || is_branch && one.branch() == other.branch()
}

/// Compares the GPUs of a part, and fills what is unknown of them.
fn add_gpus(machine: &mut Machine, part: &Machine) {
    let keys = GpuKeys::new(Matrix::embedded());
    let capabilities = |gpus: &[Gpu]| {
        let of = |gpu: &Gpu| {
            let printed = gpu.compute_capability.value().copied();
            printed.or_else(|| Some(keys.capability_of_gpu(gpu)?.0))
        };
        let mut all: Vec<Option<ComputeCapability>> = gpus.iter().map(of).collect();
        all.sort_unstable();
        all
    };
    let (ours, theirs) = (capabilities(&machine.gpus), capabilities(&part.gpus));
    let counts = machine.gpu_count.is_found() && part.gpu_count.is_found();
    let is_other = if ours.len() == theirs.len() {
        ours.iter().zip(&theirs).any(|(a, b)| a.is_some() && b.is_some() && a != b)
    } else {
        counts || theirs.iter().any(|it| it.is_some() && !ours.contains(it))
    };
    if is_other {
        machine.contradictions.push(Contradiction {
            fact: "GPUs".to_owned(),
            used: names(&machine.gpus),
            used_from: format_of(machine.gpus[0].name.origin()),
            other: names(&part.gpus),
            other_from: part.document.clone().unwrap_or_default(),
        });
    } else if ours.len() == theirs.len() {
        for (gpu, other) in machine.gpus.iter_mut().zip(&part.gpus) {
            let is_cut = gpu.name.value().is_some_and(|name| name.ends_with("..."));
            if is_cut && other.name.is_found() {
                gpu.name = other.name.clone();
            }
            fill(&mut gpu.name, &other.name);
            fill(&mut gpu.compute_capability, &other.compute_capability);
            fill(&mut gpu.memory_mib, &other.memory_mib);
            fill(&mut gpu.mig, &other.mig);
            gpu.pci_id = gpu.pci_id.take().or_else(|| other.pci_id.clone());
        }
    }
}

/// The names of GPUs, equal ones once: `2 × Tesla T4`.
fn names(gpus: &[Gpu]) -> String {
    const MOST: usize = 4;
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for gpu in gpus {
        let name = gpu.name.value().map_or("a GPU without a name", String::as_str);
        match kinds.iter().position(|(other, _)| *other == name) {
            Some(place) => kinds[place].1 += 1,
            None if kinds.len() < MOST => kinds.push((name, 1)),
            None => {}
        }
    }
    let text = |(name, count): (&str, usize)| match count {
        1 => name.to_owned(),
        count => format!("{count} × {name}"),
    };
    kinds.into_iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Where a fact is from, by the format of its document.
fn format_of(origin: Option<&Origin>) -> String {
    if let Some(Origin::Document(format)) = origin {
        format.clone()
    } else {
        origin.map_or(String::new(), ToString::to_string)
    }
}

fn fill<T: Clone>(fact: &mut Detected<T>, other: &Detected<T>) {
    if let Detected::Unknown { .. } = fact
        && !matches!(other, Detected::Unknown { .. })
    {
        *fact = other.clone();
    }
}

/// Fills a fact, or keeps that the other part has another value.
fn add<T: Clone + Display>(
    name: &str,
    fact: &mut Detected<T>,
    other: &Detected<T>,
    is_same: impl Fn(&T, &T) -> bool,
    found: &mut Vec<Contradiction>,
) {
    if let (Detected::Found(one), Detected::Found(another)) = (&*fact, other)
        && !is_same(&one.value, &another.value)
    {
        found.push(Contradiction {
            fact: name.to_owned(),
            used: one.value.to_string(),
            used_from: format_of(Some(&one.origin)),
            other: another.value.to_string(),
            other_from: format_of(Some(&another.origin)),
        });
    }
    fill(fact, other);
}

#[cfg(test)]
mod tests {
    use super::super::read_machine;

    const SMI: &str = "| NVIDIA-SMI 550.54.15   Driver Version: 550.54.15   CUDA Version: 12.4 |\n\
        |   0  NVIDIA A100-SXM...  Off  | 00000000:01:00.0 Off | 0 |\n";
    const ENV: &str = "PyTorch version: 2.1.0\nOS: Ubuntu 22.04.3 LTS (x86_64)\nLibc version: glibc-2.35\n\
        Is CUDA available: True\nGPU models and configuration: GPU 0: NVIDIA A100-SXM4-40GB\n\
        Nvidia driver version: 550.54.15\n";

    #[test]
    fn the_facts_of_all_parts_are_one_machine() {
        for text in [format!("{SMI}\n\n{ENV}"), format!("{ENV}\n\n{SMI}")] {
            let machine = read_machine(&text, None).expect("a machine");
            assert_eq!(
                machine.document.as_deref(),
                Some("python -m torch.utils.collect_env + nvidia-smi")
            );
            assert_eq!(
                machine.driver_cuda.value().map(ToString::to_string).as_deref(),
                Some("12.4")
            );
            assert_eq!(machine.glibc.value().map(ToString::to_string).as_deref(), Some("2.35"));
            assert_eq!(machine.gpus.len(), 1);
            let name = machine.gpus[0].name.value();
            assert_eq!(name.map(String::as_str), Some("NVIDIA A100-SXM4-40GB"));
            assert_eq!(machine.contradictions, []);
        }
    }

    #[test]
    fn differences_are_kept_and_nvidia_smi_counts() {
        let other = ENV.replace("550.54.15", "470.57.02").replace("A100-SXM4-40GB", "V100");
        let machine = read_machine(&format!("{other}\n{SMI}"), None).expect("a machine");
        assert_eq!(machine.driver.value().map(ToString::to_string).as_deref(), Some("550.54.15"));
        let told: Vec<(&str, &str, &str)> =
            machine.contradictions.iter().map(|it| (&*it.fact, &*it.used, &*it.other)).collect();
        assert_eq!(
            told,
            [("driver", "550.54.15", "470.57.02"), ("GPUs", "NVIDIA A100-SXM...", "NVIDIA V100")]
        );
    }

    #[test]
    fn an_x86_python_on_the_chip_of_another_part_runs_in_rosetta() {
        let text = "- `transformers` version: 4.38.2\n- Platform: macOS-14.2-x86_64-i386-64bit\n\n\
            Hardware Overview:\n  Chip: Apple M2 Pro\n";
        let machine = read_machine(text, None).expect("a machine");
        assert_eq!(machine.rosetta.value(), Some(&true));
        assert_eq!(machine.contradictions, []);
    }

    #[test]
    fn a_card_that_the_driver_does_not_show_is_on_the_bus() {
        let text = "No devices were found\n01:00.0 3D controller [0302]: NVIDIA Corporation TU104GL [Tesla T4] [10de:1eb8]\n";
        let machine = read_machine(text, None).expect("a machine");
        assert!(machine.gpus.is_empty() && machine.has_nvidia_card());
    }
}
