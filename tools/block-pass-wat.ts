/**
 * Writes the block pass as WebAssembly text: SIMD code for the fingerprint and the page checksum that
 * `src/pipeline/block-pass-reference.ts` defines. It must never read or write outside the ranges it is
 * given: its callers check them, the code itself only has the memory's own bounds.
 *
 * Two shapes of loop exist: the plain one for fingerprints alone (any length), and one that computes
 * fingerprint and checksum of a page in the same round over 128 bytes, which keeps both units of the CPU
 * busy and loads each byte once.
 */
import { CHECKSUM_PRIME, CHECKSUM_SEEDS } from "../src/pipeline/page-checksum.ts";

const PRIME_61 = "0x1fffffffffffffff";
const PAIRS = [0, 1, 2, 3];
const SUMS = [0, 1, 2, 3, 4, 5, 6, 7];

/** One group of 32 bytes, already in $x and $y, into the four NH accumulators; `at` is its byte offset. */
function nhStep(at: number): string {
  return [0, 1]
    .map((hash) => {
      const key = at * 2 + hash * 32;
      return `
      (local.set $p (i32x4.add (local.get $x) (v128.load offset=${key} (local.get $key))))
      (local.set $q (i32x4.add (local.get $y) (v128.load offset=${key + 16} (local.get $key))))
      (local.set $l${hash} (i64x2.add (local.get $l${hash}) (i64x2.extmul_low_i32x4_u (local.get $p) (local.get $q))))
      (local.set $h${hash} (i64x2.add (local.get $h${hash}) (i64x2.extmul_high_i32x4_u (local.get $p) (local.get $q))))`;
    })
    .join("");
}

function loadGroup(at: number): string {
  return `
      (local.set $x (v128.load offset=${at} (local.get $at)))
      (local.set $y (v128.load offset=${at + 16} (local.get $at)))`;
}

/** One vector of four checksum lanes: sum = (sum ^ value) * prime ^ (sum ^ value) >> 17. */
function checksumStep(sum: number, value: string): string {
  return `
      (local.set $t (v128.xor (local.get $s${sum}) ${value}))
      (local.set $s${sum} (v128.xor (i32x4.mul (local.get $t) (local.get $prime)) (i32x4.shr_u (local.get $t) (i32.const 17))))`;
}

/** 128 bytes: four groups for NH, one row for the checksum. The first row leaves pd_checksum out. */
function row(isFirst: boolean): string {
  const masked =
    "(v128.and (local.get $x) (v128.const i32x4 0xffffffff 0xffffffff 0xffff0000 0xffffffff))";
  return PAIRS.map((pair) => {
    const first = isFirst && pair === 0 ? masked : "(local.get $x)";
    return (
      loadGroup(pair * 32) +
      nhStep(pair * 32) +
      checksumStep(pair * 2, first) +
      checksumStep(pair * 2 + 1, "(local.get $y)")
    );
  }).join("");
}

const NH_LOCALS =
  "(local $x v128) (local $y v128) (local $p v128) (local $q v128) (local $l0 v128) (local $h0 v128) (local $l1 v128) (local $h1 v128)";

/** The two lanes of a vector, added. */
function laneSum(vector: string): string {
  return `(i64.add (i64x2.extract_lane 0 ${vector}) (i64x2.extract_lane 1 ${vector}))`;
}

/** Joins the accumulators, before `MAP_CALL` hands both NH values and the length to the linear map. */
const JOIN = `
    (local.set $l0 (i64x2.add (local.get $l0) (local.get $h0)))
    (local.set $l1 (i64x2.add (local.get $l1) (local.get $h1)))`;
const MAP_CALL = `(call $map ${laneSum("(local.get $l0)")} ${laneSum("(local.get $l1)")} (i64.extend_i32_u (local.get $length)) (local.get $map))`;

