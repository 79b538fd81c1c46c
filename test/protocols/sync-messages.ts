import type { SyncMessage } from '../../src/protocols/sync/index.ts'

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill)

/** One of each kind, every field set somewhere. */
export const syncMessages: SyncMessage[] = [
  { type: 'root', hash: bytes(16, 1), answer: true },
  { type: 'root', hash: bytes(16, 2), answer: false },
  {
    type: 'ranges',
    ranges: [
      { from: '', to: 'm-0123456789abcdef-7', count: 3, hash: bytes(16, 3) },
      { from: 'm-0123456789abcdef-7', to: null, count: 0, hash: bytes(16, 4) }
    ]
  },
  {
    type: 'list',
    from: '',
    to: null,
    documents: [
      { id: 'c-0123456789abcdef', head: bytes(16, 5) },
      { id: 'm-0123456789abcdef-1~2', head: bytes(16, 6) }
    ]
  },
  {
    type: 'states',
    documents: [
      { id: 'm-0123456789abcdef-1', vector: bytes(9, 1), structure: bytes(32, 7), content: bytes(32, 8) },
      { id: 'm-0123456789abcdef-2', vector: bytes(0, 0), structure: bytes(0, 0), content: bytes(0, 0) }
    ],
    answer: true
  },
  { type: 'update', document: 'm-0123456789abcdef-1', update: bytes(40, 9) },
  { type: 'turn' }
]
