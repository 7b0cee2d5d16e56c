"""The network of a released model as ONNX, for the peers of the browser benchmark. Needs no PyTorch.

    pip install -r tools/reference/requirements-onnx.txt
    python tools/reference/export_onnx.py models/cleaners/1.0.0/model.safetensors OUT

writes four graphs. `hybrid.onnx` is the network layer by layer, batch norm folded into the linear layers. `hybrid.sep.onnx` is
the strongest graph that can be handed to a runtime: what the first layers owe to the client, the job and the cleaner's
embedding comes in ready, and only the columns that differ between candidates are multiplied. `*.int8.onnx` are
onnxruntime's `quantize_dynamic` of the two, with its defaults.

Inputs, f32 unless said otherwise, n candidates:

    hybrid       user [1, 64], item [n, 64], category i64 [1], features [n, 18]
    hybrid.sep   shares [n, 128] (of the cleaners), client [1, 128] (with the bias), job [1, 128] (with the bias),
                 features [n, 11] (columns 5 to 15)

Output: scores [n, 1] in [0, 1].
"""

import argparse
import logging
import pathlib
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic
from safetensors.numpy import load_file

LAYERS = ["layers.0", "layers.1", "layers.2", "output"]
NORM_EPSILON = 1e-5
VARYING = slice(5, 16)
OPSET, IR_VERSION = 17, 9


def folded_layers(state, branch):
    """Weights [outputs, inputs] and biases [outputs] in f64, batch norm folded in."""
    layers = []
    for at, name in enumerate(LAYERS):
        weight = state[f"{branch}.{name}.weight"].astype(numpy.float64)
        bias = state[f"{branch}.{name}.bias"].astype(numpy.float64)
        norm = {
            part: state[f"{branch}.norms.{at}.{part}"].astype(numpy.float64)
            for part in ["weight", "bias", "running_mean", "running_var"]
            if f"{branch}.norms.{at}.{part}" in state
        }
        if norm:
            factor = norm["weight"] / numpy.sqrt(norm["running_var"] + NORM_EPSILON)
            weight = weight * factor[:, None]
            bias = (bias - norm["running_mean"]) * factor + norm["bias"]
        layers.append((weight, bias))
    return layers


class Graph:
    """Nodes and constants of a graph under construction."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, values, dtype=numpy.float32):
        self.constants.append(numpy_helper.from_array(numpy.asarray(values, dtype=dtype), name))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{output}/{kind}", **attributes))
        return output

    def linear(self, x, weight, bias, name):
        """`bias` is an array, or the name of a value."""
        bias = bias if isinstance(bias, str) else self.constant(f"{name}.bias", bias)
        return self.node("Gemm", [x, self.constant(f"{name}.weight", weight), bias], name, transB=1)

    def rest(self, x, layers, branch):
        """The layers behind the first one, from its sums."""
        for at, (weight, bias) in enumerate(layers):
            x = self.node("Relu", [x], f"{branch}.{at}.relu")
            x = self.linear(x, weight, bias, f"{branch}.{at}.linear")
        return x

    def blend(self, collaborative, content):
        total = self.node("Add", [collaborative, content], "blended")
        bounds = [self.constant("zero", 0.0), self.constant("one", 1.0)]
        self.node("Clip", [total, *bounds], "scores")

    def model(self, inputs):
        declared = [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs]
        scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 1])
        graph = helper.make_graph(self.nodes, "hybrid", declared, [scores], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model


def plain(state, collaborative, content, alpha):
    graph = Graph()
    users = graph.node("Expand", ["user", graph.node("Shape", ["item"], "item.shape")], "users")
    pairs = graph.node("Concat", [users, "item"], "pairs", axis=1)
    count = graph.node("Shape", ["features"], "count", start=0, end=1)
    table = graph.constant("category_embedding", state["content.category_embedding"])
    width = graph.constant("category_width", [state["content.category_embedding"].shape[1]], numpy.int64)
    category = graph.node("Gather", [table, "category"], "category.row", axis=0)
    categories = graph.node("Expand", [category, graph.node("Concat", [count, width], "category.shape", axis=0)], "categories")
    inputs = graph.node("Concat", [categories, "features"], "inputs", axis=1)
    branches = []
    for x, layers, name, share in [(pairs, collaborative, "collaborative", alpha), (inputs, content, "content", 1 - alpha)]:
        out = graph.rest(graph.linear(x, *layers[0], f"{name}.first"), layers[1:], name)
        branches.append(graph.node("Mul", [out, graph.constant(f"{name}.share", share)], f"{name}.weighed"))
    graph.blend(*branches)
    return graph.model([
        ("user", TensorProto.FLOAT, [1, 64]),
        ("item", TensorProto.FLOAT, ["n", 64]),
        ("category", TensorProto.INT64, [1]),
        ("features", TensorProto.FLOAT, ["n", 18]),
    ])


def separable(state, collaborative, content, alpha):
    graph = Graph()
    offset = state["content.category_embedding"].shape[1]
    columns = slice(offset + VARYING.start, offset + VARYING.stop)
    sums = [
        (graph.node("Add", ["shares", "client"], "collaborative.first"), collaborative, "collaborative", alpha),
        (graph.linear("features", content[0][0][:, columns], "job", "content.first"), content, "content", 1 - alpha),
    ]
    branches = []
    for x, layers, name, share in sums:
        weight, bias = layers[-1]
        branches.append(graph.rest(x, [*layers[1:-1], (weight * share, bias * share)], name))
    graph.blend(*branches)
    return graph.model([
        ("shares", TensorProto.FLOAT, ["n", 128]),
        ("client", TensorProto.FLOAT, [1, 128]),
        ("job", TensorProto.FLOAT, [1, 128]),
        ("features", TensorProto.FLOAT, ["n", 11]),
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    state = load_file(arguments.model)
    collaborative, content = folded_layers(state, "collaborative"), folded_layers(state, "content")
    alpha = float(state["blend.collaborative_content.alpha"][0])
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, build in [("hybrid", plain), ("hybrid.sep", separable)]:
        model = build(state, collaborative, content, alpha)
        onnx.save(model, arguments.out / f"{name}.onnx")
        with tempfile.TemporaryDirectory() as folder:
            onnx.save(model, f"{folder}/model.onnx")
            quantize_dynamic(f"{folder}/model.onnx", arguments.out / f"{name}.int8.onnx")


if __name__ == "__main__":
    main()
