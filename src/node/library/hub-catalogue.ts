import { CATALOGUE, chooseVariant, fitOf, memoryFor, type Device } from '../../hub/index.ts'
import type { CatalogueEntry, ModelInfo } from '../../interface.ts'

/** The catalogue as this device sees it. */
export function knownHere(device: Device, models: readonly Pick<ModelInfo, 'name' | 'origin'>[]): CatalogueEntry[] {
  return CATALOGUE.map(({ repository, parameters, license, beside, variants }) => {
    const { variant } = chooseVariant(variants, device)
    return {
      ...{ repository, parameters, license, quantization: variant.quantization },
      bytes: variant.bytes + beside,
      memory: memoryFor(variant.bytes),
      ...fitOf(variant.bytes, device),
      here: models.find(({ origin }) => origin?.repository === repository)?.name ?? null
    }
  })
}
