# The CPU image with Dask, for the scheduler and the workers of a cluster: docs/cluster.md.
#   docker build -f docker/cluster.Dockerfile -t model_cv4a_crop_detection:1-cluster .
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS dask
WORKDIR /build
COPY constraints.txt ./
RUN --mount=type=secret,id=pip_conf,required=false --mount=type=secret,id=ca_bundle,required=false \
    if [ -s /run/secrets/pip_conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip_conf; fi; \
    python3 -m pip install --no-cache-dir --disable-pip-version-check --only-binary :all: --target /opt/dask -c constraints.txt distributed

FROM model_cv4a_crop_detection:1
COPY --from=dask /opt/dask /opt/dask
ENV PYTHONPATH=/opt/dask
ENTRYPOINT ["python", "-m"]
CMD ["distributed.cli.dask_scheduler"]
