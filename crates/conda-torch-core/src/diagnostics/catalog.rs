//! How entries become [`Diagnostic`](super::Diagnostic) and its pages.

use std::fmt::Write as _;
use std::str::FromStr;

use serde::Serialize;

use super::{CATALOG, Context, Diagnostic, NoCudaReason, Subject};

/// How serious a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something is given up or assumed.
    Warning,
    /// A build does not work, or a GPU is not used.
    Error,
}

impl Severity {
    /// The word before a message: `error`, `warning`, `note`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Info => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What is the same for every diagnostic of a kind.
#[derive(Debug)]
pub struct Entry {
    /// The stable name: never renamed, never reused.
    pub code: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// What it is, why it matters and what to do, in Markdown: a paragraph each.
    pub(super) explanation: &'static str,
    /// One diagnostic of the kind.
    pub example: fn() -> Diagnostic,
}

impl Entry {
    /// The explanation, with an empty line between its paragraphs.
    fn explanation(&self) -> String {
        let lines = self.explanation.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
        let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        text.replace("\nWhy: ", "\n\nWhy: ").replace("\nWhat to do: ", "\n\nWhat to do: ")
    }

    /// What it is, in one line.
    pub fn summary(&self) -> String {
        let explanation = self.explanation();
        let first = explanation.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        let end = first.find(". ").unwrap_or(first.len());
        first[..end].trim_end_matches('.').to_owned()
    }

    /// The page that `conda-torch explain` prints.
    pub fn page(&self) -> String {
        let (code, explanation, example) = (self.code, self.explanation(), (self.example)());
        let label = example.severity().label();
        let (first, rest) = label.split_at(1);
        let context = Context::example();
        let mut page =
            format!("## {code}\n\n*{}{rest}.* {explanation}\n\nExample:\n\n", first.to_uppercase());
        let _ = writeln!(page, "    {label}: {} [{code}]", example.message(&context));
        if let Some(hint) = example.hint(&context) {
            let _ = writeln!(page, "    hint: {hint}");
        }
        if let Some(url) = example.url() {
            let _ = writeln!(page, "\nSee also: <{url}>");
        }
        page
    }
}

/// The entry of a code.
pub fn entry(code: &str) -> Option<&'static Entry> {
    CATALOG.iter().find(|entry| entry.code == code)
}

/// `docs/diagnostics.md`.
pub fn pages() -> String {
    let mut text = "\
<!-- Generated from `crates/conda-torch-core/src/diagnostics`: UPDATE=1 cargo test generated -->

# Diagnostics

What `conda-torch` says about a machine, a request, a build or an environment. Each code is stable: never
renamed, never reused. JSON has it as `code`, text in brackets after the message. `conda-torch explain CODE`
prints its section of this page.

An **error** keeps a build from working or a GPU from being used. A **warning** is about something given up
or assumed. A **note** is good to know.
"
    .to_owned();
    for entry in CATALOG {
        let _ = write!(text, "\n{}", entry.page());
    }
    text
}

/// A code in a JSON schema: a string, with today's codes as examples.
#[cfg(test)]
pub(crate) struct Code;

#[cfg(test)]
impl schemars::JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DiagnosticCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: Vec<&str> = CATALOG.iter().map(|entry| entry.code).collect();
        schemars::json_schema!({
            "description": "A stable code; `conda-torch explain CODE` says more.",
            "type": "string",
            "examples": codes,
        })
    }
}

pub(super) fn example<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is an example"))
}

impl Diagnostic {
    /// What to do about it on this machine; the hint of a diagnostic that covers it.
    pub fn hint(&self, context: &Context<'_>) -> Option<String> {
        let covering = context.diagnostics.iter().find(|other| other.covers(self));
        match covering {
            // What ends `nouveau` is the driver that the card's own diagnostic names.
            Some(Self::Nouveau { .. }) | None => self.own_hint(context),
            Some(other) => other.own_hint(context),
        }
    }

    /// Whether another one covers it.
    pub fn is_covered(&self, all: &[Self]) -> bool {
        let no_libcuda =
            matches!(self, Self::ClientSeesNoCuda { why: NoCudaReason::LibcudaMissing, .. });
        let covers = |other: &Self| {
            // What explains that libcuda is missing explains that a client misses it.
            other.covers(self) || no_libcuda && other.covers(&Self::LibcudaMissing)
        };
        all.iter().any(covers)
    }

