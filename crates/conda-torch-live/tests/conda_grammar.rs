//! The core's reader of match specs compared with rattler's: same name, build and versions.

use conda_torch_core::conda;
use rattler_conda_types::{MatchSpec, ParseStrictness, Version};

const VERSIONS: [&str; 14] = [
    "1.9.0", "1.13.1", "2.0.0", "2.0.1", "2.1.0", "2.1.1", "2.1.2", "2.2.0", "2.3.1", "2.5.1",
    "2.6.0", "2.10.0", "2.13.0", "3.0.0",
];

#[test]
fn specs_have_the_meaning_of_rattler() {
    for text in [
        "pytorch",
        "pytorch=2.1",
        "pytorch=2.1.*",
        "pytorch==2.1.2",
        "pytorch==2.1",
        "pytorch 2.1.2",
        "pytorch 2.1",
        "pytorch 2.1.*",
        "pytorch 2.1*",
        "pytorch=2",
        "pytorch>=2.0",
        "pytorch>2.1",
        "pytorch<=2.1",
        "pytorch<2.6.0a0",
        "pytorch>=2.0,<2.3",
        "pytorch >=2.0, <2.3",
        "pytorch >= 2.0 , < 2.3",
        "pytorch!=2.1.0",
        "pytorch!=2.1.*",
        "pytorch>=2,!=2.1.*,<3",
        "pytorch~=2.1",
        "pytorch~=2.1.0",
        "pytorch~=2.1.1",
        "pytorch~=2",
        "pytorch 2.1.*|2.3.*",
        "pytorch 2.1.2|2.3.1",
        "pytorch 1.13.*|>=2.3",
        "pytorch[version='>=2.0,<2.3']",
        "pytorch[version='2.1']",
        "pytorch[version='=2.1']",
        "pytorch[version='2.1.*', build='cuda*']",
        "pytorch 2.1.2 cuda120*",
        "pytorch >=2.0,<2.3 cuda120*",
        "pytorch=*=cuda*",
        "pytorch==2.1.2=cuda120*",
        "conda-forge::pytorch=2.1",
        "conda-forge/linux-64::pytorch=2.1",
    ] {
        let ours = conda::MatchSpec::parse(text).expect("a spec to us");
        let theirs =
            MatchSpec::from_str(text, ParseStrictness::Lenient).expect("a spec to rattler");
        let constraint = ours.constraint();
        assert!(!ours.is_unclear(), "{text}");
        for version in VERSIONS {
            let known = theirs.version.as_ref();
            let expected =
                known.is_none_or(|spec| spec.matches(&version.parse::<Version>().expect("one")));
            let row = version.parse().expect("a version");
            let admits = constraint.as_ref().is_none_or(|constraint| constraint.admits(row));
            assert_eq!(admits, expected, "{text} with {version}");
        }
        assert_eq!(ours.name, theirs.name.to_string(), "{text}");
        let build = theirs.build.map(|build| build.to_string());
        assert_eq!(ours.build, build, "{text}");
    }
}

#[test]
fn rattler_reads_written_specs() {
    for (spec, version) in [
        (conda::MatchSpec::version("pytorch-gpu", "2.13.0"), "2.13.0"),
        (conda::MatchSpec::build("pytorch", "2.13.0", "cuda129_mkl*"), "2.13.0"),
    ] {
        for text in [spec.to_string(), spec.argument_with_build()] {
            let read = MatchSpec::from_str(&text, ParseStrictness::Lenient).expect("a spec");
            assert_eq!(read.name.to_string(), spec.name);
            assert_eq!(read.build.map(|build| build.to_string()), spec.build);
            let version: Version = version.parse().expect("a version");
            assert!(read.version.expect("a version").matches(&version), "{text}");
        }
    }
}
