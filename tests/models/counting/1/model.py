"""Counts 1, 2, 3 ... `last`, each after `seconds`; one counting at a time. Cancelled, it ends, and leaves a file
`cancelled` beside this one."""

import time
from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            last = int(pb_utils.get_input_tensor_by_name(request, "last").as_numpy()[0])
            seconds = float(pb_utils.get_input_tensor_by_name(request, "seconds").as_numpy()[0])
            sender = request.get_response_sender()
            for n in range(1, last + 1):
                if sender.is_cancelled():
                    Path(__file__).with_name("cancelled").touch()
                    break
                time.sleep(seconds)
                sender.send(pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor("n", np.array([n], np.int64))]))
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
