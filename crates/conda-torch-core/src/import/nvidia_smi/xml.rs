//! `nvidia-smi -q -x`: XML. If it is cut off, what is there counts.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Field, Report, ReportedGpu, values};

/// The element around everything.
const ROOT: &str = "<nvidia_smi_log";

/// What the XML reports, up to its end or to where it is damaged.
pub(in super::super) fn parse(text: &str) -> Option<Report> {
    let mut report = Report::default();
    // Driver 610 renamed these elements. The new ones override the old ones.
    let (mut kmd, mut umd) = (None, None);
    let mut reader = Reader::from_str(&text[text.find(ROOT)?..]);
    let mut path: Vec<String> = Vec::new();
    let mut content = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                content.clear();
                path.push(tag.name().as_ref().to_owned());
                if path.len() == 2 && path[1] == "gpu" {
                    report.gpus.push(ReportedGpu::default());
                }
            }
            Ok(Event::Text(text)) => content.push_str(&text),
            Ok(Event::End(_)) => {
                let names: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
                let text = content.trim();
                match names[..] {
                    ["kmd_version"] => kmd = values::parsed(text),
                    ["cuda_umd_version"] => umd = values::parsed(text),
                    ["cuda_version"] => {
                        report.cuda = values::parsed(text);
                        report.has_no_cuda = text == "N/A";
                    }
                    _ => field(&names).into_iter().for_each(|field| report.set(field, text)),
                }
                path.pop();
                content.clear();
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    report.driver = kmd.or(report.driver);
    report.cuda = umd.or(report.cuda);
    Some(report)
}

fn field(path: &[&str]) -> Option<Field> {
    Some(match path {
        ["driver_version"] => Field::Driver,
        ["attached_gpus"] => Field::Count,
        ["gpu", "driver_model", "current_dm"] => Field::DriverModel,
        ["gpu", "product_name"] => Field::Name,
        ["gpu", "pci", "pci_device_id"] => Field::PciId,
        ["gpu", "fb_memory_usage", "total"] => Field::Memory,
        ["gpu", "mig_mode", "current_mig"] => Field::Mig,
        _ => return None,
    })
}
