/**
 * What must be known of the command line before it is parsed: the language and `--json` (they shape how a
 * usage error is told), and which command is typed (only its module is loaded).
 */

/** Options that take a value and may stand before a command's words. */
const WITH_VALUE: ReadonlySet<string> = new Set(["--lang", "--env-file", "--reason"]);

/** The first look at the arguments. */
export type CommandLine = {
  readonly json: boolean;
  readonly lang: string | undefined;
  readonly envFile: string | undefined;
  /** Why the person does it, for the ledger. */
  readonly reason: string | undefined;
  /** The first word that is no option; undefined also when help is asked for before any word. */
  readonly command: string | undefined;
  /** The first two words that are no options, as far as there are: `wal push`. */
  readonly path: string;
};

/** Looks through the arguments (without node and script). Nothing is refused here. */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const end = argv.indexOf("--");
  const words = end === -1 ? argv : argv.slice(0, end);
  const valueOf = (name: string): string | undefined => {
    const at = words.findLastIndex((word) => word === name || word.startsWith(`${name}=`));
    const word = words[at];
    return word === undefined || word === name ? words[at + 1] : word.slice(name.length + 1);
  };
  const present = (name: string): boolean =>
    words.some((word) => word === name || word.startsWith(`${name}=`));
  const isWord = (word: string, index: number): boolean =>
    !word.startsWith("-") && !WITH_VALUE.has(words[index - 1] ?? "");
  const firstWord = words.findIndex(isWord);
  const firstHelp = words.findIndex((word) => word === "--help" || word === "-h");
  const helpFirst = firstHelp !== -1 && (firstWord === -1 || firstHelp < firstWord);
  return {
    json: words.includes("--json"),
    lang: present("--lang") ? valueOf("--lang") : undefined,
    envFile: present("--env-file") ? valueOf("--env-file") : undefined,
    reason: present("--reason") ? valueOf("--reason") : undefined,
    command: helpFirst ? undefined : words[firstWord],
    path: words.filter(isWord).slice(0, 2).join(" "),
  };
}

/** `pra --version` and `pra -V`, which every program has, as `pra version`. Beside a command they stay what was typed. */
export function withVersionAsCommand(argv: readonly string[]): readonly string[] {
  const at = argv.findIndex((word) => word === "--version" || word === "-V" || word === "--");
  const isVersion = at !== -1 && argv[at] !== "--" && readCommandLine(argv).command === undefined;
  return isVersion ? argv.with(at, "version") : argv;
}
