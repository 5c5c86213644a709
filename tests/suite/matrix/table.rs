//! The table view.

use conda_torch::text::table::{Age, TableFormat, table};
use conda_torch_core::conda::Subdir;
use conda_torch_core::matrix::{BuildFilter, Tier};
use conda_torch_core::report::matrix::{Recommended, TableRows, rows};

use super::{build, cuda};
use crate::common::matrix;

const WITH_PYTORCH: &[Subdir] = Subdir::ALL.split_at(5).0;

fn written(
    subdirs: &[Subdir],
    which: TableRows,
    recommended: Option<Recommended<'static>>,
    format: TableFormat,
    width: Option<usize>,
) -> String {
    table(
        matrix(),
        &rows(matrix(), subdirs, which, &BuildFilter::default(), recommended),
        which,
        format,
        width,
        &[],
        Age::default(),
    )
}

fn newest(subdirs: &[Subdir], format: TableFormat, width: Option<usize>) -> String {
    written(subdirs, TableRows::Newest, None, format, width)
}

#[test]
fn windows_at_80_columns() {
    insta::assert_snapshot!(newest(&[Subdir::Win64], TableFormat::Table, Some(80)), @r"
    win-64
      CUDA      PyTorch build        package     driver GPUs     Python    support
      13.1–13.5                                                            none
      13.0      2.13.0  cuda130 #302 pytorch-gpu 580    7.5–12.1 3.10–3.14 limited
      12.9                                                                 none
      12.8      2.13.0  cuda128 #302 pytorch-gpu 527.41 5.0–12.1 3.10–3.14 limited
      12.6      2.7.1   cuda126 #300 pytorch-gpu 527.41 5.0–9.0  3.9–3.13  limited
      9.2–12.5                                                             none
      CPU       2.13.0  cpu #102     pytorch-cpu                 3.10–3.14 limited
      no Triton on Windows, so no `torch.compile` on the GPU
      no torchaudio for this platform
      PyTorch on Windows needs exactly the `cuda-version` of its row

    CUDA: the pin of `cuda-version`; driver, glibc, macOS: minimum; GPUs: compute
    capabilities
    ");
}

#[test]
fn linux_aarch64_in_a_pipe() {
    insta::assert_snapshot!(newest(&[Subdir::LinuxAarch64], TableFormat::Table, None), @r"
    linux-aarch64
      CUDA        PyTorch  build         package      driver     GPUs      glibc  Python     support  limits
      13.0–13.5   2.13.0   cuda130 #202  pytorch-gpu  580.65.06  7.5–12.1  2.28   3.10–3.14  full
      12.9        2.13.0   cuda129 #202  pytorch-gpu  525.60.13  5.0–12.1  2.28   3.10–3.14  full
      12.6–12.8   2.7.1    cuda126 #200  pytorch-gpu  525.60.13  5.0–9.0   2.28   3.9–3.13   limited  newest is 2.13.0
      12.0–12.5   2.5.1    cuda120 #203  pytorch-gpu  525.60.13  5.0–9.0   2.28   3.9–3.13   limited  newest is 2.13.0
      9.2–11.8                                                                               none
      12.9 tegra  2.13.0   cuda129 #202  pytorch-gpu  525.60.13  8.7       2.34   3.10–3.14  full
      CPU         2.13.0   cpu #2        pytorch-cpu                       2.17   3.10–3.14  full
      tegra: Jetson up to Orin; also install `arm-variant=*=tegra`

    CUDA: the pin of `cuda-version`; driver, glibc, macOS: minimum; GPUs: compute
    capabilities
    ");
}

#[test]
fn macos_as_markdown() {
    insta::assert_snapshot!(newest(&[Subdir::OsxArm64], TableFormat::Markdown, None), @r"
    | platform  | CUDA  | PyTorch | builds           | package | driver | GPUs | glibc | macOS | Python    | support | limits           |
    |-----------|-------|---------|------------------|---------|--------|------|-------|-------|-----------|---------|------------------|
    | osx-arm64 | any   |         |                  |         |        |      |       |       |           | none    |                  |
    | osx-arm64 | Metal | 2.13.0  | cpu_generic #0–2 | pytorch |        |      |       | 14.0  | 3.10–3.14 | full    |                  |
    | osx-arm64 | Metal | 2.8.0   | cpu_generic #1–2 | pytorch |        |      |       | 13.0  | 3.10–3.13 | limited | newest is 2.13.0 |
    | osx-arm64 | Metal | 2.4.1   | cpu_generic #0–6 | pytorch |        |      |       | 12.3  | 3.9–3.13  | limited | newest is 2.13.0 |
    ");
}

#[test]
fn narrow_tables_have_at_most_80_columns() {
    for which in [TableRows::Newest, TableRows::All] {
        let text = written(WITH_PYTORCH, which, None, TableFormat::Table, Some(80));
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            assert_eq!(line.trim_end(), line);
        }
    }
    let text = newest(WITH_PYTORCH, TableFormat::Table, Some(200));
    assert!(text.lines().all(|line| line.chars().count() <= 200));
}

#[test]
fn the_row_of_the_machine_is_marked() {
    let choice = build("2.13.0", "linux-64", "12.9", 302).expect("the build");
    let recommended = Some(Recommended { build: choice, cuda_version: Some(cuda("12.9")) });
    let marked =
        |format, width| written(WITH_PYTORCH, TableRows::Newest, recommended, format, width);
    let human = marked(TableFormat::Table, Some(80));
    let stars: Vec<&str> = human.lines().filter(|line| line.starts_with("* ")).collect();
    assert_eq!(stars.len(), 2, "{human}");
    assert!(stars[0].starts_with("* 12.9      2.13.0  cuda129 #302"), "{human}");
    assert_eq!(stars[1], "* the row for your machine");
    let json: serde_json::Value =
        serde_json::from_str(&marked(TableFormat::Json, None)).expect("a JSON document");
    let rows = json["rows"].as_array().expect("rows");
    assert_eq!(rows.iter().filter(|row| row["this_machine"] == true).count(), 1);
}

#[test]
fn an_older_recommended_build_gets_its_own_row() {
    let choice = build("2.7.1", "osx-64", "cpu", 102).expect("the build for macOS 10.15");
    let recommended = Some(Recommended { build: choice, cuda_version: None });
    let text = |subdirs: &[Subdir]| {
        written(subdirs, TableRows::Newest, recommended, TableFormat::Table, Some(80))
    };
    let all = text(WITH_PYTORCH);
    assert!(
        all.contains("\n* CPU   2.7.1    cpu #102  pytorch  10.15  3.9–3.13   limited  newest is 2.13.0\n\nosx-arm64\n"),
        "{all}"
    );
    // No mark if the platform is not shown.
    let windows = text(&[Subdir::Win64]);
    assert!(!windows.contains("your machine"), "{windows}");
}

#[test]
fn json_has_null_for_missing_values() {
    let text = newest(&[Subdir::Win64], TableFormat::Json, None);
    let json: serde_json::Value = serde_json::from_str(&text).expect("a JSON document");
    assert_eq!(json["format_version"], 1);
    assert_eq!(json["matrix"]["as_of"], "2026-08-13");
    let none = &json["rows"][5];
    assert_eq!(none["support"], "none");
    assert_eq!(none["cuda_versions"].as_array().expect("pins").last(), Some(&"12.5".into()));
    assert!(none["pytorch"].is_null() && none["build"].is_null() && none["glibc"].is_null());
    assert!(json["rows"][2]["pytorch"].is_null()); // 12.9
    let of_12_8 = &json["rows"][3];
    assert_eq!(of_12_8["pytorch"], "2.13.0");
    assert_eq!(of_12_8["driver"]["windows"], "527.41");
    assert!(of_12_8["driver"]["linux"].is_null());
}

#[test]
fn every_csv_line_has_all_columns() {
    let text = written(WITH_PYTORCH, TableRows::All, None, TableFormat::Csv, None);
    assert!(text.is_ascii() && !text.contains('"'));
    assert!(text.lines().all(|line| line.matches(',').count() == 20));
    assert_eq!(text.lines().count(), 1 + matrix().builds.len());
    let newest = newest(&[Subdir::Linux64], TableFormat::Csv, None);
    let row = "linux-64,cuda,12.0,12.5,2.5.1,cuda120,300,303,pytorch-gpu,525.60.13,527.41,5.0-9.0,2.17,2.41,,\
               3.9,3.13,limited,older-pytorch glibc-below,,";
    assert!(newest.lines().any(|line| line == row), "{newest}");
}

fn filtered(filter: &BuildFilter, asked: &[&str], width: usize) -> String {
    let rows = rows(matrix(), &[Subdir::Linux64], TableRows::Newest, filter, None);
    let (which, format) = (TableRows::Newest, TableFormat::Table);
    table(matrix(), &rows, which, format, Some(width), asked, Age::default())
}

#[test]
fn a_filter_shows_only_builds_that_pass_and_marks_the_newest() {
    let filter = BuildFilter {
        gpus: vec!["6.1".parse().expect("a capability")],
        python: "3.9".parse().ok(),
        pytorch: ">=2.4".parse().ok(),
        ..BuildFilter::default()
    };
    insta::assert_snapshot!(filtered(&filter, &["GPUs", "Python"], 80), @r"
    linux-64
      CUDA      PyTorch build        package     driver    GPUs     glibc Python
    * 12.9      2.7.1   cuda129 #304 pytorch-gpu 525.60.13 5.0–12.1 2.28  3.9–3.13
      12.6–12.8 2.7.1   cuda126 #300 pytorch-gpu 525.60.13 5.0–9.0  2.28  3.9–3.13
      12.0–12.5 2.5.1   cuda120 #303 pytorch-gpu 525.60.13 5.0–9.0  2.17  3.9–3.13
      11.8      2.5.1   cuda118 #303 pytorch-gpu 450.80.02 3.5–8.9  2.17  3.9–3.13
      the builds above of PyTorch 2.5.1 and older do not load with glibc 2.41+

    CUDA: the pin of `cuda-version`; driver, glibc, macOS: minimum; GPUs: compute
    capabilities
    * the newest that matches
    ");
}

#[test]
fn what_was_asked_for_stays_on_a_narrow_terminal() {
    let filter = BuildFilter { python: "3.9".parse().ok(), ..BuildFilter::default() };
    let text = filtered(&filter, &["Python"], 50);
    let headings = text.lines().nth(1).expect("headings");
    assert!(headings.contains("CUDA") && headings.contains("Python"), "{text}");
    assert!(!headings.contains("package") && headings.chars().count() <= 50, "{text}");
}

#[test]
fn every_pin_is_in_one_row_of_each_platform() {
    for subdir in WITH_PYTORCH {
        let rows = matrix().overview(&[*subdir], &BuildFilter::default());
        for pin in &*matrix().cuda_versions {
            let has = |row: &&_| -> bool {
                let row: &conda_torch_core::matrix::OverviewRow<'_> = row;
                row.cuda_versions.contains(pin) && row.build.is_none_or(|b| !is_tegra(b))
            };
            assert_eq!(rows.iter().filter(has).count(), 1, "{subdir} {pin}");
        }
    }
}

fn is_tegra(build: &conda_torch_core::types::Build) -> bool {
    build.arm_variant == Some(conda_torch_core::types::ArmVariant::Tegra)
}

#[test]
fn support_levels_are_right() {
    let tier = |subdir, pin: &str| {
        let rows = matrix().overview(&[subdir], &BuildFilter::default());
        rows.iter().find(|row| row.cuda_versions.contains(&cuda(pin))).map(|row| row.tier)
    };
    assert_eq!(tier(Subdir::Linux64, "13.0"), Some(Tier::Full));
    assert_eq!(tier(Subdir::Linux64, "12.9"), Some(Tier::Full));
    assert_eq!(tier(Subdir::Linux64, "12.4"), Some(Tier::Limited));
    assert_eq!(tier(Subdir::Linux64, "11.8"), Some(Tier::Limited));
    assert_eq!(tier(Subdir::Linux64, "10.1"), Some(Tier::None));
    assert_eq!(tier(Subdir::LinuxAarch64, "11.8"), Some(Tier::None));
    assert_eq!(tier(Subdir::Win64, "13.0"), Some(Tier::Limited));
    assert_eq!(tier(Subdir::OsxArm64, "12.9"), Some(Tier::None));
}

#[test]
fn a_platform_without_pytorch_has_no_support() {
    let text = newest(&[Subdir::LinuxPpc64le], TableFormat::Table, Some(80));
    assert!(text.contains("CPU") && text.contains("none"), "{text}");
}
