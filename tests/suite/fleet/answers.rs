//! Classes, environments, what is not served, what would help.

use conda_torch_core::fleet::{EnvironmentCount, FleetPlan, Service};
use conda_torch_core::resolve::{Request, Unlock, advise};
use conda_torch_core::types::Build;
use conda_torch_core::{Matrix, fleet};

use super::{environments, lines, plan, plan_of};
use crate::common::{machine, machine_names};

#[test]
fn the_fewest_environments_serve_all_nodes() {
    // CUDA 12.9 runs on V100 and RTX 5090, and on nodes without a GPU; driver 470 only runs CUDA 11.
    let text = lines(&[
        ("gpu[001-100]", "rtx5090-driver-580"),
        ("v[01-64]", "v100-driver-580"),
        ("a[1-40]", "a100-driver-470"),
        ("cpu[1-20]", "no-gpu"),
    ]);
    let plan = plan(&text);
    assert_eq!(
        environments(&plan),
        ["torch-2.13.0-cuda129: cpu[1-20],gpu[001-100],v[01-64]", "torch-2.5.1-cuda118: a[1-40]",]
    );
    let services: Vec<Option<Service>> =
        plan.classes.iter().map(|class| class.environment.map(|(_, service)| service)).collect();
    let native = Some(Service::Native);
    assert_eq!(services, [native, native, native, Some(Service::Cpu)]);
    assert_eq!((plan.nodes, plan.unserved(), plan.exit_code()), (224, 0, 0));
    assert!(plan.curve.iter().all(|point| point.exact));
    // With one, the nodes with the old driver have none.
    let one = plan_of(&text, &Request::default(), EnvironmentCount::AtMost(1));
    assert_eq!(environments(&one).len(), 1);
    assert_eq!((one.unserved(), one.exit_code()), (40, 4));
    // A newer driver there makes one environment enough.
    let update = &plan.driver_updates[0];
    assert_eq!(update.driver.to_string(), "525.60.13");
    assert_eq!((update.names.to_string(), update.nodes), ("a[1-40]".to_owned(), 40));
    assert_eq!(update.after.builds.len(), 1);
}

/// A driver of its own on every node makes as many classes.
#[test]
fn a_driver_update_helps_nodes_of_any_number_of_classes() {
    let old = lines(&[("a1", "a100-driver-470")]);
    let mut text = lines(&[("v[1-9]", "rtx5090-driver-580")]);
    for at in 0..700 {
        text += &old.replace("a1", &format!("a{at}")).replace("256.02", &format!("{at}.02"));
    }
    let plan = plan(&text);
    assert_eq!((plan.classes.len(), plan.environments.len()), (701, 2));
    let update = &plan.driver_updates[0];
    assert_eq!((update.driver.to_string(), update.nodes), ("525.60.13".to_owned(), 700));
    assert_eq!(update.names.to_string(), "a[0-699]");
}

#[test]
fn one_environment_may_cost_releases() {
    // GTX 1080 Ti with driver 535 and V100 with driver 580 share a build; Blackwell needs CUDA 12.8 or newer.
    let text = lines(&[("p[1-3]", "p100-driver-450"), ("v[1-9]", "v100-driver-580")]);
    let plan = plan(&text);
    assert_eq!(plan.environments.len(), 1, "{:?}", environments(&plan));
    let build = plan.environments[0].choice.build;
    assert!(build.accelerator.cuda().is_some_and(|toolkit| toolkit.major <= 11), "{build:?}");
    // Two environments give the V100s the newest.
    let last = plan.curve.last().expect("a curve");
    assert_eq!((last.builds.len(), last.cost.releases), (2, 0));
    assert!(plan.curve[1].cost.releases > 0);
    let two = plan_of(&text, &Request::default(), EnvironmentCount::AtMost(2));
    assert_eq!(two.environments[0].choice.build.pytorch.to_string(), "2.13.0");
}

#[test]
fn an_environment_is_built_for_the_weakest_of_its_nodes() {
    let text = lines(&[("u[1-2]", "ubuntu1804-glibc-2.27-v100"), ("v[1-9]", "v100-driver-580")]);
    let plan = plan(&text);
    let environment = &plan.environments[0];
    let step = &environment.steps(
        conda_torch_core::types::ClientKind::Mamba,
        Some("/shared/envs"),
        &conda_torch_core::conda::CONDA_FORGE,
    )[0];
    let variable = |name: &str| {
        step.env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    };
    assert_eq!(variable("CONDA_OVERRIDE_GLIBC"), Some("2.27"));
    assert_eq!(variable("CONDA_SUBDIR"), Some("linux-64"));
    assert!(variable("CONDA_OVERRIDE_CUDA").is_some());
    let words = step.argv.join(" ");
    assert!(
        words.starts_with(&format!("mamba create -p /shared/envs/{} ", environment.name)),
        "{words}"
    );
}

