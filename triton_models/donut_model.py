"""`model.py` of `donut`: asks `donut_encoder` and `donut_decoder` of the same server, and sends each token as it comes."""

from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb_utils
from greedy import Unfinished, Vocabulary, generate


class TritonPythonModel:
    def initialize(self, args):
        self.vocabulary = Vocabulary.load(Path(args["model_repository"], args["model_version"], "vocabulary.json"))

    def execute(self, requests):
        for request in requests:
            sender = request.get_response_sender()
            page = pb_utils.get_input_tensor_by_name(request, "pixel_values").as_numpy()
            try:
                for token in generate(encode, step, page, self.vocabulary):
                    if sender.is_cancelled():
                        break
                    sender.send(pb_utils.InferenceResponse(tensors_of(token)))
            except (pb_utils.TritonModelException, Unfinished) as exc:
                sender.send(pb_utils.InferenceResponse(error=pb_utils.TritonError(str(exc))))
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)


def tensors_of(token):
    return [
        pb_utils.Tensor("token", np.array([token.id], np.int64)),
        pb_utils.Tensor("text", np.array([token.text.encode()], np.object_)),
        pb_utils.Tensor("probability", np.array([token.probability], np.float32)),
    ]


def encode(pixel_values):
    (cross,) = ask("donut_encoder", ("cross",), pixel_values=pixel_values)
    return cross


def step(input_ids, past, cross):
    return ask("donut_decoder", ("logits", "present"), input_ids=input_ids, past=past, cross=cross)


def ask(model, outputs, **tensors):
    inputs = [pb_utils.Tensor(name, tensor) for name, tensor in tensors.items()]
    response = pb_utils.InferenceRequest(model_name=model, requested_output_names=list(outputs), inputs=inputs).exec()
    if response.has_error():
        raise pb_utils.TritonModelException(f"{model}: {response.error().message()}")
    return [pb_utils.get_output_tensor_by_name(response, name).as_numpy() for name in outputs]
