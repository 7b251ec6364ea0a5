/**
 * Where the file of a worker thread is: beside the module that starts it, under the same ending. Sources run as
 * `.ts`; in the bundle every worker is an `.mjs` beside all chunks, so a path into another folder must
 * never be asked for.
 */

/** The address of `<name>.worker.<ending>` beside the module whose `import.meta.url` is given. */
export function workerUrl(name: string, moduleUrl: string): URL {
  const path = new URL(moduleUrl).pathname;
  return new URL(`./${name}.worker${path.slice(path.lastIndexOf("."))}`, moduleUrl);
}
