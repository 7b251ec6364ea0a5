/**
 * Who is reached by mail and SMS: whom the settings name, and the contacts of `pra.yaml`. Who is named twice is one.
 */
import type { Language } from "../../core/language.ts";
import type { Environment } from "../environment.ts";
import type { ChannelRecipients } from "./channels-of.ts";

/** Addresses and numbers, and the language of those that have one of their own. */
export type People = ChannelRecipients & { readonly languages: ReadonlyMap<string, Language> };

/** Everybody. @throws DrError `CONFIG_YAML_*` when `pra.yaml` cannot be used. */
export async function everybody(environment: Environment): Promise<People> {
  const { readPraYaml } = await import("../pra-yaml/read.ts");
  const contacts = (await readPraYaml(environment))?.content.contacts ?? [];
  const languages = new Map<string, Language>();
  const mailTo = new Set(environment.alerts.mailTo);
  const smsTo = new Set(environment.alerts.smsTo);
  for (const { email, sms, language } of contacts) {
    for (const [address, all] of [
      [email, mailTo],
      [sms, smsTo],
    ] as const) {
      if (address !== undefined && !all.has(address)) {
        all.add(address);
        if (language !== undefined) {
          languages.set(address, language);
        }
      }
    }
  }
  return { mailTo: [...mailTo], smsTo: [...smsTo], languages };
}
