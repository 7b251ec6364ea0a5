/**
 * `/metrics` and `/healthz` over HTTP. A question never waits for a look, and starts none: what the last look saw is answered, with its age,
 * so that a look that hangs is seen by that. Few connections, short times, small headers: whoever asks too much is dropped, not the daemon.
 */
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { DrError } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import {
  metricsConnectionsMax,
  metricsHeaderBytesMax,
  metricsRequestMs,
} from "../../core/look-limits.ts";
import { formatFor, metricContentTypes, metricsText } from "../../watch/metrics/exposition.ts";
import type { Scrape } from "../../watch/metrics/metric.ts";
import { type ListenAddress, formatAddress } from "./listen-address.ts";

/** What is asked for. */
export type MetricsSource = {
  /** Undefined before the first look at everything is over. */
  scrape(): Scrape | undefined;
  /** Whether looking goes on, in words. */
  health(): { readonly ok: boolean; readonly text: string };
};

type Answer = { readonly status: number; readonly type: string; readonly body: string };

const PLAIN = "text/plain; charset=utf-8";

function plain(status: number, body: string): Answer {
  return { status, type: PLAIN, body: `${body}\n` };
}

function answerTo({ url = "/", headers }: IncomingMessage, source: MetricsSource): Answer {
  switch (url.replace(/\?.*$/s, "")) {
    case "/metrics": {
      const scrape = source.scrape();
      if (scrape === undefined) {
        return plain(503, source.health().text);
      }
      const format = formatFor(headers.accept);
      return {
        status: 200,
        type: metricContentTypes[format],
        body: metricsText(scrape, format),
      };
    }
    case "/healthz": {
      const { ok, text } = source.health();
      return plain(ok ? 200 : 503, text);
    }
    case "/":
      return plain(200, "pra: /metrics, /healthz");
    default:
      return plain(404, "not found: /metrics, /healthz");
  }
}

function handle(request: IncomingMessage, response: ServerResponse, source: MetricsSource): void {
  request.resume();
  const { method } = request;
  const { status, type, body } =
    method === "GET" || method === "HEAD"
      ? answerTo(request, source)
      : plain(405, "only GET and HEAD");
  const content = Buffer.from(body);
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": content.length,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...(status === 405 ? { Allow: "GET, HEAD" } : {}),
  });
  response.end(method === "HEAD" ? undefined : content);
}

/**
 * Serves until aborted, then returns with everything closed. `listening` is called once connections are taken.
 * @throws DrError `WATCH_METRICS_LISTEN` when the address cannot be had.
 */
export async function serveMetrics(
  source: MetricsSource,
  address: ListenAddress,
  options: { readonly signal: AbortSignal; readonly listening: () => void },
): Promise<void> {
  const { signal, listening } = options;
  const server = createServer(
    {
      maxHeaderSize: metricsHeaderBytesMax,
      requestTimeout: metricsRequestMs,
      headersTimeout: metricsRequestMs,
      connectionsCheckingInterval: metricsRequestMs / 2,
    },
    (request, response) => {
      handle(request, response, source);
    },
  );
  server.maxConnections = metricsConnectionsMax;
  // Also of one that never sends a byte.
  server.timeout = metricsRequestMs;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  try {
    signal.throwIfAborted();
    failpoint("metrics.listen");
    server.listen(address.port, address.host);
    await once(server, "listening");
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    const details = { address: formatAddress(address), reason };
    throw new DrError("WATCH_METRICS_LISTEN", details, { cause: error });
  }
  const ended = once(server, "close");
  listening();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) {
    close();
  }
  await ended;
}
