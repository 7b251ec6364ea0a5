/**
 * The pages of one group as one list of files: each name is in one page, and the pages follow each other in the order of names.
 */
import { DrError } from "../../core/errors.ts";
import { encodeFileName } from "../../core/file-name-bytes.ts";
import type { PageEntry, PageReader } from "./page.ts";

/** Finds files by name. @throws DrError `REPO_ENCODING` when the pages do not follow each other. */
export class GroupReader {
  readonly #pages: readonly PageReader[];

  constructor(pages: readonly PageReader[]) {
    this.#pages = pages.filter(({ count }) => count > 0);
    this.#pages.forEach((page, index) => {
      const before = this.#pages[index - 1]?.lastName;
      const { firstName } = page;
      if (before !== undefined && firstName !== undefined && before.compare(firstName) >= 0) {
        const fact = `page ${index} does not follow the one before`;
        throw new DrError("REPO_ENCODING", { what: "the pages of a group", offset: 0, fact });
      }
    });
  }

  /** The file of this name: found by halving the pages, then the page. */
  find(name: string): PageEntry | undefined {
    const wanted = encodeFileName(name);
    let low = 0;
    let high = this.#pages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#pages[middle]?.firstName;
      if (first !== undefined && first.compare(wanted) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return this.#pages[low - 1]?.find(name);
  }
}
