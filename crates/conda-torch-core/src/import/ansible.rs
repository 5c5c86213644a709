//! Facts of a host, as Ansible gathers them: `ansible -m setup`, a fact cache. With the fact script of this project the
//! machine is in them, as `probe --json --node` prints it; else they have the system alone.
//!
//! Source: <https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_vars_facts.html>.

use serde::Deserialize as _;
use serde_json::Value;

use super::document::Document;
use super::system::System;
use super::{Recognized, origin};
use crate::types::{Machine, NodeFacts};

pub(super) fn read(document: &Document<'_>, machine: &mut Machine) -> Recognized {
    let value = document.value()?;
    let facts = value.get("ansible_facts").unwrap_or(value).as_object()?;
    let fact = |name: &str| facts.get(&format!("ansible_{name}")).or_else(|| facts.get(name));
    let is_it = value.get("ansible_facts").is_some() || facts.contains_key("ansible_architecture");
    if !is_it {
        return None;
    }
    let text = |name: &str| fact(name).and_then(Value::as_str).unwrap_or_default();
    let own = fact("local").and_then(|local| local.get("conda_torch"));
    let facts = own.and_then(|own| own.get("facts")).map(NodeFacts::deserialize);
    let whole = || own.and_then(|own| own.get("machine")).map(Machine::deserialize);
    if let Some(read) = facts.map(|facts| facts.map(|it| it.machine())).or_else(whole) {
        return Some(read.map(|read| *machine = read).map_err(|error| error.to_string()));
    }
    if let Some(problem) = own.and_then(Value::as_str) {
        return Some(Err(format!("the fact `conda_torch`: {problem}")));
    }
    let os = format!("{} {}", text("distribution"), text("distribution_version"));
    let os = if text("system") == "Darwin" { "macOS" } else { os.trim() };
    let (architecture, kernel) = (text("architecture"), text("kernel"));
    if architecture.is_empty() {
        return Some(Err(
            "the facts lack the architecture; gather the subset `all` or `min`".to_owned()
        ));
    }
    let origin = origin(machine);
    System { os, kernel, architecture, ..System::default() }.fill(machine, &origin);
    Some(Ok(()))
}
