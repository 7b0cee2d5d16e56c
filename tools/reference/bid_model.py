"""The bid model's file and what it says, by numpy and nothing of this project: tests/fixtures/bids-1.

python3 -m venv /tmp/v && /tmp/v/bin/pip install numpy==2.4.6 && /tmp/v/bin/python tools/reference/bid_model.py tests/fixtures/bids-1

Writes bids.safetensors (random weights, format version 1, see docs/model-format.md), supported.safetensors (the same with the prices
that were learned from, which files of before did not have) and curves.json: rows of features (null =
unknown) with the kind of job, and what the formulas of docs/bids.md give for them in 64-bit floats.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np

FEATURES = """ln_duration_h ln_size_m2 eco hour_of_day day_of_week ln1p_days_ahead ln_reference ln_budget_ratio ln_usual_ratio
ln_past_ratio win_rate rating rating_in_kind completion_rate ln1p_jobs ln1p_bids_made eco_cleaner ln1p_distance_km
ln1p_bids_so_far ln_lowest_ratio ln_mean_ratio ln1p_hours_since_posting has_history""".split()
KINDS = ["apartment", "house", "office", "short_term_rental"]
HIDDEN = [6, 4]
CALIBRATION = [0.8, -0.25, 0.05]
SUPPORT = [[-0.2, 0.3], [-0.4, 0.35]]


def softplus(x):
    return np.logaddexp(0.0, x)


def main(out):
    rng = np.random.default_rng(4)
    tensors = {
        "calibration": np.array(CALIBRATION, np.float64),
        "normaliser.mean": rng.normal(0, 1, len(FEATURES)).astype(np.float32),
        "normaliser.std": rng.uniform(0.2, 2, len(FEATURES)).astype(np.float32),
    }
    sides = [2 * len(FEATURES) + len(KINDS), *HIDDEN, 5]
    for at, (inputs, outputs) in enumerate(zip(sides, sides[1:])):
        tensors[f"layers.{at}.weight"] = rng.normal(0, 1 / np.sqrt(inputs), (outputs, inputs)).astype(np.float32)
        tensors[f"layers.{at}.bias"] = rng.normal(0, 0.3, outputs).astype(np.float32)
    write(out / "bids.safetensors", tensors)
    write(out / "supported.safetensors", tensors | {"support": np.array(SUPPORT, np.float64)})
    curves(out, rng, tensors)


def write(path, tensors):
    metadata = {"format": "tidyrank.bids", "format_version": "1"}
    metadata |= {"features": json.dumps(FEATURES), "kinds": json.dumps(KINDS)}
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        dtype = "F64" if tensor.dtype == np.float64 else "F32"
        header[name] = {"dtype": dtype, "shape": tensor.shape, "data_offsets": [len(data), len(data) + tensor.nbytes]}
        data += tensor.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def curves(out, rng, tensors):
    wide = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    cases = []
    for at in range(24):
        row = wide["normaliser.mean"] + wide["normaliser.std"] * rng.normal(0, 2.5, len(FEATURES))
        row[rng.random(len(FEATURES)) < at / 23] = np.nan
        row = row.astype(np.float32).astype(np.float64)
        kind = [None, 0, 1][at % 3]
        normal = np.clip((row - wide["normaliser.mean"]) / wide["normaliser.std"], -4, 4)
        x = np.concatenate([np.nan_to_num(normal), ~np.isnan(row), [kind == k for k in range(len(KINDS))]])
        for layer in range(3):
            x = wide[f"layers.{layer}.weight"] @ x + wide[f"layers.{layer}.bias"]
            x = np.maximum(x, 0) if layer < 2 else x
        scale, shift, widen = CALIBRATION
        median = x[0] + softplus(x[1])
        high = median + softplus(x[2])
        cases.append(
            {
                "features": [None if np.isnan(v) else v for v in row],
                "kind": kind,
                "quantiles": list(np.clip([x[0] - widen, median, high + widen], -5, 5)),
                "level": scale * x[3] + shift,
                "slope": scale * (softplus(x[4]) + 0.05),
            }
        )
    (out / "curves.json").write_text(json.dumps(cases, indent=1) + "\n")


main(Path(sys.argv[1]))
