//! Arbitrary machines, requests and output settings.

use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;

use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::conda::{Address, Channels, Subdir, Version};
use conda_torch_core::resolve::{Request, RequestedAccelerator};
use conda_torch_core::types::{
    Adapter, Blas, Client, ClientKind, Companion, ComputeCapability, ConfigFile, CudaVersion,
    Detected, DeviceAccess, DriverParts, DriverVersion, Gpu, Machine, Origin, Outcome, Shell,
    SourceReport, Vendor, VirtualPackage, VisibleDevices,
};

use crate::properties::holds::View;

/// Characters that control a terminal, end a word, a string or a line, or are wide.
const HOSTILE: [char; 40] = [
    '\0', '\u{7}', '\u{8}', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{9b}', '\u{85}', '\u{2028}',
    '\u{202e}', '\u{feff}', '\'', '"', '`', '$', '\\', '%', '!', '^', '&', '|', ';', ' ', '#', ':',
    '{', '}', '[', ']', ',', '*', '~', '=', '@', '’', 'é', '\u{301}', '😀',
];

/// A text of unknown origin.
/// Boxed, like others: nested strategies would overflow the stack.
pub(crate) fn text() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "[a-zA-Z0-9._:/-]{0,16}",
        2 => "[a-z ]{0,90}",
        3 => vec(select(&HOSTILE[..]), 0..8).prop_map(String::from_iter),
        1 => vec(any::<char>(), 0..40).prop_map(String::from_iter),
    ]
    .boxed()
}

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        select(vec![
            Origin::Nvml,
            Origin::Libcuda,
            Origin::NvidiaSmi,
            Origin::System,
            Origin::Compiled,
            Origin::Baseline,
            Origin::Flag("--driver".into()),
        ]),
        text().prop_map(Origin::File),
        text().prop_map(|name| Origin::Env(name.into())),
        text().prop_map(|name| Origin::Table(name.into())),
        text().prop_map(Origin::Document),
    ]
}

fn detected<T: std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Detected<T>> {
    prop_oneof![
        4 => (value, origin()).prop_map(|(value, origin)| Detected::found(value, origin)),
        1 => Just(()).prop_map(|()| Detected::Absent),
        1 => text().prop_map(Detected::unknown),
    ]
    .boxed()
}

fn version() -> impl Strategy<Value = Version> {
    let parts = prop_oneof![vec(0..30_u16, 1..=4), vec(any::<u16>(), 1..=4)];
    (parts, prop_oneof![9 => Just(0), 1 => any::<u8>()])
        .prop_map(|(parts, candidate)| Version::new(&parts).candidate(candidate))
}

/// A version of a libc, a system, a client or PyTorch, near the relevant ones.
fn near(versions: &'static [&'static str]) -> impl Strategy<Value = Version> {
    prop_oneof![
        3 => select(versions).prop_map(|text| text.parse().expect("a version")),
        1 => version(),
    ]
}

fn driver() -> impl Strategy<Value = DriverVersion> {
    let known = ["440.33", "450.80.02", "470.256.02", "535.183.01", "550", "570.26", "580.65.06"];
    let number = (100_u32.., vec(any::<u32>(), 0..=2)).prop_map(|(branch, mut parts)| {
        parts.insert(0, branch);
        DriverVersion::new(&parts)
    });
    prop_oneof![3 => select(known.to_vec()).prop_map(|v| v.parse().expect("a driver")), 1 => number]
}

fn cuda() -> impl Strategy<Value = CudaVersion> {
    prop_oneof![
        3 => (9..15_u16, 0..10_u16),
        1 => (1..1000_u16, 0..1000_u16),
    ]
    .prop_map(|(major, minor)| CudaVersion::new(major, minor))
}

fn capability() -> impl Strategy<Value = ComputeCapability> {
    prop_oneof![4 => (3..13_u8, 0..10_u8), 1 => (1..=u8::MAX, any::<u8>())]
        .prop_map(|(major, minor)| ComputeCapability::new(major, minor))
}

fn gpu() -> impl Strategy<Value = Gpu> {
    let known = ["NVIDIA GeForce GTX 1080 Ti", "GRID V100D-16Q", "NVIDIA A40-8A"];
    let names = prop_oneof![text(), select(known.to_vec()).prop_map(str::to_owned)];
    let modes = prop_oneof![Just("vgpu".to_owned()), text()];
    (
        any::<u32>(),
        detected(names),
        detected(capability()),
        detected(any::<u64>()),
        detected(any::<bool>()),
        of(pci_id()),
        detected(vec(text(), 0..3)),
        detected(modes),
    )
        .prop_map(
            |(index, name, compute_capability, memory_mib, mig, pci_id, slices, mode)| Gpu {
                index,
                name,
                compute_capability,
                memory_mib,
                mig,
                mig_slices: slices,
                virtualization: mode,
                pci_id,
            },
        )
}

