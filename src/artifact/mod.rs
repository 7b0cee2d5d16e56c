//! Reading and writing model and catalog files. Knows no model.
