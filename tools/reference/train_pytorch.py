"""The hybrid network of tidyrank in PyTorch: seconds per epoch on the same samples, and values for the tests.

    pip install torch numpy safetensors                    # torch 2.15.0, Python 3.11
    tidyrank train models/cleaners/recipe.toml --data DATA --export-samples samples.csv
    python tools/reference/train_pytorch.py samples.csv --epochs 16 --threads 2
    python tools/reference/train_pytorch.py samples.csv --check models/cleaners/1.0.0/model.safetensors \
        --fixture scores.json                              # eval-mode scores of a stored model, for the Rust tests
    python tools/reference/train_pytorch.py --adam         # the rows of the tests in src/native/train/adam.rs
    python tools/reference/train_pytorch.py --plateau      # ... and of schedule.rs

A row of samples.csv is: part (train, validation, test), user row, item row, category, target, 18 raw features (empty =
unknown). Rows are the ones of the tables, 0 = unknown.
"""

import argparse
import csv
import json
import time

import numpy as np
import torch
from torch import nn

FEATURES = 18


def branch(width, norm, dropout):
    layers = []
    for out in (128, 64, 32):
        layers.append(nn.Linear(width, out))
        if norm:
            layers.append(nn.BatchNorm1d(out))
        layers += [nn.ReLU(), nn.Dropout(dropout)]
        width = out
    return nn.Sequential(*layers, nn.Linear(width, 1))


class Hybrid(nn.Module):
    def __init__(self, users, items, categories, dropout=0.2):
        super().__init__()
        self.users = nn.Embedding(users, 64)
        self.items = nn.Embedding(items, 64)
        self.categories = nn.Embedding(categories, 16)
        for table in (self.users, self.items, self.categories):
            nn.init.xavier_uniform_(table.weight)
        self.collaborative = branch(128, False, dropout)
        self.content = branch(16 + FEATURES, True, dropout)
        self.logit = nn.Parameter(torch.zeros(1))

    def forward(self, users, items, categories, features):
        left = self.collaborative(torch.cat([self.users(users), self.items(items)], 1)).squeeze(1)
        right = self.content(torch.cat([self.categories(categories), features], 1)).squeeze(1)
        alpha = torch.sigmoid(self.logit)
        return left, right, alpha * left + (1 - alpha) * right


def read_samples(path):
    """Columns of the file; features are normalised by the training part, unknown ones become 0."""
    with open(path, newline="") as file:
        rows = list(csv.reader(file))[1:]
    part = np.array([row[0] for row in rows])
    index = np.array([[int(value) for value in row[1:4]] for row in rows])
    target = np.array([float(row[4]) for row in rows], dtype=np.float32)
    features = np.array([[float(v) if v else np.nan for v in row[5:]] for row in rows], dtype=np.float64)
    return part, index, target, features


def normalise(features, part):
    known = features[part == "train"]
    unknown = np.isnan(known).all(0)
    mean, std = np.zeros(FEATURES), np.ones(FEATURES)
    mean[~unknown], std[~unknown] = np.nanmean(known[:, ~unknown], 0), np.nanstd(known[:, ~unknown], 0)
    std[~(std > 1e-6)] = 1.0
    return np.nan_to_num((features - mean) / std, nan=0.0).astype(np.float32)


