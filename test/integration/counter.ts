/** The model of `engine-process.ts`: it counts. */
export const SERVED_MODEL = 'Counter-8B'
export const LAST_NUMBER = 150

/** What its whole answer is. */
export const COUNTED = Array.from({ length: LAST_NUMBER }, (_, index) => `${index + 1} `).join('')
