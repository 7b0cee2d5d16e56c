//! The command line `tidyrank`: parse, run, exit code.

fn main() -> std::process::ExitCode {
    tidyrank::native::cli::main()
}
