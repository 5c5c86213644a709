//! `nvidia-smi -q -x`: XML, of which what is there counts where it is cut off.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::types::Machine;

use super::super::document::Document;
use super::{Report, ReportedGpu, System, fill, is_of_windows, values};

/// The element that holds all.
const ROOT: &str = "<nvidia_smi_log";

pub(in super::super) fn is_text(document: &Document<'_>) -> bool {
    document.plain.contains(ROOT)
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every reader")]
pub(in super::super) fn read(document: &Document<'_>, machine: &mut Machine) -> Result<(), String> {
    fill(told(&document.plain), machine);
    Ok(())
}

/// What the XML says, up to its end or to where it is damaged.
pub(super) fn told(text: &str) -> Report {
    let mut told = Report::default();
    let mut new = Renamed::default();
    let start = text.find(ROOT).unwrap_or(text.len());
    let mut reader = Reader::from_str(&text[start..]);
    let mut path: Vec<String> = Vec::new();
    let mut words = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                words.clear();
                path.push(tag.name().as_ref().to_owned());
                if path.len() == 2 && path[1] == "gpu" {
                    told.gpus.push(ReportedGpu::default());
                }
            }
            Ok(Event::Text(text)) => words.push_str(&text),
            Ok(Event::End(_)) => {
                let names: Vec<&str> = path.iter().skip(1).map(String::as_str).collect();
                element(&names, words.trim(), &mut told, &mut new);
                path.pop();
                words.clear();
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    told.driver = new.driver.or(told.driver);
    told.cuda = new.cuda.or(told.cuda);
    told
}

/// What stands under the names that driver 610 brought: it counts more than the old ones.
#[derive(Default)]
struct Renamed {
    driver: Option<crate::types::DriverVersion>,
    cuda: Option<crate::types::CudaVersion>,
}

fn element(path: &[&str], text: &str, told: &mut Report, new: &mut Renamed) {
    let version = || values::version(text);
    match path {
        ["kmd_version"] => new.driver = version().and_then(|token| token.parse().ok()),
        ["driver_version"] => told.driver = version().and_then(|token| token.parse().ok()),
        ["cuda_umd_version"] => new.cuda = version().and_then(|token| token.parse().ok()),
        ["cuda_version"] => {
            told.cuda = version().and_then(|token| token.parse().ok());
            told.has_no_cuda = text == "N/A";
        }
        ["attached_gpus"] => told.count = text.parse().ok(),
        ["gpu", "driver_model", "current_dm"] if is_of_windows(text) => {
            told.system = Some(System::Windows);
        }
        ["gpu", rest @ ..] => {
            if let Some(gpu) = told.gpus.last_mut() {
                of_gpu(rest, text, gpu);
            }
        }
        _ => {}
    }
}

fn of_gpu(path: &[&str], text: &str, gpu: &mut ReportedGpu) {
    match path {
        ["product_name"] => gpu.name = values::known(text).map(str::to_owned),
        ["pci", "pci_device_id"] => gpu.pci_id = values::pci_id(text),
        ["fb_memory_usage", "total"] => gpu.memory = values::mib(text),
        ["mig_mode", "current_mig"] => gpu.mig = values::switch(text),
        _ => {}
    }
}
