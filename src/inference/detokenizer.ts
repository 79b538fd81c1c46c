import { UnsupportedTokenizerError } from './unsupported.ts'

/**
 * Turns token ids into text as they come, and never shows half a character: bytes of an unfinished one wait for the
 * next token. All texts joined are what decoding every id at once would give; bytes that are no UTF-8 become U+FFFD, as
 * the WHATWG decoder does it.
 */
export interface Detokenizer {
  /** The text that these ids complete; may be empty. */
  push(ids: readonly number[]): string
  /** What is left of an unfinished character (U+FFFD), when no more ids will come. */
  flush(): string
}

/** How one tokenizer's ids become bytes; made once for a model. */
export interface TokenBytes {
  /** Bytes of one token; none for a special token or an unknown id. */
  bytes: (id: number) => Uint8Array
  /** SentencePiece puts a space before the first word, and the decoder takes it away again. */
  dropsFirstSpace: boolean
}

/** The parts of `tokenizer.json` that decoding needs. */
export interface DecodingParts {
  decoder: DecoderConfig | null
  token: (id: number) => string | undefined
  /** Ids that are never shown. */
  special: ReadonlySet<number>
  /** Ids whose token is plain text, outside of the decoder's alphabet. */
  added: ReadonlySet<number>
}

export interface DecoderConfig {
  type: string
  decoders?: DecoderConfig[]
  pattern?: { String?: string; Regex?: string }
  content?: string
  start?: number
  stop?: number
  replacement?: string
}

const SPACE = 0x20
const NOTHING = new Uint8Array(0)

export function detokenizer({ bytes, dropsFirstSpace }: TokenBytes, { atStart = true } = {}): Detokenizer {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let beginning = atStart && dropsFirstSpace
  return {
    push(ids) {
      let text = ''
      for (const id of ids) {
        let next = bytes(id)
        if (next.length === 0) continue
        if (beginning && next[0] === SPACE) next = next.subarray(1)
        beginning = false
        text += decoder.decode(next, { stream: true })
      }
      return text
    },
    flush: () => decoder.decode()
  }
}

/**
 * Reads how this tokenizer decodes: byte-level BPE (GPT-2 and its kin), or pieces with byte fallback (SentencePiece).
 * @throws {UnsupportedTokenizerError} for other ways, which no decoder-only chat model known to us uses
 */
export function tokenBytes({ decoder, token, special, added }: DecodingParts): TokenBytes {
  const { steps, replacements, dropsFirstSpace } = decodingSteps(decoder)
  const encoder = new TextEncoder()
  const byteLevel = steps.some(({ type }) => type === 'ByteLevel')
  const hasByteFallback = steps.some(({ type }) => type === 'ByteFallback')
  const known = new Map<number, Uint8Array>()
  const make = (id: number): Uint8Array => {
    const piece = token(id)
    if (piece === undefined || special.has(id)) return NOTHING
    if (byteLevel) return added.has(id) ? encoder.encode(piece) : byteLevelBytes(piece)
    const byte = hasByteFallback ? /^<0x([0-9A-Fa-f]{2})>$/.exec(piece)?.[1] : undefined
    if (byte !== undefined) return Uint8Array.of(parseInt(byte, 16))
    return encoder.encode(replacements.reduce((text, { from, to }) => text.replaceAll(from, to), piece))
  }
  return {
    dropsFirstSpace,
    bytes: (id) => {
      let made = known.get(id)
      if (made === undefined) known.set(id, (made = make(id)))
      return made
    }
  }
}

/**
 * The steps of a decoder, as far as they are known here.
 * @throws {UnsupportedTokenizerError}
 */
export function decodingSteps(decoder: DecoderConfig | null): {
  steps: DecoderConfig[]
  replacements: { from: string; to: string }[]
  dropsFirstSpace: boolean
} {
  const steps = flatten(decoder)
  const replacements: { from: string; to: string }[] = []
  let dropsFirstSpace = false
  for (const step of steps) {
    if (step.type === 'Replace' && step.pattern?.String !== undefined) {
      replacements.push({ from: step.pattern.String, to: step.content ?? '' })
    } else if (step.type === 'Metaspace') {
      replacements.push({ from: step.replacement ?? '▁', to: ' ' })
      dropsFirstSpace = true
    } else if (step.type === 'Strip' && step.content === ' ' && (step.stop ?? 0) === 0) {
      dropsFirstSpace = (step.start ?? 0) > 0
    } else if (!['ByteLevel', 'ByteFallback', 'Fuse'].includes(step.type)) {
      throw new UnsupportedTokenizerError(`decoder ${step.type}`)
    }
  }
  if (steps.length === 0) throw new UnsupportedTokenizerError('no decoder')
  return { steps, replacements, dropsFirstSpace }
}

function flatten(decoder: DecoderConfig | null | undefined): DecoderConfig[] {
  if (decoder == null) return []
  return decoder.type === 'Sequence' ? (decoder.decoders ?? []).flatMap(flatten) : [decoder]
}

/** GPT-2's letters for the 256 bytes (openai/gpt-2, `encoder.py`, `bytes_to_unicode`), the other way round. */
const BYTE_OF_LETTER: ReadonlyMap<string, number> = (() => {
  const letters = new Map<string, number>()
  let hidden = 0
  for (let byte = 0; byte < 256; byte++) {
    const shown = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    letters.set(String.fromCodePoint(shown ? byte : 256 + hidden++), byte)
  }
  return letters
})()

function byteLevelBytes(piece: string): Uint8Array {
  // A letter outside of the alphabet cannot come from a byte-level vocabulary; it decodes as a zero byte, as in
  // @huggingface/tokenizers.
  return Uint8Array.from(Array.from(piece, (letter) => BYTE_OF_LETTER.get(letter) ?? 0))
}
