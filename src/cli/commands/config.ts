/** `pra config`: what holds, and where it comes from. */
import type { Command } from "commander";

import type { SettingsComparison } from "../../app/config-save.ts";
import type { ShownConfiguration } from "../../app/config-show.ts";
import type { Frame } from "../frame.ts";
import { defineCommand, defineGroup } from "../program.ts";
import { formatTable } from "../table.ts";
import { configText } from "../text/config-text.ts";

function renderConfiguration(
  shown: ShownConfiguration,
  frame: Frame,
  originOf: (index: number) => string,
): string {
  const text = configText[frame.language];
  const { envFile, settings, unknown } = shown;
  return [
    envFile === undefined ? text.noFile : text.file(envFile),
    "",
    formatTable(
      [{ heading: text.name }, { heading: text.value }, { heading: text.origin }],
      settings.map(({ name, value, origin }) => [name, value ?? "–", origin === "-" ? "" : origin]),
    ),
    ...(unknown.length === 0 ? [] : [""]),
    ...unknown.map(
      ({ name, meant }, index) =>
        text.unknown(name, originOf(index)) + (meant === undefined ? "" : text.meant(meant)),
    ),
  ].join("\n");
}

async function show(frame: Frame): Promise<void> {
  const { showConfiguration } = await import("../../app/config-show.ts");
  const { formatOrigin } = await import("../../app/setting-values.ts");
  const shown = showConfiguration(frame.environment(), frame.language);
  const origins = shown.unknown.map(({ origin }) => formatOrigin(origin));
  frame.result(
    {
      envFile: shown.envFile ?? null,
      settings: shown.settings.map((one) => ({ ...one, value: one.value ?? null })),
      unknown: shown.unknown.map(({ name, meant }, index) => ({
        name,
        origin: origins[index] ?? "",
        meant: meant ?? null,
      })),
    },
    () => renderConfiguration(shown, frame, (index) => origins[index] ?? ""),
  );
}

/** One value, for scripts. */
async function get(typed: string, frame: Frame): Promise<void> {
  const { valueOfSetting } = await import("../../app/config-show.ts");
  const value = valueOfSetting(frame.environment(), typed, frame.language);
  frame.result({ name: typed, value }, () => value);
}

async function save(frame: Frame): Promise<void> {
  const text = configText[frame.language];
  const { compose } = await import("../../app/compose.ts");
  const { saveConfiguration } = await import("../../app/config-save.ts");
  const { signal } = frame;
  const result = await saveConfiguration(compose(), frame.environment(), { signal });
  const { kind, number, path } = result;
  frame.result({ saved: kind === "saved", number, path }, () =>
    kind === "saved" ? text.saved(path, number) : text.unchanged(path, number),
  );
}

function renderComparison(comparison: SettingsComparison, frame: Frame): string {
  const text = configText[frame.language];
  const rows = comparison.hosts.map(({ id, host, isThisHost, savedAt, same, names }) => [
    `${host ?? id.slice(0, 8)}${isThisHost ? ` ${text.thisHost}` : ""}`,
    savedAt ?? "–",
    same ? text.same : names === undefined ? text.differs : text.differsIn(names.join(", ")),
  ]);
  return [
    text.file(comparison.path),
    "",
    formatTable([{ heading: text.host }, { heading: text.date }, { heading: text.state }], rows),
    ...(comparison.saved ? [] : ["", text.notSaved]),
  ].join("\n");
}

async function compare(frame: Frame): Promise<void> {
  const { compose } = await import("../../app/compose.ts");
  const { compareConfiguration } = await import("../../app/config-save.ts");
  const { signal } = frame;
  const comparison = await compareConfiguration(compose(), frame.environment(), { signal });
  const { path, same, saved, hosts } = comparison;
  frame.result(
    {
      same,
      saved,
      path,
      hosts: hosts.map(({ host, savedAt, names, ...rest }) => ({
        ...rest,
        host: host ?? null,
        savedAt: savedAt ?? null,
        names: names ?? null,
      })),
    },
    () => renderComparison(comparison, frame),
  );
  if (!same || !saved) {
    frame.conclude({ kind: "problems" });
  }
}

/** Registers the group. */
export function registerConfig(program: Command, frame: Frame): void {
  const text = configText[frame.language];
  const group = defineGroup(program, frame.language, "config", text.groupSummary);
  defineCommand(group, frame.language, "show", text.show).action(() => show(frame));
  defineCommand(group, frame.language, "get", text.get)
    .argument("<name>", text.argumentName)
    .action((typed: string) => get(typed, frame));
  defineCommand(group, frame.language, "save", text.save).action(() => save(frame));
  defineCommand(group, frame.language, "compare", text.compare).action(() => compare(frame));
}
