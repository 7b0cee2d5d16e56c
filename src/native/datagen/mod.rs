//! The synthetic marketplace.
