/**
 * Bundles the program and its worker threads for `./pra`. Each build is complete in a folder of its own,
 * so a running daemon keeps its own chunks and workers while a newer build appears, and two builds at
 * once cannot mix: `dist/pra.mjs`, one line that names the newest folder, is put in place last by one
 * rename and carries the date of the build's start.
 *
 * A worker entry is any `src/**` file named `*.worker.ts`; it is found with `workerUrl` of
 * `core/worker-url.ts`, beside its user in the sources, beside the chunks in the bundle.
 */
import { randomBytes } from "node:crypto";
import { glob, mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Finished builds that stay, so that a process started from an earlier one still finds its files. */
const BUILDS_KEPT = 5;

/** A temporary folder older than this belongs to a build that died. */
const ABANDONED_AFTER_MS = 3_600_000;

async function entryPoints(root: string): Promise<Record<string, string>> {
  const entries: Record<string, string> = { main: join(root, "src/cli/main.ts") };
  for await (const path of glob("src/**/*.worker.ts", { cwd: root })) {
    const name = basename(path, ".ts");
    if (entries[name] !== undefined) {
      throw new Error(`two worker entries are named ${name}: ${path} and ${entries[name]}`);
    }
    entries[name] = join(root, path);
  }
  return entries;
}

async function bundleInto(root: string, directory: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: await entryPoints(root),
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    // pg is CommonJS: it asks for Node's own modules with `require`, which an ES module lacks.
    banner: {
      js: 'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle(import.meta.url);',
    },
    external: ["pg-native", "cloudflare:sockets", "esbuild"],
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    logLevel: "warning",
  });
}

async function removeOldBuilds(dist: string, current: string): Promise<void> {
  const found: { readonly path: string; readonly dateMs: number; readonly finished: boolean }[] =
    [];
  for (const name of await readdir(dist)) {
    const path = join(dist, name);
    if (path !== current && /^(build|\.tmp)-/.test(name)) {
      // Another build may remove it first.
      const facts = await stat(path).catch(() => undefined);
      if (facts !== undefined) {
        found.push({ path, dateMs: facts.mtimeMs, finished: name.startsWith("build-") });
      }
    }
  }
  const finished = found.filter((entry) => entry.finished).sort((a, b) => b.dateMs - a.dateMs);
  const abandoned = found.filter(
    (entry) => !entry.finished && Date.now() - entry.dateMs > ABANDONED_AFTER_MS,
  );
  for (const { path } of [...finished.slice(BUILDS_KEPT - 1), ...abandoned]) {
    await rm(path, { recursive: true, force: true });
  }
}

async function buildBundle(root: string): Promise<void> {
  const startedAt = new Date();
  const dist = join(root, "dist");
  const id = `${startedAt.getTime().toString(36)}-${randomBytes(4).toString("hex")}`;
  const temporary = join(dist, `.tmp-${id}`);
  const final = join(dist, `build-${id}`);
  await mkdir(temporary, { recursive: true });
  try {
    await bundleInto(root, join(temporary, "files"));
    const pointer = join(temporary, "pra.mjs");
    await writeFile(pointer, `import "./build-${id}/main.mjs";\n`);
    await utimes(pointer, startedAt, startedAt);
    await rename(join(temporary, "files"), final);
    await rename(pointer, join(dist, "pra.mjs"));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  await removeOldBuilds(dist, final);
}

try {
  await buildBundle(fileURLToPath(new URL("..", import.meta.url)));
} catch (error) {
  // esbuild has already shown its own findings, with file and line.
  const known = error instanceof Error && "errors" in error;
  process.stderr.write(`pra: the build failed${known ? "" : `: ${String(error)}`}\n`);
  process.exitCode = 1;
}
