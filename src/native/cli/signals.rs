//! Ctrl-C and `kill`: a wish to end, which the work looks at when it can. A second Ctrl-C ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The wish to end: 0, or the number of the signal.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish(Arc<AtomicUsize>);

impl Wish {
    /// Takes the signals of this process. Where that is not possible they end it as ever.
    pub(super) fn listen() -> Self {
        let wish = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // The order counts: the first signal arms what the second one runs into.
            let armed = Arc::new(AtomicBool::new(false));
            let code = 128 + signal;
            let taken = flag::register_conditional_shutdown(signal, code, Arc::clone(&armed))
                .and_then(|_| flag::register(signal, armed))
                .and_then(|_| flag::register_usize(signal, Arc::clone(&wish.0), signal as usize));
            if let Err(error) = taken {
                super::warn(&format!("signal {signal} cannot be taken ({error}): it ends the training at once"));
            }
        }
        wish
    }

    /// What is looked at.
    pub(super) fn flag(&self) -> &AtomicUsize {
        &self.0
    }

    /// The exit code of a process that ends by the signal: 128 + its number.
    pub(super) fn exit_code(&self) -> u8 {
        128 + self.0.load(Ordering::Relaxed).min(127) as u8
    }
}
