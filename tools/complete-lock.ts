/**
 * Completes package-lock.json with the optional packages of other platforms that the registry did not offer
 * when the lock was made. npm leaves those out, and `npm ci` then refuses its own lock. Such an entry has
 * the exact version that its parent asks for and the platform that its name tells, so npm passes it over
 * without a download. To be run after every change of a dependency; `--check` writes nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

type Entry = {
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};
type Lock = { packages: Record<string, Entry & Record<string, unknown>> };

const systems = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const processors = ["arm64", "arm", "x64", "ia32", "ppc64", "riscv64", "s390x"];

/** What npm compares with the machine, read from a name such as `@oxlint/binding-linux-arm64-musl`. */
function platformOf(name: string): Record<string, unknown> {
  const words = name.split(/[/-]/);
  const system = systems.find((word) => words.includes(word));
  const processor = processors.find((word) => words.includes(word));
  if (system === undefined || processor === undefined) {
    throw new Error(`${name} does not tell its platform: make the lock where it can be fetched`);
  }
  const libc = words.some((word) => word.startsWith("musl"))
    ? { libc: ["musl"] }
    : words.some((word) => word.startsWith("gnu"))
      ? { libc: ["glibc"] }
      : {};
  return { cpu: [processor], os: [system], ...libc };
}

const path = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(path, "utf8")) as Lock;
const added: string[] = [];
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lock.packages[place] === undefined) {
      added.push(name);
      const dev = entry.dev === true ? { dev: true } : {};
      lock.packages[place] = { version, ...dev, optional: true, ...platformOf(name) };
    }
  }
}
if (process.argv.includes("--check")) {
  for (const name of added) {
    process.stderr.write(`package-lock.json lacks ${name}: run "node tools/complete-lock.ts"\n`);
  }
  process.exitCode = added.length === 0 ? 0 : 1;
} else if (added.length > 0) {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(
    path,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
  );
  process.stdout.write(`${added.length} entries added\n`);
}
