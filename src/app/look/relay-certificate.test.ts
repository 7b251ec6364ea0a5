/** Certificates as servers and relays show them; who shows none, hangs or hangs up is nobody's finding here. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { relayCertificate } from "./relay-certificate.ts";
import { environmentIn } from "../../../tests/support/environment-in.ts";
import { MailRelay } from "../../../tests/support/mail-relay.ts";
import { testCertificate } from "../../../tests/support/test-certificate.ts";
import { smtpCertificateEnd } from "../../watch/probes/certificates.ts";

const { signal } = new AbortController();

const endsMs = Date.parse(new X509Certificate(testCertificate).validTo);

test("R20 a mail relay shows its certificate by STARTTLS and from the first byte; one without it, or that is gone, shows none", async () => {
  const host = "127.0.0.1";
  await using offered = await MailRelay.start();
  await using implicit = await MailRelay.start({ implicitTls: true });
  await using without = await MailRelay.start({ noStartTls: true });
  const asked = async (port: number, tls: "implicit" | "required"): Promise<number | undefined> =>
    await smtpCertificateEnd({ host, port, tls }, { signal });
  assert.equal(await asked(offered.port, "required"), endsMs);
  assert.equal(await asked(implicit.port, "implicit"), endsMs);
  assert.equal(await asked(without.port, "required"), undefined);
  assert.equal(await asked(1, "required"), undefined);
  assert.deepEqual([offered.received, implicit.received], [[], []], "no mail was sent");
});

test("R20 a relay that says nothing, endlessly much or hangs up costs a look no more than its time, and is not asked again at once", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "pra-relay-"));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  let asked = 0;
  let answer: (socket: Socket) => void = () => undefined;
  const sockets: Socket[] = [];
  const relay = createServer((socket) => {
    asked += 1;
    sockets.push(socket.on("error", () => undefined));
    answer(socket);
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  context.after(() => {
    sockets.forEach((socket) => socket.destroy());
    relay.close();
  });
  const { port } = relay.address() as AddressInfo;
  const of = { host: "127.0.0.1", port, tls: "required" } as const;
  const limit = AbortSignal.timeout(100);
  await assert.rejects(smtpCertificateEnd(of, { signal: limit }), { name: "TimeoutError" });
  answer = (socket) => socket.end();
  assert.equal(await smtpCertificateEnd(of, { signal }), undefined);
  answer = (socket) => socket.write("x".repeat(100_000));
  assert.equal(await smtpCertificateEnd(of, { signal }), undefined);
  answer = (socket) => socket.end("554 go away\r\n");
  asked = 0;
  const environment = environmentIn(folder, {
    PRA_SMTP_URL: `smtp://127.0.0.1:${port}?tls=required`,
  });
  const look = async (nowMs: number): Promise<unknown> =>
    await relayCertificate(environment, { nowMs, signal });
  assert.deepEqual([await look(0), await look(60_000), asked], [undefined, undefined, 1]);
  await look(3_600_000);
  assert.equal(asked, 2);
});

test("R20 what a mail relay showed is noted, and asked for again after some hours", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "pra-relay-"));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  const relay = await MailRelay.start();
  const { port } = relay;
  const environment = environmentIn(folder, {
    PRA_SMTP_URL: `smtp://127.0.0.1:${port}?tls=required`,
  });
  const end = { where: `127.0.0.1:${port}`, endsMs };
  assert.deepEqual(await relayCertificate(environment, { nowMs: 0, signal }), end);
  await relay[Symbol.asyncDispose]();
  assert.deepEqual(await relayCertificate(environment, { nowMs: 3_600_000, signal }), end);
  assert.deepEqual(await relayCertificate(environment, { nowMs: 30 * 3_600_000, signal }), end);
  const none = environmentIn(folder, {});
  assert.equal(await relayCertificate(none, { nowMs: 0, signal }), undefined);
});
