/** A block of code in a Markdown page. */
export interface DocumentedExample {
  /** The heading that it is below. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
  /** What it must print: the rest of each line after `// →`. */
  readonly prints: string;
}

const BLOCK = /^```(\w+)\n(.*?)^```$/gms;
const HEADING = /^##+ (.*)$/gm;
const OUTPUT = /(?:\/\/|#) → (.*)$/gm;

/** Returns the blocks of the given languages, in order. */
export function documentedExamples(markdown: string, languages: readonly string[]): DocumentedExample[] {
  return Array.from(markdown.matchAll(BLOCK), ({ 1: language = '', 2: text = '', index }) => ({
    heading: Array.from(markdown.slice(0, index).matchAll(HEADING), ([, title = '']) => title).at(-1) ?? '',
    language,
    text,
    prints: Array.from(text.matchAll(OUTPUT), ([, line]) => `${line ?? ''}\n`).join(''),
  })).filter(({ language }) => languages.includes(language));
}
