"""`model.py` of the models that are one ONNX graph, for Triton's python backend on a CPU: the runtime's call, and nothing else.

Parameters of the configuration: `runtime` is "openvino" or "onnxruntime", `threads` how many an instance computes with; `precision` of
OpenVINO is "f32", unless it says "bf16", which is faster where the processor has it, and other numbers.
"""

import json
from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb_utils

KERNELS = 64
"""OpenVINO keeps what it compiled for each shape of each layer. With its usual 5,000 a process grew past 900 MiB on 480 batches of mixed
shapes, and on; with this it stays at 615, for a tenth more CPU where shapes are that mixed."""


class TritonPythonModel:
    def initialize(self, args):
        check_numpy()
        configuration = json.loads(args["model_config"])
        self.outputs = [tensor["name"] for tensor in configuration["output"]]
        self.inputs = [tensor["name"] for tensor in configuration["input"]]
        parameters = {name: value["string_value"] for name, value in configuration["parameters"].items()}
        graph = Path(args["model_repository"], args["model_version"], "model.onnx")
        self.run = RUNTIMES[parameters["runtime"]](graph, self.outputs, int(parameters["threads"]), parameters.get("precision", "f32"))

    def execute(self, requests):
        """All requests in one call of the runtime: their tensors are of one shape but for the first dimension, the batch."""
        parts = [[pb_utils.get_input_tensor_by_name(request, name).as_numpy() for request in requests] for name in self.inputs]
        batch = {name: np.concatenate(part) if len(part) > 1 else part[0] for name, part in zip(self.inputs, parts, strict=True)}
        results = self.run(batch)
        ends = np.cumsum([len(tensor) for tensor in parts[0]])[:-1]
        split = [np.split(result, ends) for result in results]
        return [
            pb_utils.InferenceResponse([pb_utils.Tensor(name, of_all[i]) for name, of_all in zip(self.outputs, split, strict=True)])
            for i in range(len(requests))
        ]


def openvino(graph, outputs, threads, precision):
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": precision}
    settings["CPU_RUNTIME_CACHE_CAPACITY"] = KERNELS
    compiled = core.compile_model(core.read_model(graph), "CPU", settings)
    request = compiled.create_infer_request()
    wanted = [compiled.output(name) for name in outputs]

    def run(batch):
        results = request.infer(batch, share_inputs=True)
        return [results[output] for output in wanted]

    return run


def onnxruntime(graph, outputs, threads, precision):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    return lambda batch: session.run(outputs, batch)


RUNTIMES = {"openvino": openvino, "onnxruntime": onnxruntime}


def check_numpy():
    """tritonserver's python backend hands over empty or wrong tensors with NumPy 2 and says nothing: then the model shall not load."""
    if np.__version__.split(".")[0] != "1" and not getattr(pb_utils, "ANY_NUMPY", False):  # which our own host of models has
        raise RuntimeError(f"the python backend needs NumPy 1, this is {np.__version__}")
