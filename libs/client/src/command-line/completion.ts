import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command as completion knows it: its name, and the options after it. */
interface Entry {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly choices: readonly string[];
  }[];
}

function entriesOf(program: Command): Entry[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [...command.options, ...program.options].map(({ long, description, argChoices }) => ({
      flag: long ?? '',
      description,
      choices: argChoices ?? [],
    })),
  }));
}

/** Within single quotes of a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function words(list: readonly string[]): string {
  return list.join(' ');
}

function bash(entries: readonly Entry[]): string {
  const options = entries.map(
    ({ name, options: all }) => `    ${name}) words=${quote(words(all.map(({ flag }) => flag)))} ;;`,
  );
  const choices = entries.flatMap(({ name, options: all }) =>
    all
      .filter((option) => option.choices.length > 0)
      .map((option) => `    ${quote(`${name} ${option.flag}`)}) words=${quote(words(option.choices))} ;;`),
  );
  return `# bash completion of timer: source <(timer completion bash)
_timer() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || { command=$word; break; }
  done
  case $command in
    '') words=${quote(words(entries.map(({ name }) => name)))} ;;
${options.join('\n')}
  esac
  case "$command $previous" in
${choices.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _timer timer
`;
}

/** A description in the arguments of _arguments: without what ends it. */
function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, ' ');
}

function zsh(entries: readonly Entry[]): string {
  const names = entries.map(({ name, description }) => `    ${quote(`${name}:${zshText(description)}`)}`);
  const cases = entries.map(({ name, options }) => {
    const specs = options.map(({ flag, description, choices }) => {
      const values = choices.length > 0 ? `:value:(${words(choices)})` : '';
      return quote(`*${flag}[${zshText(description)}]${values}`);
    });
    return `    ${name}) _arguments ${words(specs)} '*:file:_files' ;;`;
  });
  return `#compdef timer
# zsh completion of timer: source <(timer completion zsh)
_timer() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join('\n')}
  esac
}
compdef _timer timer
`;
}

function fish(entries: readonly Entry[]): string {
  const names = words(entries.map(({ name }) => name));
  const lines = entries.flatMap(({ name, description, options }) => [
    `complete -c timer -f -n ${quote(`not __fish_seen_subcommand_from ${names}`)} -a ${name} -d ${quote(description)}`,
    ...options.map(({ flag, description: text, choices }) => {
      const values = choices.length > 0 ? ` -x -a ${quote(words(choices))}` : '';
      return `complete -c timer -n ${quote(`__fish_seen_subcommand_from ${name}`)} -l ${flag.slice(2)} -d ${quote(text)}${values}`;
    }),
  ]);
  return `# fish completion of timer: timer completion fish | source\n${lines.join('\n')}\n`;
}

const GENERATORS: Readonly<Record<Shell, (entries: readonly Entry[]) => string>> = { bash, zsh, fish };

/** The script that completes the commands and options of the program in a shell. */
export function completionScript(program: Command, shell: Shell): string {
  return GENERATORS[shell](entriesOf(program));
}
