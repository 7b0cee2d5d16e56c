//! `tidyrank-bindgen INPUT.wasm OUT_DIR NAME`: writes the JavaScript glue (`--target web`, no TypeScript) and the module.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, out, name] = arguments.as_slice() else {
        eprintln!("usage: tidyrank-bindgen INPUT.wasm OUT_DIR NAME");
        return ExitCode::from(2);
    };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_path(input).out_name(name).typescript(false).remove_producers_section(true);
    let written = bindgen.web(true).and_then(|bindgen| bindgen.generate(out));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidyrank-bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}
