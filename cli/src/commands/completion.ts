/** `timbre completion`: what a shell needs to complete commands and options, made from the tree of commands itself. */
import { Argument, Command } from 'commander';
import { completionScripts, type Shell } from '../completion/completion-scripts.js';
import { commandTree } from '../completion/command-tree.js';
import type { Invocation } from '../invocation.js';

const SHELLS: Shell[] = ['bash', 'zsh', 'fish'];

const HELP = `
bash: timbre completion bash > ~/.local/share/bash-completion/completions/timbre
zsh:  timbre completion zsh > "\${fpath[1]}/_timbre"
fish: timbre completion fish > ~/.config/fish/completions/timbre.fish`;

export function createCompletionCommand({ print }: Invocation): Command {
  const command = new Command('completion')
    .description('print a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .addHelpText('after', HELP);
  return command.action((shell: Shell) => {
    const program = command.parent ?? command;
    print(completionScripts[shell](commandTree(program)));
  });
}
