# One image predicts on the CPU, the other on an NVIDIA GPU; docker-compose.yml chooses by these arguments.
#   BASE_IMAGE  has Python 3.11 or later, or apt to install it
#   RUNTIME     the ONNX Runtime wheel: onnxruntime, or onnxruntime-gpu (its CUDA major version is that of the base)
#   FAST        openvino adds bf16 on CPUs; empty leaves it out
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS python
SHELL ["/bin/sh", "-euc"]
# CUDA images come without Python; where it is there, nothing is installed.
# hadolint ignore=DL3008
RUN if ! command -v python3 >/dev/null; then \
      apt-get update -qq; \
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3; \
      rm -rf /var/lib/apt/lists/*; \
    fi


FROM python AS build
# hadolint ignore=DL3008
RUN apt-get update -qq; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends binutils; \
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then \
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv; \
    fi; \
    rm -rf /var/lib/apt/lists/*; \
    python3 -m venv /opt/venv
WORKDIR /build
ARG RUNTIME=onnxruntime
ARG FAST=openvino
# What the package needs, before the package itself: a change of our code leaves this layer in the cache.
COPY pyproject.toml constraints.txt docker/requirements.py ./
RUN --mount=type=secret,id=pip_conf,required=false --mount=type=secret,id=ca_bundle,required=false \
    if [ -s /run/secrets/pip_conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip_conf; fi; \
    RUNTIME="${RUNTIME}" FAST="${FAST}" /opt/venv/bin/python requirements.py > requirements.txt; \
    /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --only-binary :all: \
      -c constraints.txt -r requirements.txt hatchling; \
    /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --only-binary :all: \
      --target tools -c constraints.txt cyclonedx-python-lib
COPY README.md LICENSE ./
COPY src src
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps --no-build-isolation .
COPY docker/slim.sh docker/packages.py docker/sbom.py ./
COPY --from=python /var/lib/dpkg/status dpkg-status
RUN ./slim.sh /opt/venv; \
    /opt/venv/bin/python packages.py /opt/venv > /opt/venv/packages.txt; \
    PYTHONPATH=tools /opt/venv/bin/python sbom.py /opt/venv dpkg-status > sbom.cdx.json


FROM python AS runtime
ARG VERSION=0.2.0
LABEL org.opencontainers.image.title="model-cv4a-crop-detection-v1" \
      org.opencontainers.image.description="The crop of every field from a season of satellite images" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.authors="the cropdetect authors" \
      org.opencontainers.image.documentation="/opt/venv/packages.txt lists the Python packages and their sizes" \
      org.cyclonedx.sbom="/usr/share/doc/cropdetect/sbom.cdx.json"
COPY --from=build /opt/venv /opt/venv
COPY --from=build /build/sbom.cdx.json /usr/share/doc/cropdetect/
COPY docker/predict.sh /usr/local/bin/predict
# The root filesystem is read-only when it runs: what libraries keep goes to /tmp.
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/cache \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
STOPSIGNAL SIGINT
ENTRYPOINT ["predict"]
