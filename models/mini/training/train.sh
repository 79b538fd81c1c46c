#!/bin/sh
# Makes mini again from nothing: tokenizer, four stages of training, ONNX file. One core, a bit over an hour.
#
#   models/mini/training/train.sh [MINUTES]      MINUTES of training, 60 if not given
#
# Needs Debian's python3-torch, python3-onnx and python3-numpy. PYTHON names another interpreter.
set -eu

training=$(dirname "$0")
mini=$training/..
build=$mini/build
python=${PYTHON:-/usr/bin/python3}

# One thread that sleeps while it waits: on a shared machine, two that spin are five times slower.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE

"$python" "$training/tokenizer.py" "$build/tokenizer.json"
"$python" "$training/train.py" "$build" --minutes "${1:-60}"
"$python" "$training/export.py" "$build" "$mini"
echo 'Now measure it: node models/mini/evaluate.mjs'
