/** `--jobs`: streams of PostgreSQL's own programs beside each other, for every command that fills a database. */
import { Option } from "commander";
import { dumpJobsDefault, dumpJobsMax } from "../core/limits.ts";
import { wholeNumber } from "./whole-number.ts";

/** The option. */
export function jobsOption(help: string, command: string): Option {
  return new Option("--jobs <n>", help)
    .argParser(wholeNumber({ name: "--jobs", command, min: 1, max: dumpJobsMax }))
    .default(dumpJobsDefault);
}
