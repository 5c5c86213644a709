//! The pages and the program say the same.

/// Every code, as the program names it.
fn codes() -> Vec<&'static str> {
    let sources = [
        include_str!("../crates/conda-torch-core/src/diagnostics/code.rs"),
        include_str!("../crates/conda-torch-core/src/diagnostics/driver_access.rs"),
        include_str!("../crates/conda-torch-core/src/diagnostics/channel_remark.rs"),
        include_str!("../crates/conda-torch-core/src/audit/code.rs"),
    ];
    let arms = sources
        .iter()
        .flat_map(|source| source.lines())
        .filter_map(|line| line.trim().strip_suffix("\","));
    let mut codes: Vec<&str> = arms.filter_map(|arm| Some(arm.split_once("=> \"")?.1)).collect();
    codes.sort_unstable();
    codes
}

#[test]
fn every_code_has_its_heading_and_every_heading_its_code() {
    let page = include_str!("../docs/diagnostics.md");
    let mut headings: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    headings.sort_unstable();
    assert!(codes().len() > 40, "the codes were not found");
    assert_eq!(headings, codes());
}

#[test]
fn every_remark_about_a_file_has_its_row() {
    let source = include_str!("../crates/conda-torch-core/src/migrate/files/file_migration.rs");
    let page = include_str!("../docs/migrate.md");
    let arms = source.lines().filter_map(|line| line.trim().strip_suffix("\","));
    let codes: Vec<&str> = arms.filter_map(|arm| Some(arm.split_once("=> \"")?.1)).collect();
    assert!(codes.len() > 10, "the codes were not found");
    for code in codes {
        assert!(page.contains(&format!("`{code}`")), "{code} has no row");
    }
}

#[test]
fn every_diagnostic_is_explained_in_full() {
    let page = include_str!("../docs/diagnostics.md");
    for section in page.split("\n## ").skip(1) {
        let code = section.lines().next().unwrap_or_default();
        assert!(
            ["*Error.*", "*Warning.*", "*Note.*"].iter().any(|grade| section.contains(grade)),
            "{code}: how grave?"
        );
        assert!(section.contains("What to do:"), "{code}: what to do?");
        assert!(section.contains("Example:"), "{code}: an example?");
    }
}
