//! The schemas in `docs/schema`, generated from the types.

#![expect(clippy::disallowed_methods, reason = "compares files, and writes them if told to")]

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use super::{
    Answered, Document, advise, check, clean, error::Failure, explain, fleet, install, matrix,
    matrix_diff, migrate, migrate_files, probe,
};
use crate::conda::{MatchSpec, Subdir, Version};
use crate::types::{Commit, ComputeCapability, CudaVersion, Date, DriverVersion, Origin};

/// Values that are printed as text have the schema of a string.
macro_rules! printed_as_text {
    ($($name:ty),+) => { $(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                String::schema_name()
            }
            fn schema_id() -> Cow<'static, str> {
                String::schema_id()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                String::json_schema(generator)
            }
        }
    )+ };
}

printed_as_text!(
    Commit,
    ComputeCapability,
    CudaVersion,
    Date,
    DriverVersion,
    MatchSpec,
    Origin,
    Subdir,
    Version
);

/// The schema of a document. Words are open: those of today are examples.
fn schema<T: JsonSchema>(command: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut value = settings.into_generator().into_root_schema_for::<T>().to_value();
    value["title"] = json!(format!("conda-torch {command}"));
    open_words(&mut value);
    value
}

fn open_words(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let words: Option<Vec<Value>> = if let Some(words) = object.remove("enum") {
                words.as_array().cloned()
            } else if let Some(Value::Array(each)) = object.get("oneOf") {
                each.iter()
                    .map(|one| {
                        one.get("const")
                            .cloned()
                            .map(|word| vec![word])
                            .or_else(|| one.get("enum")?.as_array().cloned())
                    })
                    .collect::<Option<Vec<_>>>()
                    .map(|words| words.concat())
            } else {
                None
            };
            if let Some(words) = words {
                object.remove("oneOf");
                object.insert("type".to_owned(), json!("string"));
                object.insert("examples".to_owned(), Value::Array(words));
            }
            object.values_mut().for_each(open_words);
        }
        Value::Array(array) => array.iter_mut().for_each(open_words),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Compares a committed schema with the types; `UPDATE=1 cargo test generated` writes it.
#[track_caller]
fn is_committed<T: JsonSchema>(name: &str, command: &str) {
    is_committed_line::<Document<T>>(name, command);
}

/// The same for a line, which has no program in it.
#[track_caller]
fn is_committed_line<T: JsonSchema>(name: &str, command: &str) {
    let file = format!("{name}-1.json");
    let path = format!("{}/../../docs/schema/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut schema = schema::<T>(command);
    schema["$id"] = json!(format!("urn:conda-torch:schema:{name}:1"));
    let mut text = serde_json::to_string_pretty(&schema).expect("JSON");
    text.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).expect("the schema can be written");
    }
    let committed = std::fs::read_to_string(&path).expect("the schema is there");
    assert!(committed == text, "{file} differs from the types: UPDATE=1 cargo test generated");
}

#[test]
fn schemas_are_generated() {
    use matrix::Content as Matrix;
    use matrix_diff::Content as MatrixDiff;
    type Advise = Answered<'static, advise::Status, advise::Content<'static>>;
    type Check = Answered<'static, check::Status, check::Content<'static>>;
    type Explain = Answered<'static, explain::Status, explain::Content<'static>>;
    type Migrate = Answered<'static, migrate::Status, migrate::Content<'static>>;
    is_committed::<Advise>("advise", "advise --json");
    is_committed::<Check>("check", "check --json");
    is_committed::<Migrate>("migrate", "migrate --json");
    is_committed::<Explain>("explain", "explain --json");
    is_committed::<Matrix<'_>>("matrix", "matrix --format json");
    is_committed::<MatrixDiff<'_>>("matrix-diff", "matrix --diff --format json");
    is_committed::<migrate_files::Content<'_>>("migrate-files", "migrate FILE --json");
    is_committed::<clean::Content<'_>>("clean", "clean --json");
    is_committed::<install::Content<'_>>("install", "install --json or test --json");
    is_committed::<Failure<'_>>("error", "a run that failed");
    is_committed::<fleet::Content<'_>>("fleet", "fleet --json");
    is_committed::<probe::Content<'_>>("probe", "probe --json");
    is_committed_line::<probe::NodeContent<'_>>("node", "probe --json --node");
}