    /// Whether both are of one kind, whatever their facts.
    pub fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Makes `Diagnostic`, `Subject` and `CATALOG` from the entries of all subjects. An entry is:
///
/// ```text
/// /// What it is. (The first sentence is its summary.)
/// /// Why: …
/// /// What to do: …
/// Name { fact: Type } = "code", Warning;
/// message: format!("… {fact}");          // or `message(c):`, with a `Context`
/// hint(c): …;                            // optional, and so is all that follows: `Option<String>`
/// url: "https://…";                      // where to read on
/// symptom: …;                            // the error that a user sees: `Option<String>`
/// gpu: *gpu;                             // the driver's index of the GPU that it is about
/// degrades: true;                        // whether an answer with it is `degraded`
/// covers: [Other];                       // diagnostics that this one makes redundant
/// installed: Info;                       // the severity where the build is installed already
/// example: { fact: example("…") };
/// ```
macro_rules! catalog {
    ($($subject:ident { $(
        $(#[doc = $doc:literal])+
        $name:ident $({ $($field:ident: $type:ty),+ $(,)? })? = $code:literal, $severity:expr;
        message $(($message_context:ident))?: $message:expr;
        $(hint $(($hint_context:ident))?: $hint:expr;)?
        $(url: $url:expr;)?
        $(symptom: $symptom:expr;)?
        $(gpu: $gpu:expr;)?
        $(degrades: $degrades:expr;)?
        $(covers: [$($covered:ident),+];)?
        $(installed: $installed:expr;)?
        $(example: { $($example:tt)+ };)?
    )+ })+) => {
        /// Something to know about a build, a machine, a request or an environment: the facts, which
        /// [`Diagnostic::message`] puts into words.
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "the variant says what its fields are of")]
        pub enum Diagnostic { $($(
            $(#[doc = $doc])+
            $name $({ $($field: $type),+ })?,
        )+)+ }

        /// What a diagnostic is about: the file of its entry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Subject { $($subject),+ }

        /// Every kind of diagnostic, by subject.
        pub static CATALOG: &[Entry] = &[$($(Entry {
            code: $code,
            subject: Subject::$subject,
            explanation: concat!($($doc, "\n"),+).trim_ascii(),
            example: || Diagnostic::$name { $($($example)+)? },
        },)+)+];

        #[expect(unused_variables, reason = "an entry names the facts that it needs")]
        impl Diagnostic {
            /// The stable name.
            pub const fn code(&self) -> &'static str {
                match self { $($(Self::$name { .. } => $code,)+)+ }
            }

            /// What it is about.
            pub const fn subject(&self) -> Subject {
                match self { $($(Self::$name { .. } => Subject::$subject,)+)+ }
            }

            /// How serious it is in an advice.
            pub fn severity(&self) -> Severity {
                use Severity::{Error, Info, Warning};
                match self { $($(Self::$name $({ $($field),+ })? => $severity,)+)+ }
            }

            /// How serious it is for an environment that has the build already.
            pub fn installed_severity(&self) -> Severity {
                use Severity::{Info, Warning};
                match self { $($(Self::$name { .. } => given!($($installed)?; self.severity()),)+)+ }
            }

            /// What is the case: one sentence without a full stop.
            pub fn message(&self, context: &Context<'_>) -> String {
                match self { $($(Self::$name $({ $($field),+ })? => {
                    $(let $message_context = context;)?
                    $message.into()
                })+)+ }
            }

            /// What to do about it on this machine, by the entry alone.
            fn own_hint(&self, context: &Context<'_>) -> Option<String> {
                match self { $($(Self::$name $({ $($field),+ })? => {
                    given!($({ $(let $hint_context = context;)? $hint })?; None)
                })+)+ }
            }

            /// Where to read on.
            pub fn url(&self) -> Option<&'static str> {
                match self { $($(Self::$name { .. } => given!($(Some($url))?; None),)+)+ }
            }

            /// The error that a user of the build sees, in its own words.
            pub fn symptom(&self) -> Option<String> {
                match self { $($(Self::$name $({ $($field),+ })? => given!($($symptom)?; None),)+)+ }
            }

            /// The driver's index of the GPU that it is about.
            pub fn gpu(&self) -> Option<u32> {
                match self { $($(Self::$name $({ $($field),+ })? => given!($(Some($gpu))?; None),)+)+ }
            }

            /// Whether an answer with it is `degraded`: PyTorch finds no GPU until it is fixed, or a fact that
            /// matters is missing.
            pub fn degrades(&self) -> bool {
                match self { $($(Self::$name $({ $($field),+ })? => given!($($degrades)?; false),)+)+ }
            }

            /// Whether it makes the other redundant.
            pub fn covers(&self, other: &Self) -> bool {
                match self { $($(Self::$name { .. } => {
                    given!($(matches!(other, $(Self::$covered { .. })|+))?; false)
                })+)+ }
            }
        }
    };
}

/// An optional part of an entry, or its default.
macro_rules! given {
    (; $default:expr) => {
        $default
    };
    ($given:expr; $default:expr) => {
        $given
    };
}
