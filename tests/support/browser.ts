/**
 * A browser that a test looks at pages with: Debian's Chromium without a window, spoken to over a pipe (its DevTools protocol, messages that end with a
 * zero byte), so that nothing listens anywhere. It sees the files that it is given and no network.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

/** Debian's. */
export const chromium = "/usr/bin/chromium";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--hide-scrollbars",
  "--host-resolver-rules=MAP * ~NOTFOUND",
  "--remote-debugging-pipe",
];

type Answer = Readonly<Record<string, unknown>>;
type Pending = { readonly resolve: (answer: Answer) => void; readonly reject: (e: Error) => void };

/** How a page is seen. */
export type View = {
  readonly width: number;
  readonly scheme: "light" | "dark";
};

/** The browser with one page, until it is disposed of. */
export class Browser implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, () => void>();
  #session: string | undefined;
  #last = 0;
  #rest = "";

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child;
    this.#directory = directory;
    const [, , , , from] = child.stdio as readonly (Readable | Writable | null)[];
    (from as Readable).setEncoding("utf8").on("data", (piece: string) => {
      const messages = (this.#rest + piece).split("\0");
      this.#rest = messages.pop() ?? "";
      messages.forEach((message) => {
        this.#take(message);
      });
    });
    child.once("exit", () => {
      this.#pending.forEach(({ reject }) => {
        reject(new Error("the browser has ended"));
      });
    });
  }

  static async start(): Promise<Browser> {
    const directory = await mkdtemp(join(tmpdir(), "pra-browser-"));
    const child = spawn(chromium, [...FLAGS, `--user-data-dir=${join(directory, "profile")}`], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    await once(child, "spawn");
    const browser = new Browser(child, directory);
    const { targetId } = await browser.call("Target.createTarget", { url: "about:blank" });
    const attached = await browser.call("Target.attachToTarget", { targetId, flatten: true });
    browser.#session = String(attached["sessionId"]);
    await browser.call("Page.enable");
    return browser;
  }

  #take(text: string): void {
    const message = JSON.parse(text) as {
      readonly id?: number;
      readonly method?: string;
      readonly result?: Answer;
      readonly error?: { readonly message: string };
    };
    const { id, method, result = {}, error } = message;
    if (method !== undefined) {
      this.#listeners.get(method)?.();
    }
    const pending = this.#pending.get(id ?? -1);
    this.#pending.delete(id ?? -1);
    if (error === undefined) {
      pending?.resolve(result);
    } else {
      pending?.reject(new Error(error.message));
    }
  }

  /** One command of the protocol. */
  async call(method: string, params: Answer = {}): Promise<Answer> {
    this.#last += 1;
    const id = this.#last;
    const sessionId = this.#session;
    const [, , , to] = this.#child.stdio as readonly (Readable | Writable | null)[];
    const answer = Promise.withResolvers<Answer>();
    this.#pending.set(id, answer);
    (to as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return await answer.promise;
  }

  /** Shows a page that is given as its text. */
  async show(html: string, { width, scheme }: View): Promise<void> {
    const path = join(this.#directory, "page.html");
    await writeFile(path, html);
    const media = { features: [{ name: "prefers-color-scheme", value: scheme }] };
    await this.call("Emulation.setEmulatedMedia", media);
    const size = { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 };
    await this.call("Emulation.setDeviceMetricsOverride", size);
    const loaded = Promise.withResolvers<void>();
    this.#listeners.set("Page.loadEventFired", loaded.resolve);
    await this.call("Page.navigate", { url: pathToFileURL(path).href });
    await loaded.promise;
  }

  /** The value of an expression in the page; a promise is waited for. */
  async evaluate(expression: string): Promise<unknown> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", params);
    if (exceptionDetails !== undefined) {
      throw new Error(JSON.stringify(exceptionDetails));
    }
    return (result as Answer)["value"];
  }

  /** All of the page as PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.call("Page.captureScreenshot", { captureBeyondViewport: true });
    return Buffer.from(String(data), "base64");
  }

  /** As it is printed on A4. */
  async printed(): Promise<Buffer> {
    const a4 = { paperWidth: 8.27, paperHeight: 11.69, printBackground: false };
    const { data } = await this.call("Page.printToPDF", a4);
    return Buffer.from(String(data), "base64");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill();
    await exited;
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
