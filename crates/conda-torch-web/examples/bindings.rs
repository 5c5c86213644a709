//! Writes the JavaScript and the types that go with the compiled core.
//!
//! `cargo run -p conda-torch-web --example bindings -- conda_torch_web.wasm FOLDER`

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(module), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bindings MODULE.wasm FOLDER".into());
    };
    let mut bindings = wasm_bindgen_cli_support::Bindgen::new();
    bindings.input_path(module).web(true)?.typescript(true).out_name("core").generate(folder)?;
    Ok(())
}
