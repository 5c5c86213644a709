//! `nvidia-smi -q -x`: XML. If it is cut off, what is there counts.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Report, ReportedGpu, System, is_of_windows, values};

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
                match names[..] {
                    ["kmd_version"] => kmd = values::parsed(content.trim()),
                    ["cuda_umd_version"] => umd = values::parsed(content.trim()),
                    _ => element(&names, content.trim(), &mut report),
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

fn element(path: &[&str], text: &str, report: &mut Report) {
    match (path, report.gpus.last_mut()) {
        (["driver_version"], _) => report.driver = values::parsed(text),
        (["cuda_version"], _) => {
            report.cuda = values::parsed(text);
            report.has_no_cuda = text == "N/A";
        }
        (["attached_gpus"], _) => report.count = text.parse().ok(),
        (["gpu", "driver_model", "current_dm"], _) if is_of_windows(text) => {
            report.system = Some(System::Windows);
        }
        (["gpu", "product_name"], Some(gpu)) => gpu.name = values::known(text).map(str::to_owned),
        (["gpu", "pci", "pci_device_id"], Some(gpu)) => gpu.pci_id = values::pci_id(text),
        (["gpu", "fb_memory_usage", "total"], Some(gpu)) => gpu.memory = values::mib(text),
        (["gpu", "mig_mode", "current_mig"], Some(gpu)) => gpu.mig = values::switch(text),
        _ => {}
    }
}
