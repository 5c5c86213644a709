//! Looks at a machine: `Host` and overrides in, [`Machine`](crate::model::Machine) out. Decides nothing.
