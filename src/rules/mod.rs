//! The rule scorer: five weighted components whose contributions add up. Works with no training data.
