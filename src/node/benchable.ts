import { BrokenModelError, InvalidRequestError, UnknownModelError } from '../errors.ts'
import type { ModelInfo, ModelOffer } from '../interface.ts'

/**
 * The model that this device is measured with: the one that was named, else the strongest that it runs itself. Pure.
 *
 * @param offers the strongest first
 * @throws {UnknownModelError} {BrokenModelError} {InvalidRequestError}
 */
export function benchable(models: readonly ModelInfo[], offers: readonly ModelOffer[], name?: string): ModelInfo {
  const own = models.filter(({ engine }) => engine === undefined)
  const names = own.map((model) => model.name).join(', ')
  if (name === undefined) {
    const order = offers.map(({ hash }) => hash)
    const usable = own.filter(({ broken }) => broken === null)
    const found = order.map((hash) => usable.find((model) => model.hash === hash)).find((model) => model !== undefined)
    const any = found ?? usable[0]
    if (any === undefined) throw new UnknownModelError('This device has no model of its own to be measured with.')
    return any
  }
  const found = models.find((model) => model.name === name)
  if (found === undefined) {
    throw new UnknownModelError(`There is no model “${name}” here; there is ${names === '' ? 'none' : names}.`)
  }
  if (found.engine !== undefined) {
    throw new InvalidRequestError(
      `${name} is served by ${found.engine}, which is measured by its real answers: mesh engine ls. Here run ${names}.`
    )
  }
  if (found.broken !== null) throw new BrokenModelError(found.broken)
  return found
}
