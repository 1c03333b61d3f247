/** Completion scripts of three shells. Where nothing of ours fits, files are offered. */
import { allCommands, type CommandNode } from './command-tree.js';

export type Shell = 'bash' | 'zsh' | 'fish';

export const completionScripts: Record<Shell, (tree: CommandNode) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

const names = (nodes: CommandNode[]) => nodes.map(({ path }) => path.at(-1) ?? '');

function bashScript(tree: CommandNode): string {
  const commands = allCommands(tree);
  const steps = commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `      '${path.slice(0, -1).join(' ')}:${path.at(-1) ?? ''}') path='${path.join(' ')}' ;;`);
  const choices = commands.map(
    ({ path, options, children }) =>
      `    '${path.join(' ')}') options='${options.map(({ flag }) => flag).join(' ')}'; words='${names(children).join(' ')}' ;;`,
  );
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter((option) => option.choices.length > 0)
      .map(({ flag, choices: all }) => `    '${path.join(' ')}:${flag}') words='${all.join(' ')}'; options='' ;;`),
  );
  return `# bash completion of timbre
_timbre() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' options='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path:$word" in
${steps.join('\n')}
    esac
  done
  case "$path" in
${choices.join('\n')}
  esac
  case "$path:$previous" in
${values.join('\n')}
  esac
  if [[ $current == -* ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _timbre timbre`;
}

function zshScript(tree: CommandNode): string {
  const cases = allCommands(tree).map(({ path, options, children }) => {
    const words = children.map(({ path: child, description }) =>
      quoted(`${child.at(-1) ?? ''}:${colonless(description)}`),
    );
    const flags = options.map(({ flag, description }) => quoted(`${flag}:${colonless(description)}`));
    return `    '${path.join(' ')}')
      subcommands=(${words.join(' ')})
      flags=(${flags.join(' ')}) ;;`;
  });
  const values = allCommands(tree).flatMap(({ path, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .map(({ flag, choices }) => `    '${path.join(' ')}:${flag}') compadd -- ${choices.join(' ')}; return ;;`),
  );
  const steps = allCommands(tree)
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `      '${path.slice(0, -1).join(' ')}:${path.at(-1) ?? ''}') command='${path.join(' ')}' ;;`);
  return `#compdef timbre
# zsh completion of timbre
_timbre() {
  local command='' word
  local -a flags
  local current=\${words[CURRENT]} previous=\${words[CURRENT-1]}
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$command:$word" in
${steps.join('\n')}
    esac
  done
  case "$command:$previous" in
${values.join('\n')}
  esac
  local -a subcommands
  case "$command" in
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then
    _describe 'option' flags
  elif (( \${#subcommands} )); then
    _describe 'command' subcommands
  else
    _files
  fi
}
_timbre "$@"`;
}

const colonless = (text: string) => text.replaceAll(':', ';');
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function fishScript(tree: CommandNode): string {
  const lines = allCommands(tree).flatMap(({ path, options, children }) => {
    const condition = fishCondition(path, children);
    return [
      ...children.map(
        ({ path: child, description }) =>
          `complete -c timbre -f -n ${condition} -a ${child.at(-1) ?? ''} -d ${quoted(description)}`,
      ),
      ...options.map(({ flag, description, takesValue, choices }) => {
        const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
        return `complete -c timbre -n ${condition} -l ${flag.slice(2)}${value} -d ${quoted(description)}`;
      }),
    ];
  });
  return ['# fish completion of timbre', ...lines].join('\n');
}

function fishCondition(path: string[], children: CommandNode[]): string {
  if (path.length === 0) return '__fish_use_subcommand';
  const within = path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
  const below = names(children);
  return quoted(below.length === 0 ? within : `${within}; and not __fish_seen_subcommand_from ${below.join(' ')}`);
}
