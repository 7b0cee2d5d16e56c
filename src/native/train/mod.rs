//! Training with candle, which is used here and nowhere else.
