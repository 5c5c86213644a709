#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| conda_torch_fuzz::fleet(bytes));
