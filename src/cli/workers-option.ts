/** `--workers`: threads that do the bulk work, for every command that backs up or restores. */
import { availableParallelism } from "node:os";
import { Option } from "commander";
import { workersDefaultMax, workersMax } from "../core/limits.ts";
import { wholeNumber } from "./whole-number.ts";

/** The option; as many as there are processors when it is not given, up to a maximum. */
export function workersOption(help: string, command: string): Option {
  return new Option("--workers <n>", help)
    .argParser(wholeNumber({ name: "--workers", command, min: 1, max: workersMax }))
    .default(Math.min(workersDefaultMax, availableParallelism()));
}
