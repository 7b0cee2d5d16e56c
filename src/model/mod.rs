//! Models at inference: plain slices in, scores out. Knows neither features nor domain.
