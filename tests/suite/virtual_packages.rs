//! The virtual packages of each client on recorded hosts. Expected values were measured with the real clients,
//! or read in their sources by tag.

use std::collections::BTreeMap;

use conda_torch_core::clients::ClientTarget;
use conda_torch_core::commands;
use conda_torch_core::commands::TargetEnvironment;
use conda_torch_core::conda::CONDA_FORGE;
use conda_torch_core::diagnostics::Diagnostic;
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::types::{ClientKind, Detected, Machine};
use conda_torch_core::virtual_packages::{VirtualPackages, client_note, client_override_notes};
use conda_torch_probe::host::RecordedHost;
use conda_torch_probe::{Overrides, probe};
use serde_json::{Value, json};

/// A host that differs from a Debian without a GPU.
#[derive(Default)]
struct On {
    files: Value,
    env: Value,
    programs: Value,
    driver: Value,
}

const CPUINFO: &str = "processor : 0\nvendor_id : AuthenticAMD\nmodel name : x\nflags : mmx sse sse2 pni \
ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm avx avx2 bmi1 bmi2 f16c fma abm movbe xsave sse4a aes pclmulqdq \
rdrand fsgsbase clflushopt adx rdseed clzero sha_ni xsavec xsaveopt clwb\n";

fn machine(on: &On) -> Machine {
    let mut files = json!({ "/proc/cpuinfo": CPUINFO });
    let more = on.files.as_object().cloned().unwrap_or_default();
    files.as_object_mut().expect("an object").extend(more);
    let or_empty = |value: &Value| if value.is_null() { json!({}) } else { value.clone() };
    let host = json!({
        "target": {"os": "linux", "arch": "x86_64", "env": "gnu"},
        "system": {"name": "Debian", "version": "12", "kernel": "5.15.153.1-microsoft", "arch": "x86_64"},
        "glibc": "2.36",
        "env": or_empty(&on.env),
        "files": files,
        "programs": or_empty(&on.programs),
        "driver": on.driver,
    });
    let host: RecordedHost = host.to_string().parse().expect("a recorded host");
    probe(&host, &Overrides::default())
}

/// libcuda with this reply to its initialization.
fn libcuda(init: &Value) -> Value {
    json!({"calls": [
        {"library": "nvml", "query": "init", "reply": "not-there"},
        {"library": "libcuda", "query": "init", "reply": init},
        {"library": "libcuda", "query": "cuda-version", "reply": {"number": 12080}},
        {"library": "libcuda", "query": "device-count", "reply": {"number": 1}},
        {"library": "libcuda", "query": "compute-capability", "device": 0, "reply": {"text": "8.6"}},
    ], "end": "finished"})
}

/// NVML with driver 580, CUDA 13.0 and an RTX 3080, and libcuda.
fn both() -> Value {
    let nvml =
        |call: &str, answer: Value| json!({"library": "nvml", "query": call, "reply": answer});
    let of_gpu = |call: &str, answer: Value| json!({"library": "nvml", "query": call, "device": 0, "reply": answer});
    json!({"calls": [
        nvml("init", json!({"text": "libnvidia-ml.so.1"})),
        nvml("driver-version", json!({"text": "580.95.05"})),
        nvml("cuda-version", json!({"number": 13000})),
        nvml("device-count", json!({"number": 1})),
        of_gpu("name", json!({"text": "NVIDIA GeForce RTX 3080"})),
        of_gpu("compute-capability", json!({"text": "8.6"})),
        {"library": "libcuda", "query": "init", "reply": {"text": "libcuda.so.1"}},
        {"library": "libcuda", "query": "cuda-version", "reply": {"number": 13000}},
        {"library": "libcuda", "query": "device-count", "reply": {"number": 1}},
    ], "end": "finished"})
}

fn client(kind: ClientKind, version: &str) -> ClientTarget<'static> {
    ClientTarget { kind, version: Some(version.parse().expect("a version")), found: None }
}

/// `12.8`, `none`, `unknown`.
fn detected(machine: &Machine, kind: ClientKind, version: &str, name: &str) -> String {
    let sight = VirtualPackages::of(machine, &client(kind, version));
    if sight.unknown.iter().any(|(unknown, _)| unknown == name) {
        return "unknown".to_owned();
    }
    let package = sight.package(name).map(|(package, _)| package);
    package.map_or("none".to_owned(), |package| match name {
        "__archspec" => package.build.clone(),
        _ => package.version.clone(),
    })
}

/// `__cuda` of conda 26.7, mamba 2.8 and mamba 1.5.
fn cuda(on: &On) -> [String; 3] {
    let machine = machine(on);
    [(ClientKind::Conda, "26.7.1"), (ClientKind::Mamba, "2.8.1"), (ClientKind::Mamba, "1.5.12")]
        .map(|(kind, version)| detected(&machine, kind, version, "__cuda"))
}

