/**
 * Preloaded with `--import` by `npm run test:guards`: switches guards off by `PRA_GUARD_OFF` in the process of a test itself, before
 * its first line. Worker threads and the program read the same variable by themselves.
 */
import { configureFailpointsFrom } from "../../src/files/failpoint-effects.ts";

configureFailpointsFrom(process.env);
