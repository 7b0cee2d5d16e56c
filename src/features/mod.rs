//! The 18 features of a job and a cleaner: their schema, how they are computed and normalised.