fn smi(text: &str) -> (Value, Value, Value) {
    let xml = format!("<l><cuda_version>{text}</cuda_version></l>");
    (
        json!({"/opt/smi/nvidia-smi": "ELF"}),
        json!({"PATH": "/opt/smi"}),
        json!({"/opt/smi/nvidia-smi --query -u -x": {"code": 0, "stdout": xml}}),
    )
}

#[test]
fn conda_asks_libcuda_and_mamba_nvidia_smi() {
    let hint = json!({"/dev/nvidiactl": ""});
    let path = json!({"text": "libcuda.so.1"});
    let only = On { files: hint.clone(), driver: libcuda(&path), ..On::default() };
    assert_eq!(cuda(&only), ["12.8", "none", "none"]);
    let no_device = json!({"error": "100"});
    let on = On { files: hint.clone(), driver: libcuda(&no_device), ..On::default() };
    assert_eq!(cuda(&on), ["none", "none", "none"]);
    // A folder that this program searches and conda does not, as on NixOS.
    let nixos = json!({"text": "/run/opengl-driver/lib/libcuda.so.1"});
    let on = On { files: hint, driver: libcuda(&nixos), ..On::default() };
    assert_eq!(cuda(&on)[0], "none");
    let (files, env, programs) = smi("12.8");
    assert_eq!(cuda(&On { files, env, programs, ..On::default() }), ["none", "12.8", "12.8"]);
}

#[test]
fn mamba_takes_the_text_of_nvidia_smi_unchanged() {
    for (text, expected) in
        [("N/A", "N/A"), ("13.3 [Deprecated]", "13.3 [Deprecated]"), ("", "none")]
    {
        let (files, env, programs) = smi(text);
        assert_eq!(cuda(&On { files, env, programs, ..On::default() })[1], expected, "{text}");
    }
}

