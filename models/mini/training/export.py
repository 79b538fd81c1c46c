"""Writes the trained model in the layout of a Hugging Face repository: `python3 export.py BUILD_FOLDER TARGET`.

The ONNX graph is built by hand from onnxruntime's fused operators (GroupQueryAttention, MatMulNBits and
SkipSimplifiedLayerNormalization of the domain com.microsoft), which run about three times as fast here as an export by
torch, and hold the weights in 8 bits.
"""

import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from chat import TEMPLATE
from model import Mini, Shape, rotary_tables
from tokenizer import END_OF_TEXT, SPECIAL, TURN_END, TURN_START, Tokenizer

BITS = 8
BLOCK = 32
"""Weights that share one scale. MatMulNBits takes powers of two from 16."""
MAX_NEW_TOKENS = 64


def quantise(weight):
    """weight [out, in] -> (codes uint8 [out, blocks, BLOCK], scales float32 [out * blocks]), zero point 128.

    The scale is signed so that the largest value of a block is met exactly.
    """
    rows, columns = weight.shape
    blocks = -(-columns // BLOCK)
    padded = np.zeros((rows, blocks * BLOCK), np.float32)
    padded[:, :columns] = weight
    padded = padded.reshape(rows, blocks, BLOCK)
    largest = np.take_along_axis(padded, np.abs(padded).argmax(-1)[..., None], -1)
    zero = 1 << (BITS - 1)
    scales = np.where(largest == 0, 1, largest / -zero)
    codes = np.clip(np.round(padded / scales) + zero, 0, (1 << BITS) - 1).astype(np.uint8)
    return codes, scales[..., 0].reshape(-1).astype(np.float32)


class Graph:
    """A list of nodes and weights; each method adds one operation and returns the name of its output."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def constant(self, name, values):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator, inputs, outputs, domain='', **attributes):
        self.nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def fused(self, operator, inputs, outputs, **attributes):
        return self.add(operator, inputs, outputs, 'com.microsoft', **attributes)

    def matrix(self, x, weight, name, output):
        codes, scales = quantise(weight)
        inputs = [x, self.constant(f'{name}.codes', codes), self.constant(f'{name}.scales', scales)]
        size = {'N': weight.shape[0], 'K': weight.shape[1], 'bits': BITS, 'block_size': BLOCK, 'accuracy_level': 4}
        return self.fused('MatMulNBits', inputs, [output], **size)

    def add_and_norm(self, skip, x, weight, name, epsilon, keep_sum=True):
        """(norm(skip + x), skip + x)"""
        outputs = [f'{name}.normed', '', '', f'{name}.sum'] if keep_sum else [f'{name}.normed']
        self.fused('SkipSimplifiedLayerNormalization', [skip, x, self.constant(f'{name}.weight', weight)], outputs, epsilon=epsilon)
        return outputs[0], outputs[-1]


def lengths(graph):
    """The two int32 inputs of GroupQueryAttention from the attention mask: last position a row, and the longest."""
    axis = graph.constant('axis_1', np.array([1], np.int64))
    one = graph.constant('one', np.array([1], np.int64))
    index = graph.constant('index_1', np.array(1, np.int64))
    graph.add('ReduceSum', ['attention_mask', axis], ['mask_sum'], keepdims=0)
    graph.add('Sub', ['mask_sum', one], ['last_position'])
    graph.add('Cast', ['last_position'], ['sequence_ends'], to=TensorProto.INT32)
    graph.add('Shape', ['attention_mask'], ['mask_shape'])
    graph.add('Gather', ['mask_shape', index], ['mask_length'], axis=0)
    graph.add('Cast', ['mask_length'], ['total_length'], to=TensorProto.INT32)
    return 'sequence_ends', 'total_length'


def block(graph, number, x, skip, state, shape, rotary, ends):
    """One block. x is the normed input, skip the sum so far; gives the same two after the block."""
    name, weights = f'block.{number}', {key: state[f'blocks.{number}.{key}.weight'] for key in ('qkv', 'out', 'feed_norm', 'gate_up', 'down')}
    qkv = graph.matrix(x, weights['qkv'], f'{name}.qkv', f'{name}.qkv_out')
    past = [f'past_key_values.{number}.key', f'past_key_values.{number}.value']
    present = [f'present.{number}.key', f'present.{number}.value']
    attended = graph.fused(
        'GroupQueryAttention', [qkv, '', '', *past, *ends, *rotary], [f'{name}.attended', *present],
        num_heads=shape.heads, kv_num_heads=shape.kv_heads, do_rotary=1, rotary_interleaved=0, scale=1 / math.sqrt(shape.head_size),
    )  # fmt: skip
    projected = graph.matrix(attended, weights['out'], f'{name}.out', f'{name}.out_out')
    x, skip = graph.add_and_norm(skip, projected, weights['feed_norm'], f'{name}.feed_norm', shape.norm_epsilon)
    gate_weight, up_weight = np.split(weights['gate_up'], 2)
    gate = graph.matrix(x, gate_weight, f'{name}.gate', f'{name}.gate_out')
    up = graph.matrix(x, up_weight, f'{name}.up', f'{name}.up_out')
    graph.add('Sigmoid', [gate], [f'{name}.sigmoid'])
    graph.add('Mul', [gate, f'{name}.sigmoid'], [f'{name}.silu'])
    graph.add('Mul', [f'{name}.silu', up], [f'{name}.gated'])
    fed = graph.matrix(f'{name}.gated', weights['down'], f'{name}.down', f'{name}.down_out')
    last = number == shape.layers - 1
    following = state['final_norm.weight'] if last else state[f'blocks.{number + 1}.attention_norm.weight']
    return graph.add_and_norm(skip, fed, following, f'{name}.next_norm', shape.norm_epsilon, keep_sum=not last)


def build_graph(state, shape):
    """state: {name: numpy array} of `model.Mini`. Inputs and outputs are named as Hugging Face names them."""
    graph = Graph()
    ends = lengths(graph)
    embedding = state['embedding.weight']
    graph.add('Gather', [graph.constant('embedding', embedding.astype(np.float16)), 'input_ids'], ['embedded_half'])
    skip = graph.add('Cast', ['embedded_half'], ['embedded'], to=TensorProto.FLOAT)
    cos, sin = rotary_tables(shape)
    rotary = (graph.constant('rotary_cos', cos.numpy()), graph.constant('rotary_sin', sin.numpy()))
    first_norm = graph.constant('first_norm.weight', state['blocks.0.attention_norm.weight'])
    x = graph.add('SimplifiedLayerNormalization', [skip, first_norm], ['first_norm'], axis=-1, epsilon=shape.norm_epsilon, stash_type=1)
    for number in range(shape.layers):
        x, skip = block(graph, number, x, skip, state, shape, rotary, ends)
    graph.matrix(x, embedding, 'head', 'logits')
    return graph


def tensor(name, kind, *sizes):
    return helper.make_tensor_value_info(name, kind, sizes)


def onnx_model(state, shape):
    graph = build_graph(state, shape)
    inputs = [
        tensor('input_ids', TensorProto.INT64, 'batch_size', 'sequence_length'),
        tensor('attention_mask', TensorProto.INT64, 'batch_size', 'total_sequence_length'),
    ]
    outputs = [tensor('logits', TensorProto.FLOAT, 'batch_size', 'sequence_length', shape.vocabulary)]
    for number in range(shape.layers):
        for kind in ('key', 'value'):
            cache = ('batch_size', shape.kv_heads)
            inputs.append(tensor(f'past_key_values.{number}.{kind}', TensorProto.FLOAT, *cache, 'past_sequence_length', shape.head_size))
            outputs.append(tensor(f'present.{number}.{kind}', TensorProto.FLOAT, *cache, 'total_sequence_length', shape.head_size))
    opsets = [helper.make_opsetid('', 14), helper.make_opsetid('com.microsoft', 1)]
    made = helper.make_model(helper.make_graph(graph.nodes, 'mini', inputs, outputs, graph.weights), opset_imports=opsets, producer_name='mini')
    made.ir_version = 8
    return made


def config(shape, ids):
    return {
        'architectures': ['LlamaForCausalLM'],
        'model_type': 'llama',
        'vocab_size': shape.vocabulary,
        'hidden_size': shape.hidden,
        'intermediate_size': shape.feed,
        'num_hidden_layers': shape.layers,
        'num_attention_heads': shape.heads,
        'num_key_value_heads': shape.kv_heads,
        'head_dim': shape.head_size,
        'hidden_act': 'silu',
        'max_position_embeddings': shape.positions,
        'rms_norm_eps': shape.norm_epsilon,
        'rope_theta': shape.rope_theta,
        'rope_scaling': None,
        'attention_bias': False,
        'attention_dropout': 0.0,
        'mlp_bias': False,
        'tie_word_embeddings': True,
        'initializer_range': 0.02,
        'use_cache': True,
        'torch_dtype': 'float32',
        **ids,
    }


def tokenizer_config(tokenizer, shape):
    def described(token):
        return {'content': token, 'lstrip': False, 'normalized': False, 'rstrip': False, 'single_word': False, 'special': True}

    return {
        'tokenizer_class': 'PreTrainedTokenizerFast',
        'bos_token': TURN_START,
        'eos_token': TURN_END,
        'pad_token': END_OF_TEXT,
        'unk_token': END_OF_TEXT,
        'add_bos_token': False,
        'model_max_length': shape.positions,
        'clean_up_tokenization_spaces': False,
        'added_tokens_decoder': {str(tokenizer.vocabulary[token]): described(token) for token in SPECIAL},
        'chat_template': TEMPLATE,
    }


def write_whole(path, data):
    """Written beside and renamed: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + '.draft')
    draft.write_bytes(data)
    os.replace(draft, path)
    print(f'{path}: {len(data):,} bytes')


