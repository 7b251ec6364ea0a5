/**
 * Noticing that a repository shows less than it once did: a store that was set back, or that hides the newest backup, gives
 * nothing away by itself, for all it shows is authentic. So each host remembers the newest root of every incarnation and
 * the newest events of the ledger that it has seen, and every command compares before it relies on what it sees.
 *
 * What is remembered is cache in one respect only: without it nothing can be compared. It is never
 * taken for what the repository holds.
 */
import * as z from "zod/mini";
import { assert } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { guard } from "../core/failpoint.ts";
import { numberedFileAttemptsMax, seenWritersMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { listClusters, newestBackup } from "./catalogue.ts";
import { countNumber, decodeDocument, encodeDocument, objectIdText } from "./json-document.ts";
import { newestNumber } from "./list-children.ts";
import type { StoreCall } from "./object-store.ts";
import { listIncarnations } from "./read-lease.ts";
import type { SealedStore } from "./sealed-store.ts";

/** Where a host keeps what it has seen; `files/numbered-file.ts` in `PRA_STATE_DIR`. */
export interface SeenFile {
  read(call: StoreCall): Promise<{ readonly number: number; readonly content: Buffer } | undefined>;
  /** False when this number was written by somebody else. */
  write(
    state: { readonly number: number; readonly content: Buffer },
    call: StoreCall,
  ): Promise<boolean>;
}

const seenSchema = z.object({
  roots: z.array(z.object({ cluster: z.string(), incarnation: z.string(), newest: objectIdText })),
  /** `object`: the sequence under which the object that holds this event lies. */
  ledger: z.array(
    z.object({
      writer: z.string(),
      sequence: countNumber,
      hash: z.string(),
      object: countNumber,
    }),
  ),
});
const fileSchema = z.object({
  version: z.literal(1),
  repositories: z.array(z.extend(seenSchema, { repository: z.string() })),
});

/** What was seen of one repository. */
export type Seen = z.infer<typeof seenSchema>;
/** The newest event of a ledger's writer. */
export type SeenHead = Seen["ledger"][number];

const NOTHING: Seen = { roots: [], ledger: [] };

function rootKey(root: { readonly cluster: string; readonly incarnation: string }): string {
  return `${root.cluster}/${root.incarnation}`;
}

/** What was seen and is not there any more, in words that name it; empty when all is. */
export function missingFrom(
  seen: Seen,
  now: {
    readonly roots: readonly Seen["roots"][number][];
    /** The highest sequence under which an object of each writer lies. */
    readonly ledger: ReadonlyMap<string, number>;
  },
): string[] {
  const newest = new Map(now.roots.map((root) => [rootKey(root), root.newest]));
  const missing: string[] = [];
  for (const root of seen.roots) {
    const found = newest.get(rootKey(root));
    if (found === undefined || found < root.newest) {
      missing.push(`backup ${root.newest} of ${root.cluster}`);
    }
  }
  for (const { writer, sequence, object } of seen.ledger) {
    if ((now.ledger.get(writer) ?? 0) < object) {
      missing.push(`ledger event ${sequence} of ${writer}`);
    }
  }
  return missing;
}

/** Both together: per incarnation the newer root, the newest writers of the ledger with their newest event. */
export function mergeSeen(a: Seen, b: Seen): Seen {
  const roots = new Map<string, Seen["roots"][number]>();
  for (const root of [...a.roots, ...b.roots]) {
    const other = roots.get(rootKey(root));
    roots.set(rootKey(root), other !== undefined && other.newest > root.newest ? other : root);
  }
  const heads = new Map<string, SeenHead>();
  for (const head of [...a.ledger, ...b.ledger]) {
    const other = heads.get(head.writer);
    heads.set(head.writer, other !== undefined && other.sequence > head.sequence ? other : head);
  }
  // A writer's name goes on with the time at which its process began.
  const ledger = [...heads.values()]
    .toSorted((one, two) => (one.writer.slice(17) < two.writer.slice(17) ? -1 : 1))
    .slice(-seenWritersMax);
  return { roots: [...roots.values()], ledger };
}

/** The newest root of every incarnation, accepted or damaged. */
async function observeRoots(sealed: SealedStore, call: StoreCall): Promise<Seen["roots"]> {
  const roots: { cluster: string; incarnation: string; newest: ObjectId }[] = [];
  for (const cluster of await listClusters(sealed, call)) {
    for await (const place of listIncarnations(sealed, cluster, call)) {
      const newest = await newestBackup(sealed, place, call);
      if (newest !== undefined) {
        roots.push({ ...place, newest: newest.id });
      }
    }
  }
  return roots;
}

const LEDGER_DIGITS = 12;

async function observeLedger(
  sealed: SealedStore,
  heads: readonly SeenHead[],
  call: StoreCall,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const { writer } of heads) {
    const prefix = `ledger/${writer}/`;
    const newest = await newestNumber(sealed.store, { prefix, digits: LEDGER_DIGITS }, call);
    if (newest !== undefined) {
      found.set(writer, newest);
    }
  }
  return found;
}

function decodeFile(content: Uint8Array | undefined): z.infer<typeof fileSchema> {
  return content === undefined
    ? { version: 1, repositories: [] }
    : decodeDocument(fileSchema, content, "the file of what this host has seen");
}

