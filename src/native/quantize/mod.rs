//! From a trained fp32 model to the int8 one that is served.
