//! Files that were rewritten: their differences, what to know about them, and all of it as JSON.

use serde::Serialize;
use similar::TextDiff;

use crate::migrate::files::{Change, Remark, Rewrite, Why};
use crate::types::Date;

use crate::render::{
    wire::{MatrixDate, Tool},
    wrap::wrap,
};

/// A file that was to be rewritten.
#[derive(Debug, Clone, PartialEq)]
pub struct Migrated {
    /// Its path, as it was given.
    pub file: String,
    /// Its text; empty where it could not be read.
    pub old: String,
    /// The new one, or why there is none.
    pub outcome: Result<Rewrite, String>,
    /// Whether there is none because conda-forge has nothing that satisfies the file.
    pub nothing_fits: bool,
    /// Where the old file was copied to, once the new one is written.
    pub backup: Option<String>,
}

impl Migrated {
    /// A file of which nothing is known.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            old: String::new(),
            outcome: Err(String::new()),
            nothing_fits: false,
            backup: None,
        }
    }
}

/// The difference as `diff -u` writes it; empty where there is none.
#[must_use]
pub fn diff(migrated: &Migrated) -> String {
    let Ok(rewrite) = &migrated.outcome else { return String::new() };
    if rewrite.text == migrated.old {
        return String::new();
    }
    let diff = TextDiff::from_lines(migrated.old.as_str(), rewrite.text.as_str());
    diff.unified_diff().header(&migrated.file, &migrated.file).to_string()
}

/// What to know, for a person.
#[must_use]
pub fn migrated(files: &[Migrated], width: usize) -> String {
    let mut out = String::new();
    for migrated in files {
        let mut lines: Vec<String> = Vec::new();
        match &migrated.outcome {
            Err(problem) => lines.push(format!("error: {problem}; nothing is changed")),
            Ok(rewrite) => {
                lines.extend(rewrite.changes.iter().filter_map(told));
                lines.extend(rewrite.remarks.iter().map(|remark| {
                    let place = remark.line().map(|line| format!("line {line}: "));
                    place.unwrap_or_default() + &sentence(remark)
                }));
                if rewrite.text == migrated.old && lines.is_empty() {
                    lines.push("nothing to change".to_owned());
                }
            }
        }
        if let Some(backup) = &migrated.backup {
            lines.push(format!("written; the old one is `{backup}`"));
        }
        if lines.is_empty() {
            continue;
        }
        wrap(&mut out, "", &migrated.file, width);
        for line in lines {
            wrap(&mut out, "- ", &line, width);
        }
    }
    out
}

/// A change that the difference alone does not explain.
fn told(change: &Change) -> Option<String> {
    let told = match change.why {
        Why::Nearest
        | Why::GoesWith
        | Why::TellsOfCuda
        | Why::PytorchCpu
        | Why::OtherBuilds
        | Why::NamedBuild
        | Why::NotNeeded
        | Why::Defaults => true,
        Why::OldChannel
        | Why::NvidiaChannel
        | Why::FailsLoudly
        | Why::CudaVersion
        | Why::FollowsCuda => false,
    };
    told.then(|| {
        let after: Vec<String> = change.after.iter().map(|after| format!("`{after}`")).collect();
        let what = match (change.before.as_str(), after.is_empty()) {
            ("", _) => format!("added {}", after.join(" and ")),
            (before, true) => format!("`{before}` is left out"),
            (before, false) => format!("`{before}` becomes {}", after.join(" and ")),
        };
        format!("line {}: {what}: {}", change.line, because(change.why))
    })
}

/// Why something was changed.
fn because(why: Why) -> &'static str {
    match why {
        Why::OldChannel => "the `pytorch` channel ended with PyTorch 2.5",
        Why::NvidiaChannel => "conda-forge has NVIDIA's packages itself",
        Why::Defaults => {
            "packages of `defaults` do not go with those of conda-forge, which has nearly all of them"
        }
        Why::FailsLoudly => {
            "`pytorch-gpu` fails where a solver sees no GPU, in place of installing the CPU build"
        }
        Why::Nearest => {
            "conda-forge has no such version that goes with the other lines; the nearest that does"
        }
        Why::OtherBuilds => "builds are called otherwise on conda-forge",
        Why::NamedBuild => {
            "no `pytorch-gpu` or `pytorch-cpu` leads to it reliably, so the build is named"
        }
        Why::CudaVersion => "on conda-forge `cuda-version` chooses CUDA",
        Why::PytorchCpu => "the same by conda-forge's name",
        Why::NotNeeded => "conda-forge's packages do without it",
        Why::GoesWith => "that goes with this PyTorch",
        Why::FollowsCuda => "it follows `cuda-version`",
        Why::TellsOfCuda => {
            "pixi solves for the CUDA that the file declares, not for the machine's"
        }
    }
}

