/**
 * The few parts of the WebAssembly interface in use: for the block pass, and for memory that begins on a page. `lib` has them only together
 * with the browser's types and `@types/node` does not declare them, so they are declared here, and the
 * whole namespace may be absent (a runtime started with `--jitless`).
 *
 * Trap: a module that imports a memory with a maximum (and a shared memory must have one) links only with
 * a `Memory` that states a maximum as well, not above the module's.
 */

/** A memory that WASM code and JavaScript both see. Never grown: growing would detach every view. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
}

/** The part of the `WebAssembly` namespace in use. */
export interface WebAssemblyApi {
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new <Exports>(
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, WasmMemory>>>>,
  ) => { readonly exports: Exports };
  readonly Memory: new (pages: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }) => WasmMemory;
}

declare const WebAssembly: WebAssemblyApi | undefined;

/** The runtime's WebAssembly, or undefined where there is none. */
export function webAssembly(): WebAssemblyApi | undefined {
  return typeof WebAssembly === "undefined" ? undefined : WebAssembly;
}

const WASM_PAGE_BYTES = 65_536;

/** Memory that begins on a page, as no other of JavaScript does; undefined where there is no WebAssembly. */
export function pageAlignedBytes(lengthBytes: number): Uint8Array | undefined {
  const api = webAssembly();
  if (api === undefined) {
    return undefined;
  }
  const pages = Math.ceil(lengthBytes / WASM_PAGE_BYTES);
  const memory = new api.Memory({ initial: pages, maximum: pages, shared: false });
  return new Uint8Array(memory.buffer, 0, lengthBytes);
}
