/** Field numbers of onnx.proto (github.com/onnx/onnx, `onnx/onnx.proto`), by message. */
export const MODEL_GRAPH = 7

export const GRAPH_NODE = 1
export const GRAPH_INITIALIZER = 5
export const GRAPH_INPUT = 11
export const GRAPH_OUTPUT = 12
export const GRAPH_VALUE_INFO = 13

export const NODE_INPUT = 1
export const NODE_OUTPUT = 2
export const NODE_OPERATOR = 4
export const NODE_ATTRIBUTE = 5

export const ATTRIBUTE_NAME = 1
export const ATTRIBUTE_INT = 3
export const ATTRIBUTE_TYPE = 20

export const TENSOR_DIMS = 1
export const TENSOR_TYPE = 2
export const TENSOR_NAME = 8
export const TENSOR_RAW = 9
export const TENSOR_EXTERNAL = 13
export const TENSOR_LOCATION = 14

export const ENTRY_KEY = 1
export const ENTRY_VALUE = 2

export const VALUE_NAME = 1
export const VALUE_TYPE = 2
export const TYPE_TENSOR = 1
export const TENSOR_ELEMENT = 1
export const TENSOR_SHAPE = 2
export const SHAPE_DIMENSION = 1
export const DIMENSION_VALUE = 1

/** `AttributeProto.AttributeType`: one integer. */
export const INT_ATTRIBUTE = 2
/** `TensorProto.DataLocation`: in another file. */
export const EXTERNAL_LOCATION = 1
/** `TensorProto.DataType`. */
export const INT64_TYPE = 7