/// What a remark says.
fn sentence(remark: &Remark) -> String {
    match remark {
        Remark::PlatformAssumed { subdir } => {
            format!(
                "it does not say for which platform it is: taken for {subdir} (see `--platform`)"
            )
        }
        Remark::OldCuda { cuda, gives, newest, driver } => format!(
            "CUDA {cuda} is kept, for drivers older than {driver}, and ends at PyTorch {gives}; where every driver is newer, `--driver {driver}` gives {newest}"
        ),
        Remark::NewerDriver { asked, needed } => format!(
            "conda-forge has nothing with CUDA {asked} that fits: what it is now needs driver {needed} or newer"
        ),
        Remark::HeldBack { subdir, gives, newest } => format!(
            "other lines hold PyTorch back on {subdir}: {gives}, where {newest} is the newest"
        ),
        Remark::PipTorch { text, .. } => {
            format!("`{text}` is pip's, and stays: pip's PyTorch brings CUDA of its own")
        }
        Remark::PipBesideConda { .. } => {
            "pip overwrites conda's PyTorch with its own: one of the two should go".to_owned()
        }
        Remark::PipIndex { text, .. } => {
            format!("`{text}` is pip's index of PyTorch's wheels, and stays")
        }
        Remark::OtherChannel { name, .. } => format!(
            "the packages of `{name}` were built for the old channel's PyTorch; see whether conda-forge has them"
        ),
        Remark::NotKnown { text, .. } => {
            format!("`{text}`: whether conda-forge has it for this PyTorch is not known here")
        }
        Remark::TiedPin { text, .. } => format!(
            "`{text}` stays, and may keep conda-forge's builds out: leave the version out where a solve fails"
        ),
        Remark::Exported { count, .. } => format!(
            "{count} lines name builds of other packages, as `conda env export` writes them: conda-forge has other builds; export with `--from-history`, or take the builds out"
        ),
        Remark::Nightly { .. } => "conda-forge has releases alone, no nightly builds".to_owned(),
        Remark::LockAgain => "a lock file made of it is to be made anew".to_owned(),
        Remark::TellOfCuda { cuda } => format!(
            "where it is solved or locked without a GPU, `__cuda` must be told: conda-lock's `virtual-packages.yml`, or CONDA_OVERRIDE_CUDA={cuda} or newer"
        ),
    }
}

/// The one document.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "conda-torch migrate FILE --json"))]
pub(super) struct Document<'a> {
    /// 1.
    format_version: u32,
    /// What wrote it.
    tool: Tool,
    /// What the versions were chosen from.
    matrix: MatrixDate<'static>,
    /// What the process ends with: 0, or 1 where a file could not be rewritten.
    exit_code: u8,
    /// The files, in their order.
    files: Vec<FileDocument<'a>>,
}

/// A file.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FileDocument<'a> {
    /// As it was named.
    file: &'a str,
    /// What it was taken for; null where it was not read.
    form: Option<&'static str>,
    /// Whether the new text is another.
    changed: bool,
    /// Where the old one is, once the new one is written.
    backup: Option<&'a str>,
    /// Why it stays as it is; null where nothing went wrong.
    error: Option<&'a str>,
    /// What becomes of each line that changes.
    changes: Vec<ChangeDocument<'a>>,
    /// What to know about the rest.
    remarks: Vec<RemarkDocument>,
    /// A unified difference; empty where nothing changes.
    diff: String,
}

/// A line that changes.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ChangeDocument<'a> {
    /// Its number, from 1.
    line: usize,
    /// What stood there.
    before: &'a str,
    /// What stands there now; empty where it went.
    after: &'a [String],
    /// Why.
    message: &'static str,
}

/// Something to know.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RemarkDocument {
    /// The line that it is about; null where it is about the file.
    line: Option<usize>,
    /// A word that does not change.
    code: &'static str,
    /// A sentence.
    message: String,
}

/// All of it as one document.
#[must_use]
pub fn migrated_json(files: &[Migrated], exit_code: u8, as_of: Date) -> String {
    let document = Document {
        format_version: 1,
        tool: Tool { name: "conda-torch", version: env!("CARGO_PKG_VERSION") },
        matrix: MatrixDate { channel: "conda-forge", as_of },
        exit_code,
        files: files.iter().map(file_document).collect(),
    };
    // Nothing in it can fail to be written.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn file_document(migrated: &Migrated) -> FileDocument<'_> {
    let rewrite = migrated.outcome.as_ref().ok();
    let change =
        |change: &'_ Change| -> (usize, &'static str) { (change.line, because(change.why)) };
    FileDocument {
        file: &migrated.file,
        form: rewrite.map(|rewrite| rewrite.form.as_str()),
        changed: rewrite.is_some_and(|rewrite| rewrite.text != migrated.old),
        backup: migrated.backup.as_deref(),
        error: migrated.outcome.as_ref().err().map(String::as_str),
        changes: rewrite.map_or_else(Vec::new, |rewrite| {
            let changes = rewrite.changes.iter().map(|one| {
                let (line, message) = change(one);
                ChangeDocument { line, before: &one.before, after: &one.after, message }
            });
            changes.collect()
        }),
        remarks: rewrite.map_or_else(Vec::new, |rewrite| {
            let remarks = rewrite.remarks.iter().map(|remark| RemarkDocument {
                line: remark.line(),
                code: remark.code(),
                message: sentence(remark),
            });
            remarks.collect()
        }),
        diff: diff(migrated),
    }
}
