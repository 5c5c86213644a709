//! Values read and typed by a person: companions and drivers.

use conda_torch_core::conda::Subdir;
use conda_torch_core::matrix::DriverFamily;
use conda_torch_core::types::{ArmVariant, Companion, CompanionBuild};

use super::{cuda, driver, matrix, version};

fn companions(package: Companion, pytorch: &str, subdir: Subdir) -> Vec<&'static CompanionBuild> {
    let rows = matrix().companions.iter();
    rows.filter(|row| {
        row.package == package && row.pytorch == version(pytorch) && row.subdir == subdir
    })
    .collect()
}

#[test]
fn companions_are_for_the_series_that_they_were_built_for() {
    let newest = |package, pytorch, subdir| {
        companions(package, pytorch, subdir).first().map(|row| row.version.to_string())
    };
    let vision = |pytorch, subdir| newest(Companion::Torchvision, pytorch, subdir);
    let audio = |pytorch, subdir| newest(Companion::Torchaudio, pytorch, subdir);
    assert_eq!(vision("2.13", Subdir::Linux64).as_deref(), Some("0.28.0"));
    assert_eq!(vision("2.12", Subdir::Win64).as_deref(), Some("0.27.1"));
    assert_eq!(vision("2.11", Subdir::Linux64).as_deref(), Some("0.26.0"));
    assert_eq!(vision("2.8", Subdir::Linux64).as_deref(), Some("0.23.0"));
    assert_eq!(vision("2.5", Subdir::Linux64).as_deref(), Some("0.20.1"));
    assert_eq!(vision("2.0", Subdir::OsxArm64).as_deref(), Some("0.15.2"));
    assert_eq!(vision("2.4", Subdir::Win64), None);
    assert_eq!(audio("2.10", Subdir::Linux64).as_deref(), Some("2.11.0"));
    assert_eq!(audio("2.9", Subdir::LinuxAarch64).as_deref(), Some("2.9.1"));
    assert_eq!(audio("2.11", Subdir::Linux64), None);
    assert_eq!(audio("2.13", Subdir::Linux64), None);
    assert!(matrix().companions.iter().all(|row| row.package == Companion::Torchvision
        || (row.subdir != Subdir::Win64 && row.arm_variant != Some(ArmVariant::Tegra))));
}

#[test]
fn torchvision_for_2_5_keeps_the_toolkits_of_older_builds() {
    let mut toolkits: Vec<String> = companions(Companion::Torchvision, "2.5", Subdir::Linux64)
        .iter()
        .filter_map(|row| {
            assert_eq!(row.same_toolkit, row.accelerator.cuda().is_some());
            Some(row.accelerator.cuda()?.to_string())
        })
        .collect();
    toolkits.sort();
    assert_eq!(toolkits, ["11.8", "12.0", "12.6"]);
}

#[test]
fn torchvision_on_windows_has_another_toolkit_than_pytorch() {
    let on_windows = companions(Companion::Torchvision, "2.12", Subdir::Win64);
    let of_12 = on_windows.iter().find(|row| row.cuda_pins.start.major == 12).expect("a build");
    assert_eq!(of_12.cuda_pins, cuda("12.9")..cuda("13.0"));
    assert!(!of_12.same_toolkit);
}

#[test]
fn drivers_are_those_of_nvidias_tables() {
    use DriverFamily::{Linux, Windows};
    for (toolkit, linux, windows) in [
        ("10.2", "440.33", "441.22"),
        ("11.8", "520.61.05", "520.06"),
        ("12.4", "550.54.14", "551.61"),
        ("12.8", "570.26", "570.65"),
        ("12.9", "575.51.03", "576.02"),
        ("13.0", "580.65.06", "580"),
        ("13.2", "595.45.04", "595"),
        ("13.3", "610.43.02", "610"),
        ("13.4", "615.71.09", "616.56"),
        ("13.5", "620.70.06", "621.01"),
    ] {
        assert_eq!(matrix().toolkit_driver(cuda(toolkit), Linux), Some(driver(linux)));
        assert_eq!(matrix().toolkit_driver(cuda(toolkit), Windows), Some(driver(windows)));
    }
    let floor = |toolkit, family| matrix().major_driver(cuda(toolkit), family);
    assert_eq!(floor("11.8", Linux), Some(driver("450.80.02")));
    assert_eq!(floor("12.9", Linux), Some(driver("525.60.13")));
    assert_eq!(floor("12.9", Windows), Some(driver("527.41")));
    assert_eq!(floor("13.0", Linux), Some(driver("580.65.06")));
    assert_eq!(floor("10.2", Linux), None);
}

#[test]
fn a_driver_supports_the_cuda_that_it_prints() {
    for (version, expected) in [
        ("440.33", "10.2"),
        ("470.256.02", "11.4"),
        ("535.183.01", "12.2"),
        ("550.54.14", "12.4"),
        ("570.26", "12.8"),
        ("580.65.06", "13.0"),
        ("580", "13.0"),
        ("610.43.02", "13.3"),
        ("615.71.08", "13.3"),
        ("615.71.09", "13.4"),
        ("615", "13.4"),
        ("616.10", "13.4"),
        ("620.70.06", "13.5"),
    ] {
        let found = matrix().cuda_of_driver(driver(version), DriverFamily::Linux);
        assert_eq!(found, Some(cuda(expected)), "{version}");
    }
}

#[test]
fn tegra_capabilities_are_marked() {
    for (capability, expected) in [
        ("5.3", true),
        ("6.2", true),
        ("7.2", true),
        ("8.6", false),
        ("8.7", true),
        ("11.0", true),
        ("12.0", false),
        ("12.1", false),
    ] {
        let capability = capability.parse().expect("a capability");
        assert_eq!(matrix().is_soc(capability), expected, "{capability}");
    }
}
