//! A Dockerfile.

use std::fmt::Write as _;

use crate::answer::{Answer, Refused};
use crate::commands::shell;
use crate::conda::{Subdir, is_folder};
use crate::types::{Accelerator, Shell};

/// The file's text for one environment.
pub fn dockerfile(answer: &Answer<'_>) -> Result<String, Refused> {
    dockerfile_target(answer, None)
}

/// The file's text: micromamba's image with the packages in its base environment. An image is built
/// without a GPU, so the line that installs sets the CUDA that the host's driver supports. With a target it is one of several
/// stages of a file.
pub fn dockerfile_target(answer: &Answer<'_>, target: Option<&str>) -> Result<String, Refused> {
    let choice = answer.choice()?;
    let subdir = choice.build.subdir;
    let platform = if subdir == Subdir::Linux64 {
        "linux/amd64"
    } else if subdir == Subdir::LinuxAarch64 {
        "linux/arm64"
    } else {
        return Err(Refused::NotLinux(subdir));
    };
    if let Some(folder) = answer.channels.iter().find(|channel| is_folder(channel)) {
        return Err(Refused::FolderInImage(folder.to_owned()));
    }
    let cuda = matches!(choice.build.accelerator, Accelerator::Cuda(_));
    let gpus = if cuda { " --gpus all" } else { "" };
    let mut out = super::file_header(answer, choice);
    let (flag, image) = match target {
        Some(target) => (format!("--target {target} "), target),
        None => (String::new(), "torch"),
    };
    let _ = writeln!(out, "#   docker build {flag}-t {image} .");
    let _ = writeln!(
        out,
        "#   docker run --rm{gpus} {image} python -c \"import torch; print(torch.__version__)\""
    );
    // Debian 12 has glibc 2.36; the latest image can have one that does not load the build.
    let tag = match choice.build.glibc.and_then(|glibc| glibc.below) {
        Some(_) => "bookworm-slim",
        None => "latest",
    };
    let stage = target.map_or(String::new(), |target| format!(" AS {target}"));
    let _ = writeln!(out, "FROM --platform={platform} mambaorg/micromamba:{tag}{stage}");
    let variable =
        choice.needs_cuda.map_or(String::new(), |cuda| format!("CONDA_OVERRIDE_CUDA={cuda} "));
    let _ = writeln!(out, "RUN {variable}micromamba install --yes --name base \\");
    out.push_str("      --override-channels ");
    for channel in answer.channels.iter() {
        let _ = write!(out, "-c {} ", shell::word(channel, Shell::Posix)?);
    }
    out.push_str("--strict-channel-priority \\\n");
    for spec in &choice.specs {
        let _ = writeln!(out, "      \"{spec}\" \\");
    }
    out.push_str("    && micromamba clean --all --yes\n");
    if cuda {
        out.push_str("ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility\n");
    }
    Ok(out)
}
