/** Commands and their options as plain data. */
import type { Command } from 'commander';

export interface CommandNode {
  /** `['keys', 'create']`; empty for the program itself. */
  path: string[];
  description: string;
  options: OptionNode[];
  children: CommandNode[];
}

export interface OptionNode {
  /** `--format` */
  flag: string;
  description: string;
  takesValue: boolean;
  /** Values there are; empty where anything goes. */
  choices: readonly string[];
}

export function commandTree(command: Command, path: string[] = []): CommandNode {
  const options = command.options.flatMap(({ long, description, required, optional, argChoices, hidden }) =>
    long && !hidden ? [{ flag: long, description, takesValue: required || optional, choices: argChoices ?? [] }] : [],
  );
  return {
    path,
    description: command.description(),
    options: [...options, { flag: '--help', description: 'how it is used', takesValue: false, choices: [] }],
    children: command.commands.map((child) => commandTree(child, [...path, child.name()])),
  };
}

/** The node and all below it, parents first. */
export function allCommands(node: CommandNode): CommandNode[] {
  return [node, ...node.children.flatMap(allCommands)];
}
