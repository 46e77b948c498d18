import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command as completion knows it: its name, the options after it, and the commands below it. */
interface Entry {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly choices: readonly string[];
  }[];
  readonly commands: readonly Entry[];
}

function entriesOf(parent: Command, program = parent): Entry[] {
  return parent.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [...command.options, ...program.options].map(({ long, description, argChoices }) => ({
      flag: long ?? '',
      description,
      choices: argChoices ?? [],
    })),
    commands: entriesOf(command, program),
  }));
}

function isGroup({ commands }: Entry): boolean {
  return commands.length > 0;
}

/** Within single quotes of a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function words(list: readonly string[]): string {
  return list.join(' ');
}

/** All commands with their full names. */
function flatten(entries: readonly Entry[], prefix = ''): { readonly path: string; readonly entry: Entry }[] {
  return entries.flatMap((entry) => {
    const path = prefix + entry.name;
    return [{ path, entry }, ...flatten(entry.commands, `${path} `)];
  });
}

function namesOf(entries: readonly Entry[]): string {
  return words(entries.map(({ name }) => name));
}

function bash(entries: readonly Entry[]): string {
  const all = flatten(entries);
  const following = all.map(({ path, entry }) => {
    const next = isGroup(entry) ? namesOf(entry.commands) : words(entry.options.map(({ flag }) => flag));
    return `    ${quote(path)}) words=${quote(next)} ;;`;
  });
  const choices = all.flatMap(({ path, entry }) =>
    entry.options
      .filter((option) => option.choices.length > 0)
      .map((option) => `    ${quote(`${path} ${option.flag}`)}) words=${quote(words(option.choices))} ;;`),
  );
  const groups = all.flatMap(({ path, entry }) => (isGroup(entry) ? [quote(path)] : []));
  return `# bash completion of timer: source <(timer completion bash)
_timer() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && continue
    command=\${command:+$command }$word
    case $command in ${groups.join('|')}) ;; *) break ;; esac
  done
  case $command in
    '') words=${quote(namesOf(entries))} ;;
${following.join('\n')}
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

/** What zsh does after a command. `$words[2]` is the one below it. */
function zshCase({ name, options, commands }: Entry): string {
  if (commands.length > 0) return `    ${name})\n${zshCommands(commands)}\n    ;;`;
  const specs = options.map(({ flag, description, choices }) => {
    const values = choices.length > 0 ? `:value:(${words(choices)})` : '';
    return quote(`*${flag}[${zshText(description)}]${values}`);
  });
  return `    ${name}) _arguments ${words(specs)} '*:file:_files' ;;`;
}

function zshCommands(entries: readonly Entry[]): string {
  const names = entries.map(({ name, description }) => `    ${quote(`${name}:${zshText(description)}`)}`);
  return `  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${entries.map(zshCase).join('\n')}
  esac`;
}

function zsh(entries: readonly Entry[]): string {
  return `#compdef timer
# zsh completion of timer: source <(timer completion zsh)
_timer() {
  local name
  local -a commands
${zshCommands(entries)}
}
compdef _timer timer
`;
}

/** Lines for the commands of one level; `inside` is the condition that the command above them was given. */
function fishLines(entries: readonly Entry[], inside: string): string[] {
  const seen = (names: string) => `__fish_seen_subcommand_from ${names}`;
  return entries.flatMap(({ name, description, options, commands }) => {
    const here = `${inside}; and ${seen(name)}`;
    const offer = `${inside}; and not ${seen(namesOf(entries))}`;
    return [
      `complete -c timer -f -n ${quote(offer)} -a ${name} -d ${quote(description)}`,
      ...(commands.length > 0
        ? fishLines(commands, here)
        : options.map(({ flag, description: text, choices }) => {
            const values = choices.length > 0 ? ` -x -a ${quote(words(choices))}` : '';
            return `complete -c timer -n ${quote(here)} -l ${flag.slice(2)} -d ${quote(text)}${values}`;
          })),
    ];
  });
}

function fish(entries: readonly Entry[]): string {
  const groups = entries.filter(isGroup);
  // A command below a group may have the name of one at the top.
  const outside = `not __fish_seen_subcommand_from ${namesOf(groups)}`;
  const top = entries.filter((entry) => !isGroup(entry));
  const lines = [...fishLines(top, outside), ...fishLines(groups, 'true')];
  return `# fish completion of timer: timer completion fish | source\n${lines.join('\n')}\n`;
}

const GENERATORS: Readonly<Record<Shell, (entries: readonly Entry[]) => string>> = { bash, zsh, fish };

/** The script that completes the commands and options of the program in a shell. */
export function completionScript(program: Command, shell: Shell): string {
  return GENERATORS[shell](entriesOf(program));
}