/**
 * The linear map modulo 2^61 - 1. Multipliers are split at bit 32: the products of the lower halves are below
 * 2^64 and folded once (below 2^61 + 8, five of them below 2^64); those of the upper halves are below
 * 2^29 * 2^32 = 2^61, five of them below 2^64; multiplying by 2^32 is a rotation within 61 bits.
 */
function linearMap(): string {
  const limbs = [
    "(i64.and (local.get $a) (i64.const 0xffffffff))",
    "(i64.shr_u (local.get $a) (i64.const 32))",
    "(i64.and (local.get $b) (i64.const 0xffffffff))",
    "(i64.shr_u (local.get $b) (i64.const 32))",
    "(local.get $length)",
  ];
  const steps = limbs.map(
    (limb, index) => `
    (local.set $limb ${limb})
    (local.set $v (i64.mul (local.get $limb) (i64.load32_u offset=${index * 8} (local.get $map))))
    (local.set $low (i64.add (local.get $low) (i64.add (i64.and (local.get $v) (i64.const ${PRIME_61})) (i64.shr_u (local.get $v) (i64.const 61)))))
    (local.set $high (i64.add (local.get $high) (i64.mul (local.get $limb) (i64.load32_u offset=${index * 8 + 4} (local.get $map)))))`,
  );
  return `
  (func $reduce (param $v i64) (result i64)
    (local.set $v (i64.add (i64.and (local.get $v) (i64.const ${PRIME_61})) (i64.shr_u (local.get $v) (i64.const 61))))
    (select (i64.sub (local.get $v) (i64.const ${PRIME_61})) (local.get $v) (i64.ge_u (local.get $v) (i64.const ${PRIME_61}))))
  (func $map (param $a i64) (param $b i64) (param $length i64) (param $map i32) (result i64)
    (local $limb i64) (local $v i64) (local $low i64) (local $high i64)${steps.join("")}
    (local.set $high (call $reduce (local.get $high)))
    (call $reduce (i64.add (i64.load offset=40 (local.get $map)) (i64.add
      (call $reduce (local.get $low))
      (i64.add (i64.and (i64.shl (local.get $high) (i64.const 32)) (i64.const ${PRIME_61})) (i64.shr_u (local.get $high) (i64.const 29)))))))`;
}

/** The fingerprint of any length; the last bytes go through the 32-byte scratch behind the linear map. */
function fingerprint(): string {
  return `
  (func $fingerprint (export "fingerprint") (param $at i32) (param $length i32) (param $key i32) (param $map i32) (result i64)
    (local $end i32) (local $rest i32) (local $scratch i32) ${NH_LOCALS}
    (local.set $end (i32.add (local.get $at) (i32.and (local.get $length) (i32.const -32))))
    (local.set $rest (i32.and (local.get $length) (i32.const 31)))
    (block $done (loop $again
      (if (i32.lt_u (local.get $at) (local.get $end)) (then (loop $group${loadGroup(0)}${nhStep(0)}
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (local.set $key (i32.add (local.get $key) (i32.const 64)))
        (br_if $group (i32.lt_u (local.get $at) (local.get $end))))))
      (br_if $done (i32.eqz (local.get $rest)))
      (local.set $scratch (i32.add (local.get $map) (i32.const 64)))
      (v128.store (local.get $scratch) (v128.const i32x4 0 0 0 0))
      (v128.store offset=16 (local.get $scratch) (v128.const i32x4 0 0 0 0))
      (memory.copy (local.get $scratch) (local.get $at) (local.get $rest))
      (local.set $at (local.get $scratch))
      (local.set $end (i32.add (local.get $scratch) (i32.const 32)))
      (local.set $rest (i32.const 0))
      (br $again)))${JOIN}
    ${MAP_CALL})`;
}

