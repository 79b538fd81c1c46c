/** A model of the hub that is known to be in the layout, free to take, and of an architecture that is run here. */
export interface KnownModel {
  /** `OWNER/NAME` */
  repository: string
  parameters: number
  license: string
  /** Bytes of the tokenizer and what else comes with any variant, roughly. */
  beside: number
  /** Bytes of graph and weights, as the hub's pages show them: three digits. */
  variants: readonly { quantization: string; bytes: number }[]
}

/**
 * Chosen by size, so that there is one for a Raspberry Pi and one for a desktop: the best-known instruction models in
 * each size with ONNX files of their makers or of onnx-community, none of them gated. Larger ones are for other engines.
 */
export const CATALOGUE: readonly KnownModel[] = [
  {
    repository: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    parameters: 135e6,
    license: 'apache-2.0',
    beside: 2e6,
    variants: [
      { quantization: 'q4', bytes: 200e6 },
      { quantization: 'q4f16', bytes: 134e6 },
      { quantization: 'fp16', bytes: 327e6 },
      { quantization: 'fp32', bytes: 654e6 }
    ]
  },
  {
    repository: 'HuggingFaceTB/SmolLM2-360M-Instruct',
    parameters: 362e6,
    license: 'apache-2.0',
    beside: 2e6,
    variants: [
      { quantization: 'q4', bytes: 417e6 },
      { quantization: 'q4f16', bytes: 299e6 },
      { quantization: 'fp16', bytes: 819e6 },
      { quantization: 'fp32', bytes: 1.64e9 }
    ]
  },
  {
    repository: 'onnx-community/Qwen2.5-0.5B-Instruct',
    parameters: 494e6,
    license: 'apache-2.0',
    beside: 7e6,
    variants: [
      { quantization: 'q4', bytes: 786e6 },
      { quantization: 'q4f16', bytes: 483e6 },
      { quantization: 'q8', bytes: 512e6 },
      { quantization: 'fp16', bytes: 997e6 },
      { quantization: 'fp32', bytes: 1.99e9 }
    ]
  },
  {
    repository: 'onnx-community/Llama-3.2-1B-Instruct',
    parameters: 1.24e9,
    license: 'llama3.2',
    beside: 9e6,
    variants: [
      { quantization: 'q4', bytes: 1.66e9 },
      { quantization: 'q4f16', bytes: 1.07e9 },
      { quantization: 'q8', bytes: 1.24e9 },
      { quantization: 'fp16', bytes: 2.47e9 },
      { quantization: 'fp32', bytes: 4.94e9 }
    ]
  },
  {
    repository: 'HuggingFaceTB/SmolLM2-1.7B-Instruct',
    parameters: 1.71e9,
    license: 'apache-2.0',
    beside: 2e6,
    variants: [
      { quantization: 'q4', bytes: 1.41e9 },
      { quantization: 'q4f16', bytes: 1.11e9 },
      { quantization: 'q8', bytes: 1.71e9 },
      { quantization: 'fp16', bytes: 3.43e9 },
      { quantization: 'fp32', bytes: 6.85e9 }
    ]
  },
  {
    repository: 'onnx-community/Qwen3-4B-Instruct-2507-ONNX',
    parameters: 4.02e9,
    license: 'apache-2.0',
    beside: 9e6,
    variants: [{ quantization: 'q4f16', bytes: 2.89e9 }]
  }
]
