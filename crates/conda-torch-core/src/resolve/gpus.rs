//! Every NVIDIA GPU of a machine that is known in any way, and what each can execute.

use crate::matrix::Matrix;
use crate::types::{Detected, Machine, Vendor};

use crate::resolve::situation::SituatedGpu;

/// The driver's GPUs; where it shows none, the cards on the bus, by their PCI ids.
pub(super) fn gpus(machine: &Machine, matrix: &Matrix) -> Vec<SituatedGpu> {
    let driver_shows_none =
        machine.gpu_count == Detected::Absent && machine.driver != Detected::Absent;
    if machine.gpus.is_empty() && !driver_shows_none {
        let mut cards = cards_on_the_bus(machine, matrix);
        // A Jetson's GPU is in the chip. The model says which, also where no library answers.
        if let Some(model) = machine.jetson.value().filter(|_| cards.is_empty())
            && let Some(capability) = matrix.jetson_of_model(model)
        {
            cards.push(SituatedGpu { index: 0, name: None, capability: Some(capability) });
        }
        return cards;
    }
    machine
        .gpus
        .iter()
        .map(|gpu| SituatedGpu {
            index: gpu.index,
            name: gpu.name.value().cloned(),
            capability: gpu.compute_capability.value().copied().or_else(|| {
                let by_name = gpu.name.value().and_then(|name| matrix.gpu_by_name(name).ok());
                let by_id = || gpu.pci_id.as_deref().and_then(|id| matrix.by_pci_id(id));
                by_name.map(|row| row.capability).or_else(|| by_id().map(|row| row.capability))
            }),
        })
        .collect()
}

fn cards_on_the_bus(machine: &Machine, matrix: &Matrix) -> Vec<SituatedGpu> {
    let cards = machine.adapters.iter().filter(|adapter| adapter.vendor == Vendor::Nvidia);
    (0..)
        .zip(cards)
        .map(|(index, card)| SituatedGpu {
            index,
            name: None,
            capability: matrix.by_pci_id(&card.pci_id).map(|row| row.capability),
        })
        .collect()
}
