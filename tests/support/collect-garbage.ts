/** A whole garbage collection, now: what a test measures of memory then does not depend on when the next one would have come. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");

export const collectGarbage = runInNewContext("gc") as () => void;
