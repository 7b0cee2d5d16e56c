//! Progress on standard error; hidden when that is no terminal, or on request.

use indicatif::{ProgressBar, ProgressStyle};

use super::Context;

/// A bar of `length` steps of `what`.
pub(super) fn bar(context: &Context, length: u64, what: &'static str) -> ProgressBar {
    if !context.progress {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length).with_message(what);
    // The template is a constant; were it wrong, the default style would do.
    match ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}  {elapsed}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
