import assert from 'node:assert/strict'
import { questionWords } from '../../../src/node/memories/question-words.ts'

describe('the words by which memories for a question are searched', () => {
  const cases: [question: string, words: string[]][] = [
    ['What is the name of my dog?', ['name', 'dog']],
    ['Wie heißt der Hund von Ann?', ['heißt', 'Hund', 'Ann']],
    ['Où est la clé du vélo ?', ['clé', 'vélo']],
    ['And how is she?', []],
    ['Hello!', []],
    ['', []],
    ['What is 7 times 8?', ['times']],
    ['Room 42', ['Room', '42']],
    ['我的狗叫什么', ['我的狗叫什么']],
    ['dog dog dog', ['dog']]
  ]
  for (const [question, words] of cases) {
    it(`are ${words.length === 0 ? 'none' : words.join(', ')} for “${question}”`, () => {
      const found = questionWords(question)
      assert.deepEqual(found, words)
    })
  }

  it('are no more than a search takes', () => {
    const long = Array.from({ length: 5000 }, (_, count) => `word${count}`).join(' ')
    assert.equal(questionWords(long).length, 32)
  })
})
