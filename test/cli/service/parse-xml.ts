import assert from 'node:assert/strict'

export interface Element {
  name: string
  children: Element[]
  /** What stands in it beside its children. */
  text: string
}

/** Reads a small XML document strictly. @throws where it is not well-formed */
export function parseXml(document: string): Element {
  const root: Element = { name: '', children: [], text: '' }
  const open = [root]
  const token = /<\?[^]*?\?>|<!--[^]*?-->|<!DOCTYPE[^>]*>|<(\/?)([A-Za-z]\w*)((?:\s+\w+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
  let at = 0
  for (const match of document.matchAll(token)) {
    assert.equal(match.index, at, `at ${at}: ${document.slice(at, at + 40)}`)
    at += match[0].length
    const [, closes, name, , empty, text] = match
    const top = open.at(-1)!
    if (text !== undefined) top.text += plain(text)
    else if (closes === '/') assert.equal(open.pop()!.name, name)
    else if (name !== undefined) {
      const element: Element = { name, children: [], text: '' }
      top.children.push(element)
      if (empty !== '/') open.push(element)
    }
  }
  assert.equal(at, document.length, `at ${at}: ${document.slice(at, at + 40)}`)
  assert.deepEqual(open, [root])
  assert.equal(root.children.length, 1)
  return root.children[0]!
}

function plain(text: string): string {
  assert.doesNotMatch(text, /&(?!(amp|lt|gt|quot);)/)
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}
