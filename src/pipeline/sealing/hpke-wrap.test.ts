import assert from "node:assert/strict";
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type webcrypto,
} from "node:crypto";
import { test } from "node:test";
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { unwrapKey, wrapKey } from "./hpke-wrap.ts";
import { agreementPublicKey } from "./raw-keys.ts";
import { testRing, withBitFlipped } from "./test-keys.ts";

/* A second HPKE, written from RFC 9180 on node:crypto alone: sections 4 (labelled HKDF), 4.1 (DHKEM), 5.1 (base mode). */

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac("sha256", key);
  for (const part of parts) {
    mac.update(part);
  }
  return mac.digest();
}

type Suite = {
  readonly aead: 1 | 2;
  readonly keyBytes: 16 | 32;
  readonly cipher: "aes-128-gcm" | "aes-256-gcm";
};
const OURS: Suite = { aead: 2, keyBytes: 32, cipher: "aes-256-gcm" };
const AES_128: Suite = { aead: 1, keyBytes: 16, cipher: "aes-128-gcm" };
const KEM_ID = Buffer.from("KEM\x00\x20", "latin1");

function suiteId(suite: Suite): Buffer {
  return Buffer.from(`HPKE\x00\x20\x00\x01\x00${String.fromCharCode(suite.aead)}`, "latin1");
}

function labeledExtract(id: Buffer, salt: Uint8Array, label: string, input: Uint8Array): Buffer {
  return hmac(
    salt.length === 0 ? Buffer.alloc(32) : salt,
    Buffer.from("HPKE-v1"),
    id,
    Buffer.from(label),
    input,
  );
}

function labeledExpand(
  id: Buffer,
  key: Buffer,
  label: string,
  info: Uint8Array,
  length: number,
): Buffer {
  const all = Buffer.concat([
    Buffer.from([length >> 8, length & 255]),
    Buffer.from("HPKE-v1"),
    id,
    Buffer.from(label),
    info,
  ]);
  // One block of HKDF-Expand is enough: no output here is longer than 32 bytes.
  return hmac(key, all, Buffer.from([1])).subarray(0, length);
}

function agree(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  return diffieHellman({
    privateKey: createPrivateKey({
      key: Buffer.concat([hex("302e020100300506032b656e04220420"), privateKey]),
      format: "der",
      type: "pkcs8",
    }),
    publicKey: createPublicKey({
      key: Buffer.concat([hex("302a300506032b656e032100"), publicKey]),
      format: "der",
      type: "spki",
    }),
  });
}

function schedule(
  suite: Suite,
  options: {
    privateKey: Uint8Array;
    peer: Uint8Array;
    enc: Uint8Array;
    recipient: Uint8Array;
    info: Uint8Array;
  },
): { key: Buffer; nonce: Buffer; shared: Buffer } {
  const dh = agree(options.privateKey, options.peer);
  const empty = Buffer.alloc(0);
  const eae = labeledExtract(KEM_ID, empty, "eae_prk", dh);
  const shared = labeledExpand(
    KEM_ID,
    eae,
    "shared_secret",
    Buffer.concat([options.enc, options.recipient]),
    32,
  );
  const id = suiteId(suite);
  const context = Buffer.concat([
    Buffer.from([0]),
    labeledExtract(id, empty, "psk_id_hash", empty),
    labeledExtract(id, empty, "info_hash", options.info),
  ]);
  const secret = labeledExtract(id, shared, "secret", empty);
  return {
    shared,
    key: labeledExpand(id, secret, "key", context, suite.keyBytes),
    nonce: labeledExpand(id, secret, "base_nonce", context, 12),
  };
}

function secondSeal(
  suite: Suite,
  options: {
    ephemeral: Uint8Array;
    recipient: Uint8Array;
    info: Uint8Array;
    plain: Uint8Array;
    aad: Uint8Array;
  },
): Buffer {
  const enc = agreementPublicKey(options.ephemeral);
  const { key, nonce } = schedule(suite, {
    ...options,
    privateKey: options.ephemeral,
    peer: options.recipient,
    enc,
  });
  const gcm = createCipheriv(suite.cipher, key, nonce);
  gcm.setAAD(options.aad);
  return Buffer.concat([enc, gcm.update(options.plain), gcm.final(), gcm.getAuthTag()]);
}

function secondOpen(
  suite: Suite,
  options: { privateKey: Uint8Array; wrapped: Uint8Array; info: Uint8Array; aad: Uint8Array },
): Buffer {
  const enc = options.wrapped.subarray(0, 32);
  const sealed = options.wrapped.subarray(32);
  const { key, nonce } = schedule(suite, {
    ...options,
    peer: enc,
    enc,
    recipient: agreementPublicKey(options.privateKey),
  });
  const gcm = createDecipheriv(suite.cipher, key, nonce);
  gcm.setAAD(options.aad);
  gcm.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([gcm.update(sealed.subarray(0, -16)), gcm.final()]);
}

