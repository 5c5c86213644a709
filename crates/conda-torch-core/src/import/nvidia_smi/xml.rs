//! `nvidia-smi -q -x`: XML with the labels of `-q`. If it is cut off, what is there counts.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Report, query};

const ROOT: &str = "<nvidia_smi_log";

pub(in super::super) fn parse(text: &str) -> Option<Report> {
    let mut reader = Reader::from_str(&text[text.find(ROOT)?..]);
    let mut path: Vec<String> = Vec::new();
    let mut content = String::new();
    // Lines as `-q` prints them: `fb memory usage` above `total : 24564 MiB`.
    let mut lines = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                content.clear();
                path.push(tag.name().as_ref().to_owned());
                if path.len() == 2 && path[1] == "gpu" {
                    lines += "GPU 00000000:00:00.0\n";
                }
            }
            Ok(Event::Text(text)) => content.push_str(&text),
            Ok(Event::End(_)) => {
                let (label, value) = (path.pop().unwrap_or_default(), content.trim());
                // A MIG slice has the labels of its GPU.
                if !value.is_empty() && !path.iter().any(|name| name == "mig_devices") {
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
