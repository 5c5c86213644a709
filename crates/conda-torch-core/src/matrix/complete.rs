//! Compute capabilities that nobody said, from the tables of names and PCI ids.

use crate::types::{ComputeCapability, Detected, Gpu, Machine, Origin};

use super::Matrix;

impl Matrix {
    /// Fills the compute capabilities that are not known. The origin tells by which table.
    pub fn complete(&self, machine: &mut Machine) {
        for gpu in &mut machine.gpus {
            if let Detected::Unknown { .. } = gpu.compute_capability
                && let Some((capability, table)) = self.capability_of_gpu(gpu)
            {
                gpu.compute_capability = Detected::found(capability, Origin::Table(table.into()));
            }
        }
    }

    /// What a GPU can execute by its name, also one that was cut off, or else by its PCI id.
    fn capability_of_gpu(&self, gpu: &Gpu) -> Option<(ComputeCapability, &'static str)> {
        let by_name = gpu.name.value().and_then(|name| self.capability_of_name(name));
        let by_id = || gpu.pci_id.as_deref().and_then(|id| self.by_pci_id(id));
        by_name
            .map(|capability| (capability, "gpu-names"))
            .or_else(|| by_id().map(|row| (row.capability, "pci-ids")))
    }

    fn capability_of_name(&self, name: &str) -> Option<ComputeCapability> {
        match name.trim_end().strip_suffix("...") {
            Some(start) => self.capability_of_start(start),
            None => self.gpu_by_name(name).ok().map(|row| row.capability),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capability(name: &str) -> Option<String> {
        Matrix::embedded().capability_of_name(name).map(|capability| capability.to_string())
    }

    #[test]
    fn a_name_that_was_cut_off_is_known_where_all_that_it_can_be_agree() {
        for (name, expected) in [
            ("NVIDIA GeForce GTX 108...", Some("6.1")),
            ("Tesla V100-SXM2...", Some("7.0")),
            ("Quadro RTX 800...", Some("7.5")),
            ("NVIDIA A100-SXM...", Some("8.0")),
            ("NVIDIA A100-PCI...", Some("8.0")),
            ("NVIDIA GeForce RTX 30...", Some("8.6")),
            ("GeForce RTX 208...", Some("7.5")),
            ("Tesla P100-PCIE...", Some("6.0")),
            ("NVIDIA RTX A600...", Some("8.6")),
            ("NVIDIA H100 80G...", Some("9.0")),
            ("NVIDIA GeForce ...", None),
            ("GeForce GTX 9...", None),
            ("Quadro...", None),
            ("NVIDIA GeForce RTX 99...", None),
        ] {
            assert_eq!(capability(name).as_deref(), expected, "{name}");
        }
    }
}
