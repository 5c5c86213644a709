//! Every format for every client, on recorded machines.

mod case;
mod clients;
mod formats;
mod hints;
mod human;
mod json;
mod shells;
