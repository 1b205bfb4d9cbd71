#!/usr/bin/env bash
# Builds the TensorRT engines of a model repository, on the GPU that will run them, inside the pinned Triton or TensorRT container:
#
#   docker run --rm --gpus all -v "$PWD:/work" -w /work IMAGE training/tensorrt/build_engines.sh triton_models [MODEL...]
#
# Of each model with a configs/profiles.json, in each of its versions: constants folded, the graph brought to half precision by ModelOpt
# AutoCast (TensorRT 11 knows no precision flags: what the graph says is what is computed), an engine for the profiles' shapes, and a
# comparison with ONNX Runtime at each of these shapes. `PRECISION=fp32` leaves the graph as it is, `bf16` uses bfloat16.
# An engine serves the GPU model, driver and TensorRT it was built with: build again when one of them changes.
set -euo pipefail

repository=${1:?usage: build_engines.sh REPOSITORY [MODEL...]}
shift
precision=${PRECISION:-fp16}
tolerance=${TOLERANCE:-0.05} # of the greatest absolute difference, for fp16; labels and tokens are checked by `python -m training.parity`
here=$(dirname "$(readlink -f "$0")")

for tool in trtexec python3; do
  command -v "$tool" > /dev/null || { echo "build_engines: no $tool: this runs inside the container" >&2; exit 2; }
done
python3 -c 'import polygraphy, onnx_graphsurgeon' 2> /dev/null || pip install --quiet polygraphy onnx-graphsurgeon
if [ "$precision" != fp32 ]; then
  python3 -c 'import modelopt.onnx.autocast' 2> /dev/null || pip install --quiet 'nvidia-modelopt[onnx]'
fi

if [ $# = 0 ]; then
  for profiles in "$repository"/*/configs/profiles.json; do
    set -- "$@" "$(basename "$(dirname "$(dirname "$profiles")")")"
  done
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for model in "$@"; do
  profiles=$repository/$model/configs/profiles.json
  for graph in "$repository/$model"/[0-9]*/model.onnx; do
    plan=$(dirname "$graph")/model.plan
    echo "== $graph ($precision)"
    polygraphy surgeon sanitize "$graph" --fold-constants --cleanup --output "$work/folded.onnx"
    if [ "$precision" = fp32 ]; then
      cp "$work/folded.onnx" "$work/typed.onnx"
    else
      # Inputs and outputs stay in single precision: the client and the other models of `donut` cannot tell CPU from GPU.
      python3 -m modelopt.onnx.autocast --onnx_path "$work/folded.onnx" --output_path "$work/typed.onnx" \
        --low_precision_type "$precision" --keep_io_types
    fi
    mapfile -t shapes < <(python3 "$here/shapes.py" "$profiles")
    trtexec --onnx="$work/typed.onnx" --saveEngine="$work/model.plan" --skipInference "${shapes[@]}"
    for kind in min opt max; do
      mapfile -t inputs < <(python3 "$here/shapes.py" "$profiles" "$kind")
      polygraphy run "$work/typed.onnx" --trt --onnxrt --load-engine "$work/model.plan" \
        --input-shapes "${inputs[@]}" --atol "$tolerance" --rtol "$tolerance" --validate
    done
    mv "$work/model.plan" "$plan" # only an engine that agrees is left beside the graph
    echo "== $plan"
  done
done