def as_json(data, indent=2):
    return (json.dumps(data, indent=indent, ensure_ascii=False) + '\n').encode()


def main(build, target):
    tokenizer = Tokenizer.load(build / 'tokenizer.json')
    shape = Shape(vocabulary=len(tokenizer.vocabulary))
    model = Mini(shape)
    model.load_state_dict(torch.load(build / 'model.pt'))
    state = {name: weight.detach().numpy() for name, weight in model.named_parameters()}
    ids = {
        'bos_token_id': tokenizer.vocabulary[TURN_START],
        'eos_token_id': tokenizer.vocabulary[TURN_END],
        'pad_token_id': tokenizer.vocabulary[END_OF_TEXT],
    }
    made = onnx_model(state, shape)
    write_whole(target / 'onnx/model.onnx', made.SerializeToString())
    write_whole(target / 'config.json', as_json(config(shape, ids)))
    write_whole(target / 'generation_config.json', as_json({**ids, 'do_sample': False, 'max_new_tokens': MAX_NEW_TOKENS}))
    write_whole(target / 'tokenizer.json', as_json(tokenizer.to_json(), indent=None))
    write_whole(target / 'tokenizer_config.json', as_json(tokenizer_config(tokenizer, shape)))


if __name__ == '__main__':
    main(Path(sys.argv[1]), Path(sys.argv[2]))
