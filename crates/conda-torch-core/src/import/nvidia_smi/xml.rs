//! `nvidia-smi -q -x`: XML with the labels of `-q`. If it is cut off, what is there counts.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Report, query};

const ROOT: &str = "<nvidia_smi_log";

/// The longest name of an element that can be a label.
const LONGEST: usize = 64;

/// What the XML reports, up to its end or to where it is damaged.
pub(in super::super) fn parse(text: &str) -> Option<Report> {
    let mut reader = Reader::from_str(&text[text.find(ROOT)?..]);
    let mut path: Vec<String> = Vec::new();
    // The depth of the element with the MIG slices, which have the labels of their GPU.
    let mut slices = None;
    let mut content = String::new();
    // Lines as `-q` prints them: `fb memory usage` above `total : 24564 MiB`.
    let mut lines = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                content.clear();
                let name = tag.name();
                let name: &str = name.as_ref();
                path.push(if name.len() > LONGEST { String::new() } else { name.to_owned() });
                if name == "mig_devices" {
                    slices = slices.or(Some(path.len()));
                }
                if path.len() == 2 && path[1] == "gpu" {
                    lines += "GPU 00000000:00:00.0\n";
                }
            }
            Ok(Event::Text(text)) => content.push_str(&text),
            Ok(Event::End(_)) => {
                slices = slices.filter(|depth| *depth != path.len());
                let (label, value) = (path.pop().unwrap_or_default(), content.trim());
                if !value.is_empty() && slices.is_none() {
                    let heading = path.last().map_or("", String::as_str);
                    let labels = format!("{heading}\n{label} : ").replace('_', " ");
                    lines.extend([&*labels, value, "\n"]);
                }
                content.clear();
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Some(query::report(&lines))
}
