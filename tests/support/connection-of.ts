/** The settings by which the product's own code reaches a test server. */
import {
  connectionSettings,
  type ConnectionSettings,
} from "../../src/postgres/connection-settings.ts";
import type { TestServer } from "./test-server.ts";

/** Over the socket, or over TCP, as `postgres` unless another role is named. */
export function connectionOf(
  server: TestServer,
  options: {
    readonly tcp?: boolean;
    readonly user?: string;
    readonly password?: string;
    readonly database?: string;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): ConnectionSettings {
  return connectionSettings(
    {
      PG_HOST: options.tcp === true ? "127.0.0.1" : server.socketDirectory,
      PG_PORT: String(server.port),
      PG_USER: options.user ?? "postgres",
      PG_PASSWORD: options.password ?? "",
      PG_DATABASE: options.database ?? "postgres",
      ...options.environment,
    },
    { account: { user: "postgres", home: undefined } },
  );
}

/** A signal that nobody aborts. */
export const never: AbortSignal = new AbortController().signal;
