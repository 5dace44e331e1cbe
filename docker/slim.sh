#!/bin/sh
# Takes out of a virtual environment what a prediction never loads. Usage: slim.sh VENV
set -eu
venv=$1
cd "$venv"/lib/python3*/site-packages

# Tools of the build.
"$venv/bin/python" -m pip uninstall -q -y hatchling pathspec pluggy tomlkit trove-classifiers setuptools pip 2>/dev/null || true
rm -rf pip pip-*.dist-info setuptools setuptools-*.dist-info pkg_resources _distutils_hack distutils-precedence.pth

# Tests of libraries; numpy.testing needs one file of numpy/_core/tests, so that folder stays.
find . -type d -name tests ! -path './numpy/_core/tests' -prune -exec rm -rf {} +

# What other programs are compiled against.
rm -rf pyarrow/include pyarrow/includes pyarrow/src numpy/_core/include
find . -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.hpp' -o -name '*.h' -o -name '*.a' -o -name '*.lib' \) -delete

# Arrow's network services; file formats, datasets and the local filesystem stay.
rm -f pyarrow/libarrow_flight.so* pyarrow/libarrow_python_flight.so* pyarrow/_flight*.so pyarrow/libarrow_s3.so* pyarrow/_s3fs*.so

# A wheel cannot hold links: the same library lies there under up to three names.
for name in pyarrow/lib*.so pyarrow/lib*.so.*; do
  [ -L "$name" ] && continue
  for other in "$name".*; do
    if [ -f "$other" ] && [ ! -L "$other" ] && cmp -s "$name" "$other"; then ln -sf "${name##*/}" "$other"; fi
  done
done

# Debugging symbols of compiled modules: nine tenths of some.
find . -type f -name '*.so' ! -path '*.libs/*' ! -path './openvino/*' ! -path './onnxruntime/*' -exec strip --strip-debug {} +

# ONNX Runtime's library for programs in C: the module for Python holds all of it.
if ! readelf -d onnxruntime/capi/*.so | grep -q 'NEEDED.*\[libonnxruntime\.so'; then rm -f onnxruntime/capi/libonnxruntime.so*; fi

# ONNX Runtime's tools to make and convert networks.
rm -rf onnxruntime/transformers onnxruntime/quantization onnxruntime/tools onnxruntime/backend onnxruntime/datasets

# OpenVINO: the CPU plugin and the ONNX reader stay.
for part in intel_gpu intel_npu auto hetero auto_batch; do rm -f openvino/libs/libopenvino_"$part"_plugin.so*; done
for part in tensorflow tensorflow_lite pytorch paddle jax; do rm -f openvino/libs/libopenvino_"$part"_frontend.so*; done
rm -rf openvino/tools openvino/libs/cache.json openvino/cmake openvino/include

find "$venv" -type d -name __pycache__ -prune -exec rm -rf {} +
"$venv/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash .
