// Medians and percentiles.

const sorted = (values) => [...values].sort((a, b) => a - b);

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values) {
  const order = sorted(values);
  const middle = order.length >> 1;
  return order.length % 2 ? order[middle] : (order[middle - 1] + order[middle]) / 2;
}

/** The smallest value that at least this share of all are not above. */
export function percentile(values, share) {
  const order = sorted(values);
  return order[Math.max(0, Math.ceil(share * order.length) - 1)];
}
