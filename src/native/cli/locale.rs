//! The language of what a command says about people.

use crate::native::messages::Locale;

/// The languages as flags.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum LocaleFlag {
    /// English
    En,
    /// Greek
    El,
}

impl From<LocaleFlag> for Locale {
    fn from(flag: LocaleFlag) -> Self {
        match flag {
            LocaleFlag::En => Self::English,
            LocaleFlag::El => Self::Greek,
        }
    }
}
