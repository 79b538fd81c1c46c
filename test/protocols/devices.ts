import type { Capability } from '../../src/interface.ts'

export const desktop: Capability = {
  name: 'desktop',
  instance: '0011223344556677',
  version: '0.1.0',
  sequence: 3,
  answering: 'yes',
  models: [
    {
      name: 'qwen3-4b',
      hash: 'b2'.repeat(32),
      parameters: 4_022_468_096,
      quantization: 'q4f16',
      contextLength: 40_960,
      builtIn: false,
      prefillRate: 900.5,
      decodeRate: 41.2,
      loadMs: 4200.5,
      chosen: true
    },
    {
      name: 'served:8b',
      hash: 'e5'.repeat(32),
      parameters: 8e9,
      quantization: 'Q4_K_M',
      contextLength: 4096,
      builtIn: false,
      prefillRate: 250,
      decodeRate: 25,
      startsOnly: true
    },
    {
      name: 'mini',
      hash: 'c3'.repeat(32),
      parameters: null,
      quantization: null,
      contextLength: 512,
      builtIn: true,
      prefillRate: 9000,
      decodeRate: 640
    }
  ],
  queue: 2,
  hardware: 'NVIDIA RTX 3060',
  addresses: ['/ip4/192.168.1.10/tcp/6373'],
  roster: 'd4'.repeat(32)
}

export const laptop: Capability = {
  ...desktop,
  name: 'laptop',
  models: [],
  hardware: null,
  answering: 'no',
  roster: null
}
