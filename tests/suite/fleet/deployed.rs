//! What other programs make of the answer.

use std::process::{Command, Stdio};

use conda_torch_core::conda::CONDA_FORGE;
use conda_torch_core::fleet::{Deployment, deploy};
use conda_torch_core::types::ClientKind;

use super::{lines, plan};
use crate::common::skip;

const FOLDER: &str = "/shared/my envs";

fn text(deployment: Deployment) -> String {
    let nodes = [
        ("gpu[001-128]", "rtx5090-driver-580"),
        ("n[8-12]", "rtx5090-driver-580"),
        ("old[1-2].example.org,login", "a100-driver-470"),
    ];
    let plan = plan(&lines(&nodes));
    deploy(deployment, &plan, Some(FOLDER), ClientKind::Conda, &CONDA_FORGE).expect("a text")
}

/// A name, and the environment that it must get.
const NODES: [(&str, &str); 14] = [
    ("gpu001", "torch-2.13.0-cuda130"),
    ("gpu099", "torch-2.13.0-cuda130"),
    ("gpu128", "torch-2.13.0-cuda130"),
    ("gpu064.example.org", "torch-2.13.0-cuda130"),
    ("n8", "torch-2.13.0-cuda130"),
    ("n12", "torch-2.13.0-cuda130"),
    ("old2.example.org", "torch-2.5.1-cuda118"),
    ("login", "torch-2.5.1-cuda118"),
    ("gpu129", ""),
    ("gpu000", ""),
    ("gpu1", ""),
    ("n08", ""),
    ("n7", ""),
    ("login2", ""),
];

#[test]
fn the_snippet_activates_the_environment_of_the_node() {
    let snippet = text(Deployment::Activate);
    // The hook of a client that prints what it activates.
    let conda = "conda() { if [ \"$1\" = activate ]; then printf '%s' \"$2\"; else echo :; fi; }\n";
    for shell in ["sh", "bash", "zsh"] {
        if Command::new(shell).arg("-c").arg(":").status().is_err() {
            skip(shell, &format!("apt-get install {shell}"));
            continue;
        }
        for (node, environment) in NODES {
            let mut command = Command::new(shell);
            command.arg("-c").arg(format!("{conda}{snippet}")).env("SLURMD_NODENAME", node);
            let output = command.output().expect("a shell");
            let expected = if environment.is_empty() {
                String::new()
            } else {
                format!("{FOLDER}/{environment}")
            };
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{shell} {node}");
            assert_eq!(output.status.success(), !environment.is_empty(), "{shell} {node}");
        }
    }
}

/// The ranges of the module files, read by Tcl and Lua with the words of the module systems replaced.
#[test]
fn the_module_files_choose_the_environment_of_the_node() {
    let tcl = text(Deployment::Tcl);
    let words = "proc module-whatis args {}\nproc module-info {mode what} {return 1}\nproc setenv {name value} {if {$name eq {CONDA_PREFIX}} {puts -nonewline $value}}\nproc prepend-path args {}\n";
    let lua = text(Deployment::Lmod);
    let lua_words = "function whatis() end\nfunction prepend_path() end\nfunction pathJoin(a, b) return a .. '/' .. b end\nfunction mode() return 'load' end\nfunction LmodError() os.exit(1) end\nfunction capture() return '' end\nfunction setenv(name, value) if name == 'CONDA_PREFIX' then io.write(value) end end\n";
    for (program, script) in [
        ("tclsh", format!("{words}while 1 {{\n{tcl}\nbreak\n}}\n")),
        ("lua5.3", format!("{lua_words}{lua}")),
    ] {
        if Command::new(program).stdin(Stdio::null()).stdout(Stdio::null()).status().is_err() {
            skip(program, &format!("apt-get install {program}"));
            continue;
        }
        let file = format!("{}/module.{program}", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(&file, &script).expect("a file");
        for (node, environment) in NODES {
            let output = Command::new(program)
                .arg(&file)
                .env("SLURMD_NODENAME", node)
                .output()
                .expect(program);
            let expected = if environment.is_empty() {
                String::new()
            } else {
                format!("{FOLDER}/{environment}")
            };
            assert_eq!(
                String::from_utf8_lossy(&output.stdout),
                expected,
                "{program} {node}: {output:?}"
            );
        }
    }
}

#[test]
fn the_scripts_are_valid_for_shellcheck() {
    for deployment in [Deployment::Slurm, Deployment::Kubernetes, Deployment::Activate] {
        let mut command = Command::new("shellcheck");
        command.args(["--shell=sh", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut child) = command.spawn() else {
            return skip("shellcheck", "apt-get install shellcheck");
        };
        let mut stdin = child.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut stdin, text(deployment).as_bytes()).expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().expect("shellcheck");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn the_inventory_has_ranges_of_ansible() {
    let inventory = text(Deployment::Ansible);
    let parts = [
        "    torch_2_5_1_cuda118:\n",
        "        'gpu[001:128]':\n",
        "        'old[1:2].example.org':\n",
        "        conda_torch_environment: '/shared/my envs/torch-2.5.1-cuda118'\n",
    ];
    for part in parts {
        assert!(inventory.contains(part), "{part}: {inventory}");
    }
}