def train(args):
    part, index, target, features = read_samples(args.samples)
    features = torch.from_numpy(normalise(features, part))
    users, items, categories = (torch.from_numpy(index[:, i].copy()) for i in range(3))
    target = torch.from_numpy(target)
    learn = torch.from_numpy(np.flatnonzero(part == "train"))
    check = torch.from_numpy(np.flatnonzero(part == "validation"))
    torch.manual_seed(args.seed)
    model = Hybrid(int(users.max()) + 1, int(items.max()) + 1, int(categories.max()) + 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, min_lr=1e-5)
    loss_of = nn.MSELoss()

    def take(rows):
        return users[rows], items[rows], categories[rows], features[rows]

    seconds = []
    for epoch in range(1, args.epochs + 1):
        began = time.perf_counter()
        model.train()
        order, total = learn[torch.randperm(len(learn))], 0.0
        for start in range(0, len(order), args.batch_size):
            rows = order[start : start + args.batch_size]
            if len(rows) < 2:
                continue
            optimizer.zero_grad()
            loss = loss_of(model(*take(rows))[2], target[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        model.eval()
        with torch.no_grad():
            validation = loss_of(model(*take(check))[2], target[check]).item()
        scheduler.step(validation)
        seconds.append(time.perf_counter() - began)
        print(f"epoch {epoch:2d}  train {total / len(learn):.6f}  validation {validation:.6f}  {seconds[-1]:.4f} s")
    print(json.dumps({"epochs": args.epochs, "samples": len(learn), "seconds": sum(seconds), "threads": args.threads,
                      "seconds_per_epoch_median": float(np.median(seconds)), "torch": torch.__version__}))


def load(path):
    """A model of tidyrank in this network, with its metadata."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        meta = file.metadata()
        state = {name: file.get_tensor(name) for name in file.keys()}
    users, items = state["collaborative.user_embedding"], state["collaborative.item_embedding"]
    categories = state["content.category_embedding"]
    model = Hybrid(len(users), len(items), len(categories)).eval()
    with torch.no_grad():
        model.users.weight.copy_(users)
        model.items.weight.copy_(items)
        model.categories.weight.copy_(categories)
        for name, sequence in (("collaborative", model.collaborative), ("content", model.content)):
            linears = [layer for layer in sequence if isinstance(layer, nn.Linear)]
            for at, layer in enumerate(linears):
                key = f"{name}.layers.{at}" if at < 3 else f"{name}.output"
                layer.weight.copy_(state[f"{key}.weight"])
                layer.bias.copy_(state[f"{key}.bias"])
        for at, norm in enumerate(layer for layer in model.content if isinstance(layer, nn.BatchNorm1d)):
            for ours, theirs in (("weight", norm.weight), ("bias", norm.bias), ("running_mean", norm.running_mean),
                                 ("running_var", norm.running_var)):
                theirs.copy_(state[f"content.norms.{at}.{ours}"])
        alpha = state["blend.collaborative_content.alpha"].double()
        model.logit.copy_(torch.log(alpha / (1 - alpha)))
    return model, meta


def check(args):
    """Scores of a stored model for the first samples of the test part, written as a fixture."""
    model, meta = load(args.check)
    part, index, target, features = read_samples(args.samples)
    chosen = np.flatnonzero(part == "test")[: args.rows]
    normaliser = json.loads(meta["normaliser"])
    normal = (features[chosen] - np.array(normaliser["mean"])) / np.array(normaliser["std"])
    normal = torch.from_numpy(np.nan_to_num(normal, nan=0.0).astype(np.float32))
    columns = [torch.from_numpy(index[chosen, i].copy()) for i in range(3)]
    with torch.no_grad():
        scores = [column.tolist() for column in model(*columns, normal)]
    rows = [{"user": int(index[at, 0]), "item": int(index[at, 1]), "category": int(index[at, 2]),
             "features": [None if np.isnan(v) else float(v) for v in features[at]],
             "collaborative": scores[0][i], "content": scores[1][i], "score": scores[2][i]}
            for i, at in enumerate(chosen)]
    with open(args.fixture, "w") as file:
        json.dump({"torch": torch.__version__, "rows": rows}, file, separators=(",", ":"))
        file.write("\n")
    print(f"{len(rows)} rows in {args.fixture}")


def adam():
    x = torch.zeros(3, requires_grad=True)
    goal = torch.tensor([1.0, 2.0, 3.0])
    optimizer = torch.optim.AdamW([x], lr=0.1, weight_decay=0.5)
    for step in range(1, 11):
        optimizer.zero_grad()
        ((x - goal) ** 2).sum().backward()
        optimizer.step()
        if step in (1, 2, 10):
            print(step, [f"{v:.7f}" for v in x.tolist()])


def plateau():
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, min_lr=0.2)
    rates = []
    for loss in (1.0, 0.9, 0.9, 0.95, 0.9, 0.89999, 0.91, 0.92, 0.93, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6):
        scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    print(rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", nargs="?")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--check", help="a model.safetensors whose scores are written")
    parser.add_argument("--fixture", default="hybrid_forward.json")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--adam", action="store_true")
    parser.add_argument("--plateau", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.adam:
        adam()
    elif args.plateau:
        plateau()
    elif args.check:
        check(args)
    else:
        train(args)


if __name__ == "__main__":
    main()
