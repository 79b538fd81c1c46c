/**
 * Homes of one mesh, made before their devices start: the first one starts the mesh and admits the others. It is what
 * pairing leaves on the disk, written by the product's own code in a few milliseconds.
 */
import { existsSync } from 'node:fs'
import { privateKeyFromRaw, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { openDatabase } from '../../src/node/database.ts'
import { makePrivateDirectory, replaceFile } from '../../src/node/files.ts'
import { loadIdentity, type Identity } from '../../src/node/identity.ts'
import { newSeed, signerOf, verifySignature } from '../../src/node/membership/keys.ts'
import { OwnRoster } from '../../src/node/membership/own-roster.ts'
import { pathsOf } from '../../src/node/paths.ts'
import { meshStore } from '../../src/node/stores.ts'
import { encodeAdmission, Roster, type Signer } from '../../src/trust/index.ts'

export class HomesOfMesh {
  #founder: { signer: Signer; roster: Roster } | undefined
  /** Records that were brought to a home. */
  readonly #brought = new Map<string, number>()

  /** Makes a device of this home and a member of the device. A home that has an identity keeps it. */
  admit(home: string, name: string): void {
    const { signer, box } = identityOf(home)
    if (this.#founder === undefined) {
      this.#founder = { signer, roster: begin(home, name) }
      this.brought(home)
    } else {
      const { signer: founder, roster } = this.#founder
      if (!roster.state.members.has(signer.key)) roster.admit(founder, { device: signer.key, box, name })
      this.bring(home)
    }
  }

  /** Who is a member by now, for a home whose device does not run. */
  bring(home: string): void {
    const { roster } = this.#present()
    withRoster(home, (own) => {
      own.adopt(roster.mesh, roster.records())
    })
    this.brought(home)
  }

  knowsAll(home: string): boolean {
    return this.#brought.get(home) === this.#present().roster.hashes().length
  }

  brought(home: string): void {
    this.#brought.set(home, this.#present().roster.hashes().length)
  }

  /** Who is a member by now, for a device that runs. */
  admission(): Uint8Array {
    const { roster } = this.#present()
    return encodeAdmission({ mesh: roster.mesh, device: null, records: roster.records() })
  }

  #present(): { signer: Signer; roster: Roster } {
    if (this.#founder === undefined) throw new Error('no home has started a mesh')
    return this.#founder
  }
}

/** The device of a home, which becomes one here. Like `loadOrCreateIdentity`, but at once. */
export function identityOf(home: string): Identity {
  const paths = pathsOf(home, {})
  if (!existsSync(paths.privateKey)) {
    const seed = newSeed('ed25519')
    // libp2p's raw private key is the seed and the public key.
    const raw = Buffer.concat([seed, Buffer.from(signerOf(seed).key, 'hex')])
    makePrivateDirectory(paths.identity)
    replaceFile(paths.privateKey, privateKeyToProtobuf(privateKeyFromRaw(raw)))
  }
  const identity = loadIdentity(paths)
  if (identity === null) throw new Error(`no identity was made in ${home}`)
  return identity
}

/** The roster of a home whose device does not run. */
export function withRoster<T>(home: string, use: (own: OwnRoster) => T): T {
  const paths = pathsOf(home, {})
  const identity = identityOf(home)
  const database = openDatabase(paths)
  try {
    const warn = (message: string): void => {
      throw new Error(message)
    }
    return use(new OwnRoster({ identity, paths, store: meshStore(database), changed: () => undefined, warn }))
  } finally {
    database.close()
  }
}

/** The roster of a mesh that this home starts, apart from the home's own. */
function begin(home: string, name: string): Roster {
  return withRoster(home, (own) => {
    own.start(name)
    return Roster.from({ verify: verifySignature, records: own.records() })
  })
}