const RFC_INFO = hex("4f6465206f6e2061204772656369616e2055726e");

test("the second HPKE agrees with RFC 9180 appendix A.1 (X25519, AES-128-GCM)", () => {
  const wrapped = secondSeal(AES_128, {
    ephemeral: hex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736"),
    recipient: hex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"),
    info: RFC_INFO,
    plain: hex("4265617574792069732074727574682c20747275746820626561757479"),
    aad: hex("436f756e742d30"),
  });
  assert.equal(
    wrapped.toString("hex"),
    "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431" +
      "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
  );
});

test("our wrapper and the second HPKE open what the other sealed", async () => {
  const { dataPublicKey, private: keys } = testRing(1);
  const info = Buffer.from("PRA v1 data and a place");
  const key = Buffer.alloc(32, 7);
  const ours = await wrapKey({ publicKey: dataPublicKey, info, key });
  const aad = Buffer.alloc(0);
  const opened = secondOpen(OURS, { privateKey: keys.dataPrivateKey, wrapped: ours, info, aad });
  assert.deepEqual(opened, key);
  const theirs = secondSeal(OURS, {
    ephemeral: Buffer.alloc(32, 9),
    recipient: dataPublicKey,
    info,
    plain: key,
    aad,
  });
  const back = await unwrapKey({ privateKey: keys.dataPrivateKey, info, wrapped: theirs });
  assert.deepEqual(Buffer.from(back ?? []), key);
});

/* The vector of our suite (kem 32, kdf 1, aead 2), and a digest over a thousand messages, as the tests of Go's crypto/hpke hold them. */
const VECTOR = {
  ikmE: hex("2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f704ae7ab20f9"),
  skR: hex("497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d"),
  pkR: hex("430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c"),
  enc: "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
};

test("our wrapper derives the ephemeral key of the vector for our suite", async () => {
  assert.deepEqual(Buffer.from(agreementPublicKey(VECTOR.skR)), VECTOR.pkR);
  const key = Buffer.alloc(32, 3);
  const wrapped = await wrapKey({
    publicKey: VECTOR.pkR,
    info: RFC_INFO,
    key,
    ephemeral: VECTOR.ikmE,
  });
  assert.equal(Buffer.from(wrapped.subarray(0, 32)).toString("hex"), VECTOR.enc);
  const aad = Buffer.alloc(0);
  assert.deepEqual(secondOpen(OURS, { privateKey: VECTOR.skR, wrapped, info: RFC_INFO, aad }), key);
});

test("the library seals a thousand messages as Go's HPKE does for the vector of our suite", async () => {
  // The digest: SHAKE128 over the ciphertexts of 1,000 messages whose inputs come from SHAKE128 of nothing.
  const source = createHash("shake128", { outputLength: 1 << 19 }).digest();
  let at = 0;
  const draw = (): Buffer => {
    const length = source.readUInt8(at);
    at += 1 + length;
    return source.subarray(at - length, at);
  };
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
  const publicKey: unknown = await suite.kem.importKey(
    "raw",
    Uint8Array.from(VECTOR.pkR).buffer,
    true,
  );
  const sender = await suite.createSenderContext({
    recipientPublicKey: publicKey as webcrypto.CryptoKey,
    info: RFC_INFO,
    ekm: VECTOR.ikmE,
  });
  assert.equal(Buffer.from(sender.enc).toString("hex"), VECTOR.enc);
  const sink = createHash("shake128", { outputLength: 16 });
  for (let message = 0; message < 1000; message++) {
    const aad = draw();
    sink.update(Buffer.from(await sender.seal(draw(), aad)));
  }
  assert.equal(sink.digest("hex"), "1702e73e1e71705faa8241022af1deea");
});

test("a wrapped key with any bit turned, another info or another private key does not open", async () => {
  const { dataPublicKey, private: keys } = testRing(1);
  const info = Buffer.from("here");
  const wrapped = await wrapKey({ publicKey: dataPublicKey, info, key: Buffer.alloc(32, 7) });
  assert.equal(wrapped.length, 80);
  const { dataPrivateKey: privateKey } = keys;
  assert.equal(await unwrapKey({ privateKey, info: Buffer.from("there"), wrapped }), undefined);
  const other = testRing(2).private.dataPrivateKey;
  assert.equal(await unwrapKey({ privateKey: other, info, wrapped }), undefined);
  for (let bit = 0; bit < wrapped.length * 8; bit += 5) {
    const opened = await unwrapKey({ privateKey, info, wrapped: withBitFlipped(wrapped, bit) });
    assert.equal(opened, undefined, `bit ${bit}`);
  }
});