fn pci_id() -> impl Strategy<Value = String> {
    prop_oneof!["10de:[0-9a-f]{4}", "[0-9a-f]{4}:[0-9a-f]{4}", text()]
}

fn adapter() -> impl Strategy<Value = Adapter> {
    let vendors = [Vendor::Nvidia, Vendor::Amd, Vendor::Intel, Vendor::Other];
    (select(vendors.to_vec()), pci_id(), of(text())).prop_map(|(vendor, pci_id, kernel_driver)| {
        Adapter { vendor, pci_id, kernel_driver, name: None }
    })
}

fn subdir() -> impl Strategy<Value = Subdir> {
    prop_oneof![3 => Just(Subdir::Linux64), 2 => select(&Subdir::ALL[..])]
}

fn seen() -> impl Strategy<Value = VirtualPackage> {
    let names = prop_oneof![Just("__cuda".to_owned()), text()];
    (names, prop_oneof![Just("12.9".to_owned()), text()], text())
        .prop_map(|(name, version, build)| VirtualPackage { name, version, build })
}

fn client() -> impl Strategy<Value = Client> {
    let versions = &["4.6.14", "23.10.0", "25.9.1", "1.5.8", "2.1.1", "2.8.1", "0.77.0"][..];
    let environments = vec(prop_oneof![Just("torch".to_owned()), text()], 0..4);
    (
        select(&ClientKind::ALL[..]),
        detected(near(versions)),
        text(),
        of(text()),
        of(subdir()),
        environments,
        of(vec(seen(), 0..3)),
    )
        .prop_map(|(kind, version, path, root_prefix, subdir, environments, sees)| Client {
            kind,
            version,
            path,
            root_prefix,
            subdir,
            environments,
            sees,
        })
}

fn config_file() -> impl Strategy<Value = ConfigFile> {
    let channel = prop_oneof![select(vec!["conda-forge".to_owned(), "pytorch".into()]), text()];
    // As it is read from a document: without secrets.
    let channel = channel.prop_map(|text| Address::of(&Address::of(&text).to_string()));
    let priority = prop_oneof![Just("strict".to_owned()), text()];
    let solver = prop_oneof![Just("classic".to_owned()), text()];
    (text(), of(vec(channel, 0..4)), of(priority), of(solver), of(text())).prop_map(
        |(path, channels, channel_priority, solver, problem)| ConfigFile {
            path,
            channels,
            channel_priority,
            solver,
            problem,
        },
    )
}

fn source() -> impl Strategy<Value = SourceReport> {
    let outcomes =
        [Outcome::Ok, Outcome::Absent, Outcome::Failed, Outcome::TimedOut, Outcome::Skipped];
    (text(), select(outcomes.to_vec()), text()).prop_map(|(source, outcome, detail)| SourceReport {
        source,
        outcome,
        detail,
    })
}

fn shell() -> impl Strategy<Value = Shell> {
    select(&[Shell::Posix, Shell::Fish, Shell::Powershell, Shell::Cmd][..])
}

fn error_code<T: serde::de::DeserializeOwned>(code: String) -> T {
    serde_json::from_value(code.into()).expect("any text is a code")
}

/// The parts of a driver, which need not belong together.
fn driver_parts() -> impl Strategy<Value = DriverParts> {
    let access = || detected(select(&[DeviceAccess::Open, DeviceAccess::Denied][..]));
    let errors = ["LibRmVersionMismatch", "DriverNotLoaded", "NoPermission", "100", "803", "804"];
    let error = move || of(prop_oneof![select(errors.to_vec()).prop_map(str::to_owned), text()]);
    let visible = (vec(any::<u32>(), 0..3), any::<u32>(), any::<bool>())
        .prop_map(|(indices, uuids, in_bus_order)| VisibleDevices { indices, uuids, in_bus_order });
    let versions = (detected(driver()), detected(driver()), detected(driver()), detected(cuda()));
    let files = (detected(text()), detected(text()), vec(text(), 0..3), detected(text()));
    let state = (access(), access(), detected(any::<u32>()), detected(any::<bool>()));
    let environment = (of(visible), of(text()), of(text()), of(any::<bool>()));
    (versions, files, state, (error(), error()), environment).prop_map(
        |(versions, files, state, errors, environment)| {
            let (kernel_module, nvml_library, libcuda_library, libcuda_cuda) = versions;
            let (module_file, libcuda_file, libcuda_files, device_group) = files;
            let (control_device, gpu_device, kernel_gpus, secure_boot) = state;
            let (nvml_error, libcuda_error) = errors;
            let (visible_devices, container_devices, container_capabilities, slurm_job_has_gpu) =
                environment;
            DriverParts {
                kernel_module,
                module_file,
                kernel_gpus,
                control_device,
                gpu_device,
                device_group,
                nvml_library,
                libcuda_library,
                libcuda_file,
                nvml_path: None,
                libcuda_path: None,
                libcuda_cuda,
                libcuda_files,
                nvml_error: nvml_error.map(error_code),
                libcuda_error: libcuda_error.map(error_code),
                secure_boot,
                visible_devices,
                container_devices,
                container_capabilities,
                slurm_job_has_gpu,
            }
        },
    )
}

