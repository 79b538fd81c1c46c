#!/usr/bin/env python3
"""Makes a model of random weights for the benchmarks: `make-model.py FOLDER WIDTH`; needs numpy and onnx. With a width
of 384 it has 13 million, with 768 it has 50.

It says nothing, and takes as long as one that does: the graph of the test model `plain` (fp32, Concat cache, positions),
wider and deeper, with its tokenizer.
"""
import importlib.util
import os
import sys

maker = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'test', 'fixtures', 'models', 'make.py')
spec = importlib.util.spec_from_file_location('make', maker)
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)

folder, width = os.path.abspath(sys.argv[1]), int(sys.argv[2])
make.HIDDEN, make.LAYERS, make.HEADS, make.KV_HEADS, make.HEAD_SIZE = width, 8, width // 64, width // 192, 64
make.INNER = width * 8 // 3
make.CONTEXT = 2048
tokenizer = make.byte_level_tokenizer()
weights = make.random_weights(3, len(tokenizer['model']['vocab']), 2.0)
# An absolute path stands for itself when it is joined to that of the maker.
make.folder(folder, tokenizer, weights, layers=make.LAYERS)
