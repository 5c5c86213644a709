//! The schemas of the JSON documents, generated from their types and committed.

/// The schema of `advise --json`.
pub const ADVISE_SCHEMA: &str = include_str!("../../../../docs/schema/advise-1.json");
/// The schema of `check --json`.
pub const CHECK_SCHEMA: &str = include_str!("../../../../docs/schema/check-1.json");
/// The schema of `matrix --format json`.
pub const MATRIX_SCHEMA: &str = include_str!("../../../../docs/schema/matrix-1.json");
/// The schema of `matrix --diff --format json`.
pub const DIFF_SCHEMA: &str = include_str!("../../../../docs/schema/matrix-diff-1.json");
/// The schema of `migrate FILE --json`.
pub const MIGRATE_FILES_SCHEMA: &str = include_str!("../../../../docs/schema/migrate-files-1.json");
/// The schema of `migrate --json`.
pub const MIGRATE_SCHEMA: &str = include_str!("../../../../docs/schema/migrate-1.json");
/// The schema of `probe --json`, which is also what `--machine` reads.
pub const PROBE_SCHEMA: &str = include_str!("../../../../docs/schema/probe-1.json");

#[cfg(test)]
mod tests {
    #![expect(
        clippy::disallowed_methods,
        reason = "the test compares files, and writes them if told"
    )]

    use serde_json::{Value, json};

    use super::super::advise::{Document, ProbeDocument};
    use super::super::{check as check_report, matrix, matrix_diff, migrate, migrate_files};

    /// The schema of what is written. Words are open: those of today are examples.
    fn schema<T: schemars::JsonSchema>() -> Value {
        let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<T>();
        let mut value = schema.to_value();
        open_words(&mut value);
        value
    }

    fn open_words(value: &mut Value) {
        match value {
            Value::Object(object) => {
                let words: Option<Vec<Value>> = if let Some(words) = object.remove("enum") {
                    words.as_array().cloned()
                } else if let Some(Value::Array(each)) = object.get("oneOf") {
                    each.iter().map(|one| one.get("const").cloned()).collect()
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

    /// Compares a committed schema with the types; `UPDATE_SCHEMA=1 cargo test` writes it anew.
    #[track_caller]
    fn check(file: &str, schema: &Value) {
        let path = format!("{}/../../docs/schema/{file}", env!("CARGO_MANIFEST_DIR"));
        let mut text = serde_json::to_string_pretty(schema).expect("a schema is JSON");
        text.push('\n');
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &text).expect("the schema can be written");
        }
        let committed = std::fs::read_to_string(&path).expect("the schema is there");
        assert!(committed == text, "{file} is not what the types say; set UPDATE_SCHEMA=1");
    }

    #[test]
    fn the_committed_schemas_are_those_of_the_types() {
        check("advise-1.json", &schema::<Document<'static>>());
        check("check-1.json", &schema::<check_report::Document<'static>>());
        check("migrate-1.json", &schema::<migrate::Document<'static>>());
        check("matrix-1.json", &schema::<matrix::Document<'static>>());
        let differences = schema::<matrix_diff::Document<'static>>();
        check("matrix-diff-1.json", &differences);
        check("migrate-files-1.json", &schema::<migrate_files::Document<'static>>());
        check("probe-1.json", &schema::<ProbeDocument>());
    }
}
