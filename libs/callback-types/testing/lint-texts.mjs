// Lints texts as if they were files of the workspace, with its own rules but for those that need types; writes no file.
// Takes [{ file, text }] as JSON on standard input, answers [{ ruleId, message }[]] as JSON.
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const cwd = fileURLToPath(new URL('../../../', import.meta.url));
const eslint = new ESLint({ cwd, overrideConfig: tseslint.configs.disableTypeChecked });
const answers = [];
for (const { file, text: code } of JSON.parse(await text(process.stdin))) {
  const [result] = await eslint.lintText(code, { filePath: file });
  answers.push((result?.messages ?? []).map(({ ruleId, message }) => ({ ruleId, message })));
}
process.stdout.write(JSON.stringify(answers));
