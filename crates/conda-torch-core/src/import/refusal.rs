//! What a text looks like that describes no machine.

use super::ReadMachineError;

/// Words of texts that people pass by mistake, and what such a text is. The first row with a word in the text counts.
const KINDS: &[(&str, &[&str])] = &[
    ("a Python traceback", &["Traceback (most recent call last)"]),
    ("a web page", &["<!DOCTYPE html", "<!doctype html", "<html"]),
    ("a Dockerfile", &["\nFROM ", "FROM nvidia/", "FROM ubuntu", "\nRUN "]),
    ("an environment file", &["dependencies:", "channels:"]),
    (
        "a `pyproject.toml` or `pixi.toml`",
        &["[project]", "[dependencies]", "[workspace]", "[tool."],
    ),
    (
        "a list of packages",
        &["# packages in environment", "@EXPLICIT", "# Name  ", "Package  ", "numpy==", "torch=="],
    ),
    (
        "a solver's message",
        &[
            "LibMambaUnsatisfiableError",
            "UnsatisfiableError",
            "PackagesNotFoundError",
            "Could not solve",
        ],
    ),
    ("a shell script", &["#!/bin/", "#!/usr/bin/env bash"]),
    ("a kernel log", &["[drm]", "] Linux version", "NVRM: "]),
    ("output of `ipconfig`", &["IPv4", "Windows IP"]),
];

/// Programs that describe what is installed, not the machine.
const INSTALLATIONS: &[(&str, &str, &str)] = &[
    (
        "Cuda compilation tools",
        "nvcc --version",
        "a toolkit is not a driver; conda installs its own toolkit",
    ),
    (
        "\"cuda_cudart\"",
        "/usr/local/cuda/version.json",
        "a toolkit is not a driver; conda installs its own toolkit",
    ),
    ("# packages in environment at", "conda list", "`conda-torch check` looks at environments"),
];

pub(super) fn of(text: &str) -> ReadMachineError {
    // The start of a long text is enough.
    let text = &text[..text.floor_char_boundary(64 << 10)];
    let installation = INSTALLATIONS.iter().find(|(word, ..)| text.contains(word));
    if let Some((_, program, why)) = installation {
        return ReadMachineError::OnlyInstallation { program, why };
    }
    let is_binary = text.bytes().filter(|byte| *byte < 9).count() * 20 > text.len()
        || text.matches('\u{fffd}').count() * 20 > text.len();
    let kind = KINDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    let kind = match kind {
        _ if is_binary => Some("a binary file, such as an image"),
        Some((kind, _)) => Some(*kind),
        None => text.trim_start().starts_with(['{', '[']).then_some("other JSON"),
    };
    let looks_like = kind.map_or(String::new(), |kind| format!("; it looks like {kind}"));
    ReadMachineError::NoMachine { looks_like }
}