#[test]
fn mamba_reads_the_toolkit_file_since_2_0_6() {
    let file = |text: &str| json!({"/usr/local/cuda/version.json": text});
    let good = machine(&On { files: file(r#"{"cuda": {"version": "11.8.89"}}"#), ..On::default() });
    let of =
        |machine: &Machine, version: &str| detected(machine, ClientKind::Mamba, version, "__cuda");
    assert_eq!([of(&good, "2.8.1"), of(&good, "2.0.6")], ["11.8", "11.8"]);
    assert_eq!([of(&good, "2.0.5"), of(&good, "1.5.12")], ["none", "none"]);
    assert_eq!(detected(&good, ClientKind::Conda, "26.7.1", "__cuda"), "none");
    let broken = machine(&On { files: file("{"), ..On::default() });
    assert_eq!([of(&broken, "2.8.1"), of(&broken, "2.0.5")], ["unknown", "none"]);
    let two_numbers =
        machine(&On { files: file(r#"{"cuda": {"version": "12.4"}}"#), ..On::default() });
    assert_eq!(of(&two_numbers, "2.8.1"), "none");
}

#[test]
fn each_client_reads_an_override_in_its_own_way() {
    let of = |value: &str| {
        let machine = machine(&On { env: json!({"CONDA_OVERRIDE_CUDA": value}), ..On::default() });
        [ClientKind::Conda, ClientKind::Mamba, ClientKind::Pixi]
            .map(|kind| VirtualPackages::of(&machine, &client(kind, "99")))
            .map(|sight| {
                let stops = sight.unknown.iter().any(|(name, _)| name == "__cuda");
                let version = sight.package("__cuda").map(|(package, _)| package.version.clone());
                if stops { "stops".to_owned() } else { version.unwrap_or("none".to_owned()) }
            })
    };
    assert_eq!(of("12.9"), ["12.9", "12.9", "12.9"]);
    assert_eq!(of(""), ["none", "none", "none"]);
    assert_eq!(of(" "), ["none", " ", "stops"]);
    assert_eq!(of("foo bar!"), ["foo bar!", "foo bar!", "stops"]);
}

#[test]
fn each_client_spells_versions_in_its_own_way() {
    let here = machine(&On::default());
    let conda = |name: &str| detected(&here, ClientKind::Conda, "26.7.1", name);
    let mamba = |name: &str| detected(&here, ClientKind::Mamba, "2.8.1", name);
    assert_eq!([conda("__archspec"), mamba("__archspec")], ["zen2", "x86_64_v3"]);
    assert_eq!(detected(&here, ClientKind::Mamba, "1.5.9", "__archspec"), "x86_64-v3");
    assert_eq!([conda("__linux"), mamba("__linux")], ["5.15.153.1", "5.15.153"]);
    assert_eq!([conda("__glibc"), mamba("__glibc")], ["2.36", "2.36"]);
    assert_eq!([conda("__conda"), mamba("__conda")], ["26.7.1", "none"]);
    // The one release that calls a missing CUDA version 0.
    assert_eq!(detected(&here, ClientKind::Conda, "25.11.0", "__cuda"), "0");
    assert_eq!(detected(&here, ClientKind::Conda, "25.11.1", "__cuda"), "none");
    let for_windows = machine(&On { env: json!({"CONDA_SUBDIR": "win-64"}), ..On::default() });
    let seen = ["__win", "__glibc", "__unix", "__archspec"]
        .map(|name| detected(&for_windows, ClientKind::Conda, "26.7.1", name));
    assert_eq!(seen, ["0", "none", "none", "x86_64"]);
}

#[test]
fn packages_listed_by_the_clients_info_win() {
    let mut machine = machine(&On::default());
    let said = json!([{"name": "__cuda", "version": "12.4", "build": "0"}]);
    let client = json!({"kind": "conda", "version": Detected::<String>::Absent, "path": "/c", "root_prefix": null,
        "subdir": null, "environments": [], "sees": said});
    machine.clients = vec![serde_json::from_value(client).expect("a client")];
    let sight = VirtualPackages::of(&machine, &ClientTarget::installed(&machine.clients[0]));
    assert_eq!(sight.packages.len(), 1);
    assert_eq!(sight.packages[0].0.version, "12.4");
}

/// The code of the note about a client, and the variables that its command sets.
fn note_and_overrides(on: &On, kind: ClientKind) -> (Vec<&'static str>, BTreeMap<String, String>) {
    let machine = machine(on);
    let advice = advise(&machine, &Request::default(), crate::common::matrix());
    let client = ClientTarget::of(&machine, Some(kind));
    let choice = advice.recommended.as_ref().expect("something fits");
    let new = client_note(&machine, &client, Some(choice.build.accelerator));
    let new = new.iter().map(conda_torch_core::diagnostics::Diagnostic::code).collect();
    let steps =
        commands::plan(&machine, choice, &client, &TargetEnvironment::Unnamed, &CONDA_FORGE);
    let env = steps.iter().flat_map(|step| step.env.iter());
    (new, env.map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn override_of(value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("CONDA_OVERRIDE_CUDA".to_owned(), value.to_owned())])
}

#[test]
fn only_a_client_that_is_wrong_gets_a_note_and_an_override() {
    let gpu = |files: Value, env: Value| On { files, env, driver: both(), ..On::default() };
    let dev = || json!({"/dev/nvidiactl": "", "/usr/bin/nvidia-smi": "ELF"});
    let path = || json!({"PATH": "/usr/bin"});
    for kind in [ClientKind::Conda, ClientKind::Mamba, ClientKind::Pixi] {
        assert_eq!(
            note_and_overrides(&gpu(dev(), path()), kind),
            (vec![], BTreeMap::new()),
            "{kind}"
        );
    }
    let with_file = |text: &str| {
        let mut files = dev();
        files["/usr/local/cuda/version.json"] = json!(text);
        gpu(files, path())
    };
    let old = with_file(r#"{"cuda": {"version": "11.8.89"}}"#);
    let shadows = (vec!["toolkit-shadows-driver"], override_of("13.0"));
    assert_eq!(note_and_overrides(&old, ClientKind::Mamba), shadows);
    assert_eq!(note_and_overrides(&old, ClientKind::Conda), (vec![], BTreeMap::new()));
    // Another toolkit than the driver's has no effect.
    let same_major = with_file(r#"{"cuda": {"version": "13.1.0"}}"#);
    assert_eq!(note_and_overrides(&same_major, ClientKind::Mamba), (vec![], BTreeMap::new()));
    let broken = (vec!["toolkit-file-broken"], override_of("13.0"));
    assert_eq!(note_and_overrides(&with_file("{"), ClientKind::Micromamba), broken);
    let off_path = gpu(json!({"/dev/nvidiactl": ""}), json!({}));
    let blind = (vec!["client-sees-no-cuda"], override_of("13.0"));
    assert_eq!(note_and_overrides(&off_path, ClientKind::Mamba), blind);
    let left = gpu(dev(), json!({"PATH": "/usr/bin", "CONDA_OVERRIDE_CUDA": "11.8"}));
    assert_eq!(note_and_overrides(&left, ClientKind::Conda).0, ["cuda-overridden"]);
    let same = gpu(dev(), json!({"PATH": "/usr/bin", "CONDA_OVERRIDE_CUDA": "13.0"}));
    assert_eq!(note_and_overrides(&same, ClientKind::Conda).0, [""; 0]);
}

#[test]
fn a_toolkit_without_a_gpu_is_hidden_from_mamba() {
    let file = json!({"/usr/local/cuda/version.json": r#"{"cuda": {"version": "12.4.1"}}"#});
    let on = On { files: file, ..On::default() };
    assert_eq!(
        note_and_overrides(&on, ClientKind::Mamba),
        (vec!["toolkit-shadows-driver"], override_of(""))
    );
    assert_eq!(note_and_overrides(&on, ClientKind::Conda), (vec![], BTreeMap::new()));
}

/// `__amdgpu` and `__amdgpu_arch` on a machine with two Radeon cards, with these variables set.
fn amd(version: &str, env: &Value) -> [String; 2] {
    let text = include_str!("../hosts/amd-radeon/host.json");
    let mut host: Value = serde_json::from_str(text).expect("JSON");
    let all = host["env"].as_object().cloned().unwrap_or_default();
    let set = env.as_object().cloned().unwrap_or_default();
    host["env"] = all.into_iter().chain(set).collect::<serde_json::Map<_, _>>().into();
    let host: RecordedHost = host.to_string().parse().expect("a recorded host");
    let machine = probe(&host, &Overrides::default());
    ["__amdgpu", "__amdgpu_arch"].map(|name| detected(&machine, ClientKind::Pixi, version, name))
}

#[test]
fn amd_gpus_are_a_virtual_package_of_pixi_0_82() {
    let both = |one: &str, other: &str| [one.to_owned(), other.to_owned()];
    assert_eq!(amd("0.81.0", &json!({})), both("none", "none"));
    assert_eq!(amd("0.82.0", &json!({})), both("0", "unknown"));
    let env = json!({"CONDA_OVERRIDE_AMDGPU": ""});
    assert_eq!(amd("0.82.0", &env), both("none", "none"));
    let env = json!({"CONDA_OVERRIDE_AMDGPU": "0", "CONDA_OVERRIDE_AMDGPU_ARCH": "11.0.0"});
    assert_eq!(amd("0.85.0", &env), both("0", "11.0.0"));
    // Without a card; conda has neither.
    let machine = machine(&On::default());
    for (kind, version) in [(ClientKind::Pixi, "0.85.0"), (ClientKind::Conda, "26.7.1")] {
        assert_eq!(detected(&machine, kind, version, "__amdgpu"), "none");
        assert_eq!(detected(&machine, kind, version, "__amdgpu_arch"), "none");
    }
}

/// The settings that are named for a client, by variable.
fn named(env: &Value, kind: ClientKind, version: &str) -> Vec<String> {
    let machine = machine(&On { env: env.clone(), ..On::default() });
    let notes = client_override_notes(&machine, &client(kind, version));
    let name = |note: &Diagnostic| {
        if let Diagnostic::PlatformOverridden { setting, .. } = note {
            format!("platform {}={}", setting.name, setting.value)
        } else if let Diagnostic::PackageOverridden { name, package, .. } = note {
            format!("{name} {package}")
        } else {
            panic!("{note:?}")
        }
    };
    notes.iter().map(name).collect()
}

#[test]
fn every_variable_that_a_client_follows_is_named() {
    let env = json!({
        "CONDA_OVERRIDE_WIN": "10.0", "CONDA_OVERRIDE_LINUX": "", "CONDA_OVERRIDE_ARCHSPEC": "zen3",
        "CONDA_OVERRIDE_CUDA_ARCH": "8.6", "CONDA_OVERRIDE_AMDGPU": "0", "CONDA_SUBDIR": "osx-arm64",
    });
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let conda = [
        "platform CONDA_SUBDIR=osx-arm64",
        "CONDA_OVERRIDE_WIN __win",
        "CONDA_OVERRIDE_LINUX __linux",
        "CONDA_OVERRIDE_ARCHSPEC __archspec",
        "CONDA_OVERRIDE_CUDA_ARCH __cuda_arch",
    ];
    assert_eq!(named(&env, ClientKind::Conda, "26.7.1"), all(&conda));
    // mamba does not know `__cuda_arch`, pixi ignores `CONDA_SUBDIR`.
    assert_eq!(named(&env, ClientKind::Mamba, "2.8.1"), all(&conda[..4]));
    let pixi = [&conda[1..], &["CONDA_OVERRIDE_AMDGPU __amdgpu"]].concat();
    assert_eq!(named(&env, ClientKind::Pixi, "0.85.0"), all(&pixi));
    let same = json!({"CONDA_SUBDIR": "linux-64", "CONDA_OVERRIDE_GLIBC": "2.17"});
    assert_eq!(named(&same, ClientKind::Conda, "26.7.1"), all(&[]));
}
