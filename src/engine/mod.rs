//! The ranking engine: load, encode, filter, score, blend, top-k, explain.
