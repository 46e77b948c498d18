import { Argument, type Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { completionScript, type Shell, SHELLS } from '../completion.ts';

const NOTES = `
Add one line to the configuration of your shell:
  bash  source <(timer completion bash)
  zsh   source <(timer completion zsh)
  fish  timer completion fish | source`;

export function addCompletion(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('Print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', NOTES)
    .action((shell: Shell) => {
      context.output().line(completionScript(program, shell).trimEnd());
    });
}