function repositoryOf(sealed: SealedStore): string {
  return Buffer.from(sealed.ring.repositoryId).toString("hex");
}

/** What this host has seen of the repository. @throws DrError `STORE_IO`, `REPO_ENCODING`. */
export async function readSeen(
  sealed: SealedStore,
  call: StoreCall & { readonly file: SeenFile },
): Promise<Seen> {
  const state = await call.file.read({ signal: call.signal });
  const repository = repositoryOf(sealed);
  const { repositories } = decodeFile(state?.content);
  return repositories.find((one) => one.repository === repository) ?? NOTHING;
}

/** Replaces what was seen by what `change` makes of it; other commands of this host may do the same meanwhile. */
async function updateSeen(
  sealed: SealedStore,
  call: StoreCall & { readonly file: SeenFile },
  change: (seen: Seen) => Seen,
): Promise<Seen> {
  const { file, signal } = call;
  const repository = repositoryOf(sealed);
  for (let attempt = 1; ; attempt += 1) {
    const state = await file.read({ signal });
    const { repositories } = decodeFile(state?.content);
    const before = repositories.find((one) => one.repository === repository) ?? NOTHING;
    const { roots, ledger } = change({ roots: before.roots, ledger: before.ledger });
    const others = repositories.filter((one) => one.repository !== repository);
    const after = [...others, { repository, roots, ledger }];
    const content = encodeDocument({ version: 1, repositories: after });
    if (state?.content.equals(content) === true) {
      return { roots, ledger };
    }
    const number = (state?.number ?? 0) + 1;
    if (await file.write({ number, content }, { signal })) {
      return { roots, ledger };
    }
    assert(attempt < numberedFileAttemptsMax, "commands of one host do not write without end");
  }
}

/** Tells which of these backups were given up by retention, by authentic word of who did it. */
export type GivenUpCheck = (
  backups: readonly ObjectId[],
  call: StoreCall,
) => Promise<ReadonlySet<ObjectId>>;

/** What was seen, without the newest roots of incarnations that retention has given up since. */
async function withoutGivenUp(
  seen: Seen,
  roots: Seen["roots"],
  call: StoreCall & { readonly givenUp?: GivenUpCheck | undefined },
): Promise<Seen> {
  const { givenUp, signal } = call;
  const found = new Map(roots.map((root) => [rootKey(root), root.newest]));
  const missing = seen.roots.filter((root) => (found.get(rootKey(root)) ?? "") < root.newest);
  if (missing.length === 0 || givenUp === undefined) {
    return seen;
  }
  const gone = await givenUp(
    missing.map(({ newest }) => newest),
    { signal },
  );
  return { ...seen, roots: seen.roots.filter(({ newest }) => !gone.has(newest)) };
}

/** What a check found: empty `missing` = nothing was hidden; `seen` is what is remembered from now on. */
export type RollbackCheck = { readonly missing: readonly string[]; readonly seen: Seen };

/**
 * Compares the repository with what this host has seen, and remembers what is newer. With `accept` the present state becomes
 * the remembered one, and `missing` goes to the ledger (`rollbackAccepted`). Two small listings an incarnation, one for
 * each remembered writer.
 * @throws DrError `REPO_ROLLED_BACK` unless accepted; what the store throws.
 */
export async function checkRollback(
  sealed: SealedStore,
  call: StoreCall & {
    readonly file: SeenFile;
    readonly accept: boolean;
    readonly givenUp?: GivenUpCheck | undefined;
  },
): Promise<RollbackCheck> {
  const { signal, file, accept } = call;
  const remembered = await readSeen(sealed, { signal, file });
  const roots = await observeRoots(sealed, { signal });
  const seen = await withoutGivenUp(remembered, roots, call);
  const gone = new Set(remembered.roots.filter((root) => !seen.roots.includes(root)).map(rootKey));
  const ledger = await observeLedger(sealed, seen.ledger, { signal });
  const missing = missingFrom(seen, { roots, ledger });
  if (missing.length > 0 && !accept && guard("L40-rollback")) {
    const { location } = sealed.store;
    throw new DrError("REPO_ROLLED_BACK", { location, missing: missing.join(", ") });
  }
  const updated = await updateSeen(sealed, { signal, file }, (before) =>
    accept
      ? { roots, ledger: before.ledger.filter((head) => !isMissing(head, ledger)) }
      : mergeSeen(
          { ...before, roots: before.roots.filter((root) => !gone.has(rootKey(root))) },
          { roots, ledger: [] },
        ),
  );
  return { missing, seen: updated };
}

function isMissing(head: SeenHead, ledger: ReadonlyMap<string, number>): boolean {
  return (ledger.get(head.writer) ?? 0) < head.object;
}

/** Remembers what this host itself just wrote: a root, a ledger head. */
export async function rememberSeen(
  sealed: SealedStore,
  call: StoreCall & { readonly file: SeenFile },
  news: Partial<Seen>,
): Promise<Seen> {
  return await updateSeen(sealed, call, (seen) => mergeSeen(seen, { ...NOTHING, ...news }));
}
