//! `tidyrank-bindgen INPUT.wasm OUT_DIR NAME [reset]`: writes the JavaScript glue (`--target web`, no TypeScript) and the
//! module; with `reset` also a function that starts the module afresh.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some([input, out, name]), options) = (arguments.first_chunk(), arguments.get(3..).unwrap_or_default()) else {
        eprintln!("usage: tidyrank-bindgen INPUT.wasm OUT_DIR NAME [reset]");
        return ExitCode::from(2);
    };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen.input_path(input).out_name(name).typescript(false).remove_producers_section(true);
    bindgen.reset_state_function(options.iter().any(|option| option == "reset"));
    let written = bindgen.web(true).and_then(|bindgen| bindgen.generate(out));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidyrank-bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}
