//! Rows inferred from a channel's records, compared with the built-in rows. `tests/solver/channel.py` writes
//! the channel from facts that do not come from the rows.

use crate::common;
use std::process::Command;

use conda_torch_core::channel::{
    ChannelContents, Difference, DifferenceKind, Differences, Record, Records, differences, rows,
};
use conda_torch_core::conda::{Subdir, Version};
use conda_torch_core::diagnostics::Diagnostic;
use conda_torch_core::matrix::Matrix;
use conda_torch_core::resolve::{Request, advise};
use conda_torch_core::types::{
    Accelerator, Build, CompanionBuild, CudaVersion, Date, Detected, Gpu, Machine, Origin, Source,
};
use serde_json::Value;

const SUBDIRS: [Subdir; 5] =
    [Subdir::Linux64, Subdir::LinuxAarch64, Subdir::Osx64, Subdir::OsxArm64, Subdir::Win64];

/// The records of the channel; `None` without a Python to write it.
fn records(name: &str) -> Option<Vec<Record>> {
    let folder = format!("{}/channel-records-{name}", env!("CARGO_TARGET_TMPDIR"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/solver/channel.py");
    let ran = Command::new("python3").args([script, &folder]).output();
    if !ran.is_ok_and(|ran| ran.status.success()) {
        common::skip("the channel of the tests was not written", "apt install python3");
        return None;
    }
    let mut records = Vec::new();
    let subdirs = SUBDIRS.iter().map(|subdir| subdir.as_str());
    for subdir in subdirs.chain(["noarch"]) {
        let text = std::fs::read_to_string(format!("{folder}/{subdir}/repodata.json"))
            .expect("it was written");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        for packages in ["packages", "packages.conda"] {
            for (file, record) in document[packages].as_object().expect("a map") {
                let mut record = record.clone();
                record["url"] = format!("https://example.org/{subdir}/{file}").into();
                record["channel"] = "https://example.org".into();
                record.as_object_mut().expect("a map").remove("track_features");
                records.push(serde_json::from_value(record).expect("a record"));
            }
        }
    }
    Some(records)
}

/// The compared records; all must be understood.
fn has(records: &[Record]) -> ChannelContents {
    let (has, gaps) = ChannelContents::of(records, DAY);
    assert_eq!(gaps, []);
    has
}

/// A difference on one line.
fn tell(difference: &Difference<'_, Build>) -> String {
    let Difference { kind, row, found, build_numbers, changed, .. } = difference;
    let name = format!("{} {} {}", row.pytorch, row.build_prefix(), row.subdir);
    match kind {
        DifferenceKind::New => format!("new {} {}", found.pytorch, found.subdir),
        DifferenceKind::Rebuilt => format!("rebuilt {name} {:?}", build_numbers.last()),
        DifferenceKind::Changed => format!("changed {name} {changed:?}"),
        DifferenceKind::Gone => format!("gone {name}"),
    }
}

#[test]
fn equal_channels_have_no_differences() {
    let Some(records) = records("same") else { return };
    let has = has(&records);
    let differences = differences(&has, crate::common::matrix(), &SUBDIRS);
    let told: Vec<String> = differences.builds.iter().map(tell).collect();
    assert_eq!(told, [""; 0], "of {} builds", has.builds.len());
    assert_eq!(differences, Differences::default(), "of {} companions", has.companions.len());
}

#[test]
fn reports_new_removed_rebuilt_and_changed_builds() {
    let Some(mut records) = records("changed") else { return };
    records.retain(|record| record.name == "pytorch");
    // A release of next year, one build less, a rebuild, and another glibc.
    let newest = |record: &&Record| record.version == "2.13.0" && record.subdir == "linux-64";
    let of = |prefix: &str| {
        records
            .iter()
            .filter(newest)
            .find(|record| record.build.starts_with(prefix))
            .cloned()
            .expect("a record")
    };
    let mut new = of("cuda130_mkl");
    new.version = "2.14.0".to_owned();
    let mut rebuilt = records.clone();
    rebuilt.retain(|record| newest(&record) && record.build.starts_with("cuda130_mkl"));
    for record in &mut rebuilt {
        record.build_number = 303;
    }
    records.retain(|record| {
        !(record.version == "2.13.0"
            && record.subdir == "win-64"
            && record.build.starts_with("cpu"))
    });
    for record in records.iter_mut().filter(|record| {
        record.version == "2.13.0"
            && record.subdir == "linux-64"
            && record.build.starts_with("cpu_generic")
    }) {
        for spec in &mut record.depends {
            *spec = spec.replace("__glibc >=2.17", "__glibc >=2.34");
        }
    }
    records.push(new);
    records.extend(rebuilt);
    let has = has(&records);
    let differences = differences(&has, crate::common::matrix(), &SUBDIRS);
    let told: Vec<String> = differences.builds.iter().map(tell).collect();
    assert_eq!(
        told,
        [
            "new 2.14.0 linux-64",
            "rebuilt 2.13.0 cuda130_mkl linux-64 Some(303)",
            "changed 2.13.0 cpu_generic linux-64 [Glibc]",
            "gone 2.13.0 cpu_mkl win-64"
        ]
    );
}

#[test]
fn reports_new_removed_and_changed_companions_and_toolkits() {
    let Some(mut records) = records("companions") else { return };
    let is = |record: &Record, name: &str, version: &str, build: &str| {
        record.name == name
            && record.version == version
            && record.subdir == "linux-64"
            && record.build.starts_with(build)
    };
    let mut new: Vec<Record> = records
        .iter()
        .filter(|record| is(record, "torchvision", "0.28.0", "cuda129"))
        .cloned()
        .collect();
    assert!(!new.is_empty());
    for record in &mut new {
        record.version = "0.29.0".to_owned();
    }
    records.retain(|record| !is(record, "torchvision", "0.28.0", "cpu"));
    for record in records.iter_mut().filter(|record| is(record, "torchvision", "0.28.0", "cuda130"))
    {
        for spec in &mut record.depends {
            *spec = spec.replace("pytorch >=2.13.0,<2.14.0a0", "pytorch >=2.12.0,<2.13.0a0");
        }
    }
    records.extend(new);
    for record in &mut records {
        if record.name == "cuda-version" && record.version == "13.5" {
            record.version = "13.6".to_owned();
        }
    }
    let has = has(&records);
    let differences = differences(&has, crate::common::matrix(), &SUBDIRS);
    let row = |row: &CompanionBuild| {
        format!(
            "{} {} {} for {}",
            row.package,
            row.version,
            row.accelerator.build_prefix(),
            row.pytorch
        )
    };
    let told: Vec<String> = differences
        .companions
        .iter()
        .map(|difference| match difference.kind {
            DifferenceKind::New => format!("new {}", row(difference.found)),
            DifferenceKind::Changed | DifferenceKind::Rebuilt => {
                format!("changed {}, not {}", row(difference.found), difference.row.pytorch)
            }
            DifferenceKind::Gone => format!("gone {}", row(difference.row)),
        })
        .collect();
    let expected = [
        "new torchvision 0.29.0 cuda129 for 2.13",
        "changed torchvision 0.28.0 cuda130 for 2.12, not 2.13",
        "gone torchvision 0.28.0 cpu for 2.13",
    ];
    assert_eq!(told, expected);
    assert_eq!(differences.new_cuda_versions, [CudaVersion::new(13, 6)]);
    assert_eq!(differences.gone_cuda_versions, [CudaVersion::new(13, 5)]);
}

const DAY: Date = Date::new(2027, 1, 2);

/// A row without its source.
fn said(build: &Build) -> Build {
    Build { source: Source::channel(DAY), ..build.clone() }
}

/// Where the facts are coarser than the rows (see docs/matrix.md). They have Python 3.14 in
/// #0 of 2.10.0 already, and of win-64 2.5.1 the uploads that were seen, from #11 on.
const FACTS_ARE_COARSER: [&str; 13] = [
    "2.10.0 cuda129_mkl linux-64 mkl 3.10-3.14",
    "2.10.0 cuda129_generic linux-64 generic 3.10-3.14",
    "2.10.0 cpu_mkl linux-64 mkl 3.10-3.14",
    "2.10.0 cpu_generic linux-64 generic 3.10-3.14",
    "2.10.0 cuda129_generic linux-aarch64 generic 3.10-3.14",
    "2.10.0 cpu_generic linux-aarch64 generic 3.10-3.14",
    "2.10.0 cpu_mkl osx-64 mkl 3.10-3.14",
    "2.10.0 cpu_generic osx-64 generic 3.10-3.14",
    "2.10.0 cpu_generic osx-arm64 generic 3.10-3.14",
    "2.10.0 cuda128_mkl win-64 mkl 3.10-3.14",
    "2.10.0 cpu_mkl win-64 mkl 3.10-3.14",
    "2.5.1 cuda126_mkl win-64 mkl #311-317",
    "2.5.1 cpu_mkl win-64 mkl #111-117",
];

/// The differences between two rows of one build.
fn differs(live: &Build, known: &Build) -> Option<String> {
    let (live, known) = (said(live), said(known));
    let of = &known;
    let name = format!("{} {} {} {}", of.pytorch, of.build_prefix(), of.subdir, of.blas);
    if live == known {
        None
    } else if live == (Build { pythons: live.pythons, ..known.clone() }) {
        Some(format!("{name} {}-{}", live.pythons.0, live.pythons.1))
    } else if live == (Build { build_numbers: live.build_numbers, ..known.clone() }) {
        Some(format!("{name} #{}-{}", live.build_numbers.0, live.build_numbers.1))
    } else {
        Some(format!("{name}: {live:?}, not {known:?}"))
    }
}

#[test]
fn rows_of_an_equal_channel_are_the_built_in_rows() {
    let Some(records) = records("rows") else { return };
    let known = crate::common::matrix();
    let (live, gaps) = rows(&Records { records }, &SUBDIRS, ("conda-forge", DAY), known)
        .expect("there is PyTorch");
    assert_eq!(gaps, []);
    assert_eq!(live.as_of, DAY);
    assert_eq!(live.cuda_versions, known.cuda_versions);
    let all = live.builds.iter().zip(known.builds.iter());
    let other: Vec<String> = all.filter_map(|(live, known)| differs(live, known)).collect();
    assert_eq!(other, FACTS_ARE_COARSER);
    assert_eq!(live.builds.len(), known.builds.len());
    assert!(live.builds.iter().all(|row| !row.source.inferred));
    let read = Source::channel(DAY);
    let all = live.companions.iter().zip(known.companions.iter());
    let other: Vec<String> = all
        .filter(|(live, known)| {
            **live != CompanionBuild { source: read.clone(), ..(*known).clone() }
        })
        .map(|(live, known)| format!("{live:?}, not {known:?}"))
        .collect();
    assert_eq!(other, [""; 0]);
    assert_eq!(live.companions.len(), known.companions.len());
}

/// The records of a build of next year.
fn next_year(build: &str, number: u64, cuda: &str, subdir: &str) -> Record {
    Record {
        name: "pytorch".to_owned(),
        version: "2.14.0".to_owned(),
        build: build.to_owned(),
        build_number: number,
        subdir: subdir.to_owned(),
        depends: [
            "__glibc >=2.28,<3.0.a0",
            cuda,
            "mkl >=2026.0,<2027.0a0",
            "python >=3.12,<3.13.0a0",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..Record::default()
    }
}

#[test]
fn infers_recipe_facts_of_newer_builds_from_the_closest() {
    let known = crate::common::matrix();
    let cuda131 = next_year("cuda131_mkl_py312_h0_300", 300, "cuda-version >=13.1,<14", "linux-64");
    let cuda150 = next_year("cuda150_mkl_py312_h0_300", 300, "cuda-version >=15.0,<16", "linux-64");
    let unknown = next_year("rocm72_mkl_py312_h0_300", 300, "hip >=7.2", "linux-64");
    let mut metapackage = cuda131.clone();
    metapackage.name = "pytorch-gpu".to_owned();
    metapackage.depends = vec!["pytorch 2.14.0 cuda*_mkl*300".to_owned()];
    let records = vec![cuda131, unknown.clone(), cuda150, metapackage];
    let (live, gaps) = rows(&Records { records }, &[Subdir::Linux64], ("conda-forge", DAY), known)
        .expect("there is PyTorch");
    let told: Vec<&str> = gaps.iter().map(|gap| gap.url.as_str()).collect();
    assert_eq!(told, [&unknown.url]);
    let of = |major, minor| {
        let cuda = Accelerator::Cuda(CudaVersion::new(major, minor));
        live.builds
            .iter()
            .find(|row| row.pytorch == Version::new(&[2, 14, 0]) && row.accelerator == cuda)
            .expect("a row")
    };
    let row = of(13, 1);
    assert_eq!(row.source, Source { inferred: true, ..Source::channel(DAY) });
    // Of PyTorch 2.13.0 for CUDA 13.0 on linux-64.
    assert_eq!(row.kernels.to_string(), "7.5 8.0 8.6 9.0 10.0 11.0 12.0+PTX");
    assert_eq!(row.glibc.map(|floor| floor.libraries), Some(Version::new(&[2, 28])));
    assert_eq!(row.cuda_pins, CudaVersion::new(13, 1)..CudaVersion::new(14, 0));
    assert!(row.metapackage);
    assert!(!of(15, 0).metapackage);
    // No toolkit of that major version is known: the closest older one is used, and marked.
    assert_eq!(of(15, 0).kernels, row.kernels);
    assert!(of(15, 0).source.inferred);
}

#[test]
fn newer_build_numbers_are_rows_and_empty_channels_are_none() {
    let known = crate::common::matrix();
    let read =
        |records| rows(&Records { records }, &[Subdir::Linux64], ("conda-forge", DAY), known);
    assert!(read(vec![]).is_none());
    let of = |build: &str, number| {
        let mut record = next_year(build, number, "cuda-version >=13.0,<14", "linux-64");
        record.version = "2.13.0".to_owned();
        record
    };
    let records = vec![of("cuda130_mkl_py312_h0_302", 302), of("cuda130_mkl_py312_h1_303", 303)];
    let (live, _) = read(records).expect("there is PyTorch");
    let here = live
        .builds
        .iter()
        .filter(|row| row.subdir == Subdir::Linux64 && !row.pytorch.is_candidate());
    let told: Vec<_> = here.map(|row| (row.build_numbers, row.source.inferred)).collect();
    assert_eq!(told, [((303, 303), true), ((302, 302), false)]);
    // The rows of other platforms are unchanged.
    let elsewhere = |matrix: &Matrix| {
        matrix.builds.iter().filter(|row| row.subdir == Subdir::Win64).cloned().collect::<Vec<_>>()
    };
    assert_eq!(elsewhere(&live), elsewhere(known));
    // No torchvision was read for linux-64, so there is none.
    assert!(live.companions.iter().all(|row| row.subdir != Subdir::Linux64));
}

#[test]
fn a_build_for_cuda_13_4_runs_on_driver_580_but_its_ptx_needs_615() {
    let build = next_year("cuda134_mkl_py312_h1_300", 300, "cuda-version >=13.4,<14", "linux-64");
    let records = Records { records: vec![build] };
    let subdirs = [Subdir::Linux64];
    let (live, _) =
        rows(&records, &subdirs, ("conda-forge", DAY), crate::common::matrix()).expect("rows");
    let on = |driver: &str, capability: &str| {
        let mut machine = Machine::baseline(Subdir::Linux64);
        let flag = || Origin::Flag("--gpu".into());
        machine.driver = Detected::found(driver.parse().expect("a driver"), flag());
        let capability = Detected::found(capability.parse().expect("a capability"), flag());
        machine.gpus = vec![Gpu { compute_capability: capability, ..Gpu::default() }];
        let advice = advise(&machine, &Request::default(), &live);
        let needed = advice.diagnostics.iter().find_map(|it| {
            if let Diagnostic::PtxNeedsNewerDriver { needed, .. }
            | Diagnostic::DriverTooOld { needed, .. } = it
            {
                Some(needed.to_string())
            } else {
                None
            }
        });
        (advice.recommended.is_some(), needed)
    };
    // 12.0 has machine code in the build, 13.0 would get PTX.
    assert_eq!(on("580.65.06", "12.0"), (true, None));
    assert_eq!(on("575.51.03", "12.0"), (false, Some("580.65.06".to_owned())));
    assert_eq!(on("615.71.08", "13.0"), (false, Some("615.71.09".to_owned())));
    assert_eq!(on("615.71.09", "13.0"), (true, None));
}