#[test]
fn what_no_build_serves_has_its_reason_and_what_would_help() {
    let text = lines(&[
        ("new[1-2]", "gtx1080ti-nouveau-no-driver"),
        ("m1", "alpine-musl"),
        ("v1", "v100-driver-580"),
    ]);
    let plan = plan(&text);
    let help = |name: &str| {
        let class = plan.classes.iter().find(|class| class.names.to_string() == name);
        let class = class.expect("a class");
        assert!(class.environment.is_none() && !class.reason_texts.is_empty());
        class.help.clone()
    };
    assert_eq!(help("new[1-2]"), [Unlock::Driver("525.60.13".parse().expect("a driver"))]);
    assert_eq!(help("m1"), []);
    assert_eq!((plan.unserved(), plan.exit_code()), (3, 4));
}

/// A program for Intel under Rosetta is on an arm64 Mac.
#[test]
fn macs_with_either_processor_have_environments_of_their_own() {
    let text =
        lines(&[("m1", "macos-15-rosetta"), ("i1", "macos-12-x86-64"), ("i2", "macos-12-x86-64")]);
    let plan = plan(&text);
    let platforms: Vec<String> = plan
        .environments
        .iter()
        .map(|it| format!("{} {}", it.choice.build.subdir, it.names))
        .collect();
    assert_eq!(platforms, ["osx-64 i[1-2]", "osx-arm64 m1"]);
}

/// For every recorded machine alone, the fleet's answer is the advice's.
#[test]
fn a_fleet_of_one_gets_what_the_machine_gets() {
    for name in machine_names() {
        let of_fleet = plan(&lines(&[("n1", &name)]));
        let mut machine = machine(&name);
        conda_torch_core::import::assume_baseline(&mut machine);
        crate::common::matrix().complete(&mut machine);
        let advice = advise(&machine, &Request::default(), crate::common::matrix());
        let Some(choice) = &advice.recommended else {
            assert!(of_fleet.environments.is_empty(), "{name}");
            continue;
        };
        // Where the advice is the CPU build for a machine with a GPU, the fleet reports the node.
        let Some(environment) = of_fleet.environments.first() else {
            assert_eq!(advice.status, conda_torch_core::resolve::Status::Degraded, "{name}");
            continue;
        };
        assert_eq!(environment.choice.build, choice.build, "{name}");
        assert_eq!(environment.choice.specs, choice.specs, "{name}");
    }
}

/// `srun` mixes longer lines of several nodes; `SLURM_IO_MAX_MSG_LEN` in `src/common/slurm_protocol_defs.h`.
#[test]
fn a_line_is_short_enough_for_srun() {
    for name in machine_names() {
        let line = lines(&[("a-node-with-a-long-name.cluster.example.org", &name)]);
        assert!(line.len() <= 1024, "{name}: {} bytes", line.len());
    }
}

/// Small fleets of recorded machines: no smaller set of builds serves all, tried one by one.
#[test]
fn the_cover_is_as_small_as_the_smallest_of_all_sets_of_builds() {
    let matrix = crate::common::matrix();
    let names = machine_names();
    let mut state = 11_usize;
    let mut random = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..40 {
        let fleet: Vec<&str> = (0..5).map(|_| &*names[random(names.len())]).collect();
        let nodes: Vec<(String, &str)> =
            (1..).zip(&fleet).map(|(at, name): (usize, _)| (format!("n{at}"), *name)).collect();
        let nodes: Vec<(&str, &str)> = nodes.iter().map(|(node, name)| (&**node, *name)).collect();
        let plan = plan(&lines(&nodes));
        let served = served_by(&plan, matrix);
        let builds: Vec<&Vec<bool>> = served.iter().collect();
        let all: Vec<bool> =
            (0..plan.classes.len()).map(|class| builds.iter().any(|build| build[class])).collect();
        let covers = |chosen: &[&Vec<bool>]| {
            (0..all.len()).all(|class| !all[class] || chosen.iter().any(|build| build[class]))
        };
        let smallest = (0..=plan.environments.len())
            .find(|size| any_set(&builds, *size, &mut Vec::new(), &covers))
            .expect("the answer is a cover");
        assert_eq!(smallest, plan.environments.len(), "{fleet:?}");
    }
}

/// Which classes each different build serves.
fn served_by(plan: &FleetPlan<'_>, matrix: &'static Matrix) -> Vec<Vec<bool>> {
    let of_class: Vec<Vec<&Build>> =
        plan.classes.iter().map(|class| fleet::builds_for(class, &plan.request, matrix)).collect();
    let mut rows: Vec<Vec<bool>> = Vec::new();
    for build in matrix.builds.iter() {
        let row: Vec<bool> = of_class.iter().map(|builds| builds.contains(&build)).collect();
        if row.contains(&true) && !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

/// Whether any set of this size is a cover.
fn any_set<'a>(
    builds: &[&'a Vec<bool>],
    size: usize,
    chosen: &mut Vec<&'a Vec<bool>>,
    covers: &dyn Fn(&[&Vec<bool>]) -> bool,
) -> bool {
    if size == 0 {
        return covers(chosen);
    }
    (0..builds.len()).any(|at| {
        chosen.push(builds[at]);
        let found = any_set(&builds[at + 1..], size - 1, chosen, covers);
        chosen.pop();
        found
    })
}