/** Fingerprint (stored at $out) and checksum (returned) of one page. */
function page(): string {
  const seeds = SUMS.map(
    (sum) =>
      `(local.set $s${sum} (v128.const i32x4 ${CHECKSUM_SEEDS.slice(sum * 4, sum * 4 + 4)
        .map((seed) => `0x${seed.toString(16)}`)
        .join(" ")}))`,
  );
  const next = `
      (local.set $at (i32.add (local.get $at) (i32.const 128)))
      (local.set $key (i32.add (local.get $key) (i32.const 256)))`;
  const zeros = SUMS.map((sum) => checksumStep(sum, "(v128.const i32x4 0 0 0 0)")).join("");
  const folds = SUMS.slice(1).map(
    (sum) => `(local.set $s0 (v128.xor (local.get $s0) (local.get $s${sum})))`,
  );
  const lanes = PAIRS.map((lane) => `(i32x4.extract_lane ${lane} (local.get $s0))`);
  return `
  (func $page (param $at i32) (param $length i32) (param $key i32) (param $map i32) (param $out i32) (param $number i32) (result i32)
    (local $end i32) (local $t v128) (local $prime v128) ${NH_LOCALS}
    ${SUMS.map((sum) => `(local $s${sum} v128)`).join(" ")}
    (local.set $prime (i32x4.splat (i32.const ${CHECKSUM_PRIME})))
    ${seeds.join("\n    ")}
    (local.set $end (i32.add (local.get $at) (local.get $length)))${row(true)}${next}
    (loop $row${row(false)}${next}
      (br_if $row (i32.lt_u (local.get $at) (local.get $end))))${zeros}${zeros}
    ${folds.join("\n    ")}${JOIN}
    (i64.store (local.get $out) ${MAP_CALL})
    (i32.add (i32.const 1) (i32.rem_u
      (i32.xor (local.get $number) (i32.xor (i32.xor ${lanes[0]} ${lanes[1]}) (i32.xor ${lanes[2]} ${lanes[3]})))
      (i32.const 65535))))`;
}

/** The loop over blocks: status bytes, fingerprints; returns the number of bad pages. */
function pass(): string {
  return `
  (func $zero (param $at i32) (param $length i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (loop $next
      (if (v128.any_true (v128.or (v128.load (local.get $at)) (v128.load offset=16 (local.get $at)))) (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (i32.const 1))
  (func (export "pass") (param $at i32) (param $count i32) (param $length i32) (param $number i32) (param $check i32)
      (param $key i32) (param $map i32) (param $out i32) (param $statuses i32) (result i32)
    (local $bad i32) (local $status i32)
    (block $done (loop $next
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $status (call $zero (local.get $at) (local.get $length)))
      (if (i32.or (local.get $status) (i32.eqz (local.get $check)))
        (then (i64.store (local.get $out) (call $fingerprint (local.get $at) (local.get $length) (local.get $key) (local.get $map))))
        (else
          (if (i32.ne (i32.load16_u offset=8 (local.get $at))
              (call $page (local.get $at) (local.get $length) (local.get $key) (local.get $map) (local.get $out) (local.get $number)))
            (then (local.set $status (i32.const 2))))
          (if (i32.eqz (i32.load16_u offset=14 (local.get $at))) (then (local.set $status (i32.const 3))))
          (local.set $bad (i32.add (local.get $bad) (i32.ge_u (local.get $status) (i32.const 2))))))
      (i32.store8 (local.get $statuses) (local.get $status))
      (local.set $at (i32.add (local.get $at) (local.get $length)))
      (local.set $out (i32.add (local.get $out) (i32.const 8)))
      (local.set $statuses (i32.add (local.get $statuses) (i32.const 1)))
      (local.set $number (i32.add (local.get $number) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $next)))
    (local.get $bad))`;
}

/** The whole module. `memory` is the import's limits: a shared memory needs a module that says so. */
export function blockPassText(memory: "shared" | "unshared"): string {
  const limits = memory === "shared" ? "1 1024 shared" : "1 1024";
  return `(module
  (memory (import "region" "memory") ${limits})${linearMap()}${fingerprint()}${page()}${pass()}
)
`;
}
