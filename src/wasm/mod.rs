//! Browser bindings: they convert and do nothing else.
