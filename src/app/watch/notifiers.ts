/**
 * Every way to people that the configuration names, as routes with their adapters: those of the settings, which are told everything, and those
 * of the contacts in `pra.yaml`, who are told as escalation says. A recipient who is named twice is told once.
 */
import { type Route, routeIdOf } from "../../watch/compose-messages.ts";
import type { Notifier } from "../../watch/notifier.ts";
import type { PraYamlContent } from "../pra-yaml/schema.ts";
import type { Environment } from "../environment.ts";
import { reportZone } from "../report-zone.ts";

type ContactEntry = NonNullable<PraYamlContent["contacts"]>[number];

type Recipients = { readonly mailTo: readonly string[]; readonly smsTo: readonly string[] };

/** Makes the adapters for an environment; `to`: other people than its settings name. */
export type NotifierSource = (environment: Environment, to?: Recipients) => readonly Notifier[];

/** A route and what carries it. */
export type Way = { readonly route: Route; readonly notifier: Notifier };

/** SMS wake people: only what is critical goes there. */
function minimumOf({ channel }: Notifier): Route["minimum"] {
  return channel === "sms" ? "critical" : "warning";
}

function wayOf(notifier: Notifier, about: Pick<Route, "language" | "zone" | "contact">): Way {
  const { channel, recipient } = notifier;
  const id = routeIdOf(notifier);
  return { route: { id, channel, recipient, minimum: minimumOf(notifier), ...about }, notifier };
}

/** Whom mail and SMS go to. */
function recipientsOf({ email, sms }: ContactEntry): Recipients {
  return { mailTo: email === undefined ? [] : [email], smsTo: sms === undefined ? [] : [sms] };
}

/** All ways, those of the settings first. */
export function waysOf(
  environment: Environment,
  contacts: readonly ContactEntry[],
  notifiersOf: NotifierSource,
): readonly Way[] {
  const { language } = environment;
  const zone = reportZone(environment);
  const ways = [
    ...notifiersOf(environment).map((notifier) =>
      wayOf(notifier, { language, zone, contact: undefined }),
    ),
    ...contacts.flatMap((contact) =>
      notifiersOf(environment, recipientsOf(contact))
        .filter(({ channel }) => channel === "email" || channel === "sms")
        .map((notifier) =>
          wayOf(notifier, {
            language: contact.language ?? language,
            zone: contact.timeZone ?? zone,
            contact: contact.name,
          }),
        ),
    ),
  ];
  return ways.filter(
    ({ route }, index) => ways.findIndex((other) => other.route.id === route.id) === index,
  );
}