/// The system's part of a machine.
fn system() -> impl Strategy<Value = Machine> {
    let glibc = &["2.12", "2.17", "2.27", "2.28", "2.35"][..];
    let macos = &["10.12", "10.15", "11.0", "12.3", "13.4", "15.1"][..];
    let libcs = (detected(near(glibc)), detected(version()));
    let others = (detected(near(macos)), detected(version()));
    let names = (detected(text()), detected(text()), detected(text()));
    let places = (detected(text()), detected(text()), detected(text()), detected(any::<bool>()));
    (detected(subdir()), libcs, others, names, places).prop_map(
        |(subdir, (glibc, musl), (macos, windows), (os, kernel, cpu), places)| {
            let (container, wsl, jetson, rosetta) = places;
            let machine = Machine { subdir, os, kernel, glibc, musl, macos, ..Machine::default() };
            Machine { windows, cpu, container, wsl, jetson, rosetta, ..machine }
        },
    )
}

/// A machine whose facts need not be consistent.
pub(crate) fn machine() -> impl Strategy<Value = Machine> {
    let driver = (detected(driver()), detected(cuda()), detected(cuda()), detected(0..9_u32));
    let beside = (detected(text()), detected(cuda()), detected(shell()), of(text()));
    let lists = (vec(gpu(), 0..5), vec(adapter(), 0..4), vec(client(), 0..4));
    let notes = (vec(config_file(), 0..4), vec(source(), 0..6), driver_parts());
    (system(), driver, beside, lists, notes).prop_map(|(system, driver, beside, lists, notes)| {
        let (driver, driver_cuda, libcuda, gpu_count) = driver;
        let (nvidia_smi, toolkit_file, shell, document) = beside;
        let ((gpus, adapters, clients), (config_files, sources, nvidia)) = (lists, notes);
        let machine = Machine { driver, driver_cuda, libcuda, gpu_count, gpus, ..system };
        let machine = Machine { adapters, nvidia_smi, toolkit_file, clients, ..machine };
        Machine { config_files, shell, document, sources, nvidia, ..machine }
    })
}

/// A request, often an unsatisfiable one.
pub(crate) fn request() -> impl Strategy<Value = Request> {
    let accelerators =
        [RequestedAccelerator::Auto, RequestedAccelerator::Cpu, RequestedAccelerator::Cuda];
    let companions = [vec![], vec![Companion::Torchvision], vec![Companion::Torchaudio]];
    (
        select(accelerators.to_vec()),
        of(near(&["2", "2.5", "2.9", "2.13.0"])),
        of(near(&["3", "3.9", "3.12", "3.14"])),
        weighted(0.1, select(&[">=3.11", "<3.10", ">=3.9,<3.12"][..])),
        of(cuda()),
        of(select(&[Blas::Mkl, Blas::Generic][..])),
        select(companions.to_vec()),
    )
        .prop_map(|(accelerator, pytorch, python, range, cuda_version, blas, companions)| {
            Request {
                pytorch_range: None,
                python_range: range
                    .filter(|_| python.is_none())
                    .and_then(|range| range.parse().ok()),
                others: Vec::new(),
                accelerator,
                pytorch,
                python,
                cuda_version,
                blas,
                companions,
            }
        })
}

/// Output settings.
pub(crate) fn view() -> impl Strategy<Value = View> {
    let named = |text: String| if text.is_empty() { "torch".to_owned() } else { text };
    let environment = prop_oneof![
        Just(TargetEnvironment::Unnamed),
        text().prop_map(move |text| TargetEnvironment::Name(named(text))),
        text().prop_map(move |text| TargetEnvironment::Prefix(named(text))),
    ];
    // Invalid channels are refused earlier.
    let channels = vec(text(), 0..3).prop_map(|names| Channels::new(names).unwrap_or_default());
    let view = (of(select(&ClientKind::ALL[..])), environment, channels, shell());
    (view, 40..=100_usize, any::<bool>()).prop_map(
        |((client, environment, channels, shell), width, all)| View {
            client,
            environment,
            channels,
            shell,
            width,
            all,
        },
    )
}
