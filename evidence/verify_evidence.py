#!/usr/bin/env python3
"""Checks a bundle of evidence made by `pra evidence export`, without the program that made it.

    python3 -I verify_evidence.py --root FINGERPRINT [--anchor FILE]... [--lang fr] BUNDLE

BUNDLE is the .tar or the folder it was unpacked into. FINGERPRINT is that of the repository's root key: take it from the
printed recovery sheet or from `pra key list` on a host you trust, never from the bundle. Needs Python 3.8 and nothing else.
Answers 0: all is as it was recorded; 1: something is not; 2: nothing contradicts itself, but no root was given to compare.

What is checked, in this order:
  1. every file has the SHA-256 that SHA256SUMS says, none is missing, none is added;
  2. SHA256SUMS and anchor.txt are signed (Ed25519) by a key that the root key enrolled;
  3. every event's hash is the SHA-256 of its line, each names the one before, from the last before the period on, and each
     writer's last event is the one that the signed anchor names: so none was edited, removed, moved, added or cut off;
  4. anchors that were kept elsewhere agree;
  5. every event stands in exactly one list, each row says what its event says, CSV and JSON agree, and the counts add up;
  6. days and weeks told as done or missed, and the rates in sla.json, are what the events give, for the whole period and each cluster;
  7. each archived report has the hashes that the ledger recorded.
"""
import sys

# Nothing is taken from the folder in which this lies: it is the bundle that is judged, and an argparse.py in it would run before any check.
if __name__ == "__main__" and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]

import argparse
import csv
import datetime
import hashlib
import io
import json
import os
import re
import tarfile

# An event may be 256 KiB long, and so may a cell; by itself Python refuses one beyond 128 KiB.
csv.field_size_limit(2**31 - 1)

# --- Ed25519 verification: RFC 8032, section 5.1.7, with extended coordinates ---------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_decompress(encoded):
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else (0, y, 1, 0)
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - x2) % P != 0:
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signature_holds(public, message, signature):
    """True when the 64 bytes are the signature of the message under the 32 bytes."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = point_decompress(public), point_decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = point_multiply(s, BASE), point_add(r, point_multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- What is said ---------------------------------------------------------------------------------------------------

TEXTS = {
    "en": {
        "sums": "files have their checksums",
        "signed": "signed by an enrolled key",
        "chain": "the ledger's chain is whole",
        "anchors": "kept anchors agree",
        "lists": "lists hold what the ledger holds, and add up",
        "routines": "days, weeks and rates are what the events give",
        "reports": "reports are those that were recorded",
        "whole": "All is as it was recorded: {events} events, {writers} writers, from {from} to {to}.",
        "unproved": "Nothing contradicts itself, but WHO signed is not shown: give --root with the fingerprint of the root key.\nThe bundle says {root}; compare it with the printed recovery sheet.",
        "broken": "Problems: {count}. This is not what was recorded.",
        "unreadable": "cannot be read: {reason}",
        "sum": "does not have its checksum",
        "unlisted": "is not named in SHA256SUMS",
        "absent": "is named in SHA256SUMS and missing",
        "root": "the root key is not the one with the fingerprint {root}",
        "enrolment": "the key that signed was not enrolled by the root key",
        "signature": "the signature does not fit",
        "foreign": "is of another repository",
        "edited": "event {sequence} of {writer} is not continued by the next one: one of the two was edited or replaced",
        "gap": "events {first} to {last} of {writer} are missing",
        "order": "event {sequence} of {writer} stands behind event {after}",
        "begin": "the stretch of {writer} begins with event {sequence}, and nothing shows what was before",
        "early": "event {sequence} of {writer} is outside of the period",
        "cut": "{writer} ends with event {found}, the signed head is event {sequence}",
        "head": "event {sequence} of {writer} is not the one that was signed",
        "stranger": "{writer} is not among the signed writers",
        "digest": "the heads are not those that were signed",
        "kept": "the anchor of {made} knew event {sequence} of {writer} otherwise",
        "keptcut": "the anchor of {made} knew event {sequence} of {writer}, the ledger ends with {found}",
        "keptsettled": "the anchor of {made} knew {events} events of {writers} writers up to {until}; the ledger has {foundEvents} of {foundWriters}",
        "keptnothing": "{place}: nothing in this bundle can be held against the anchor of {made}; evidence of the period in which it was made can",
        "row": "row {row} does not say what its event says ({field})",
        "rowevent": "row {row} names an event that is not in the ledger of this period or belongs to another list",
        "rowtwice": "row {row} names an event a second time",
        "rowabsent": "event {sequence} of {writer} ({kind}) is missing",
        "csv": "row {row} differs from the JSON list ({field})",
        "columns": "a column stands there twice",
        "cells": "row {row} has {found} cells, the heading has {wanted}",
        "listextra": "is a list that the manifest does not name",
        "rows": "{found} rows, {wanted} in the other file or in the manifest",
        "count": "{what}: {wanted} are told, {found} are there",
        "routine": "row {row}: {routine} of {day} is told as done={told}, the events say {found}",
        "routineabsent": "{routine} of {cluster} on {day} is missing from the list",
        "routinespan": "row {row}: {routine} from {begin} to {end} is no day or week of the time zone",
        "routineoutside": "row {row}: {routine} from {begin} to {end} does not end in the period",
        "weekbefore": "the week of {day} of cluster {cluster} began before the period: that its proof was made before was not checked",
        "nozone": "this Python knows no time zone {zone}: that days and weeks begin by its clocks was not checked",
        "rate": "{cluster}: {what} {told} told, {found} by the events",
        "bounds": "{what} is {told}, the bundle says {wanted} elsewhere",
        "clusterabsent": "{cluster} has backups or proofs in this period and is not there",
        "report": "the SHA-256 is not the one that the ledger recorded",
        "reportabsent": "is recorded and missing",
        "reportextra": "is a report that the ledger of this period does not record",
        "told": "was {state} already when the bundle was made: {reason}",
    },
    "fr": {
        "sums": "les fichiers ont leurs sommes de contrôle",
        "signed": "signé par une clé inscrite",
        "chain": "la chaîne du journal est entière",
        "anchors": "les ancrages conservés concordent",
        "lists": "les listes contiennent ce que contient le journal, et leurs comptes s'additionnent",
        "routines": "jours, semaines et taux sont ce que donnent les événements",
        "reports": "les rapports sont ceux qui ont été consignés",
        "whole": "Tout est tel que consigné : {events} événements, {writers} auteurs, du {from} au {to}.",
        "unproved": "Rien ne se contredit, mais QUI a signé n'est pas montré : donnez --root avec l'empreinte de la clé racine.\nLe lot dit {root} ; comparez avec la feuille de secours imprimée.",
        "broken": "Problèmes : {count}. Ce n'est pas ce qui a été consigné.",
        "unreadable": "illisible : {reason}",
        "sum": "n'a pas sa somme de contrôle",
        "unlisted": "n'est pas nommé dans SHA256SUMS",
        "absent": "est nommé dans SHA256SUMS et manque",
        "root": "la clé racine n'est pas celle dont l'empreinte est {root}",
        "enrolment": "la clé qui a signé n'a pas été inscrite par la clé racine",
        "signature": "la signature ne correspond pas",
        "foreign": "vient d'un autre dépôt",
        "edited": "l'événement {sequence} de {writer} n'est pas continué par le suivant : l'un des deux a été modifié ou remplacé",
        "gap": "les événements {first} à {last} de {writer} manquent",
        "order": "l'événement {sequence} de {writer} se trouve après l'événement {after}",
        "begin": "la suite de {writer} commence à l'événement {sequence}, et rien ne montre ce qui précédait",
        "early": "l'événement {sequence} de {writer} est hors de la période",
        "cut": "{writer} s'arrête à l'événement {found}, la tête signée est l'événement {sequence}",
        "head": "l'événement {sequence} de {writer} n'est pas celui qui a été signé",
        "stranger": "{writer} n'est pas parmi les auteurs signés",
        "digest": "les têtes ne sont pas celles qui ont été signées",
        "kept": "l'ancrage du {made} connaissait autrement l'événement {sequence} de {writer}",
        "keptcut": "l'ancrage du {made} connaissait l'événement {sequence} de {writer}, le journal s'arrête à {found}",
        "keptsettled": "l'ancrage du {made} connaissait {events} événements de {writers} auteurs jusqu'au {until} ; le journal en a {foundEvents} de {foundWriters}",
        "keptnothing": "{place} : rien dans ce lot ne peut être comparé à l'ancrage du {made} ; des éléments de preuve de la période où il a été fait le peuvent",
        "row": "la ligne {row} ne dit pas ce que dit son événement ({field})",
        "rowevent": "la ligne {row} nomme un événement absent du journal de cette période ou d'une autre liste",
        "rowtwice": "la ligne {row} nomme un événement une seconde fois",
        "rowabsent": "l'événement {sequence} de {writer} ({kind}) manque",
        "csv": "la ligne {row} diffère de la liste JSON ({field})",
        "columns": "une colonne y figure deux fois",
        "cells": "la ligne {row} a {found} cellules, l'en-tête en a {wanted}",
        "listextra": "est une liste que le manifeste ne nomme pas",
        "rows": "{found} lignes, {wanted} dans l'autre fichier ou au manifeste",
        "count": "{what} : {wanted} annoncés, {found} présents",
        "routine": "ligne {row} : {routine} du {day} annoncé done={told}, les événements disent {found}",
        "routineabsent": "{routine} de {cluster} le {day} manque à la liste",
        "routinespan": "ligne {row} : {routine} du {begin} au {end} n'est ni un jour ni une semaine du fuseau",
        "routineoutside": "ligne {row} : {routine} du {begin} au {end} ne se termine pas dans la période",
        "weekbefore": "la semaine du {day} du cluster {cluster} a commencé avant la période : que sa preuve a été faite avant n'a pas été vérifié",
        "nozone": "ce Python ne connaît pas le fuseau {zone} : que jours et semaines suivent ses horloges n'a pas été vérifié",
        "rate": "{cluster} : {what} {told} annoncés, {found} selon les événements",
        "bounds": "{what} est {told}, le lot dit ailleurs {wanted}",
        "clusterabsent": "{cluster} a des sauvegardes ou des preuves dans cette période et n'y figure pas",
        "report": "le SHA-256 n'est pas celui que le journal a consigné",
        "reportabsent": "est consigné et manque",
        "reportextra": "est un rapport que le journal de cette période ne consigne pas",
        "told": "était déjà {state} quand le lot a été fait : {reason}",
    },
}

FIRST_PREVIOUS = "0" * 64
ADDED_BY_SEALING = ("SHA256SUMS", "signature.txt")


class Problem(Exception):
    """What cannot be read at all."""


# What reading something else than a bundle ends in.
UNREADABLE = (
    Problem,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    RecursionError,
    csv.Error,
)


def shown(value):
    """A value as it may stand on a terminal: names of files and what events say were written by others."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in str(value))


class Report:
    """Problems by check; a place is a file, or a line of it."""

    def __init__(self, language):
        self.texts = TEXTS[language]
        self.checks = []
        self.notes = []
        self.count = 0

    def begin(self, check):
        self.checks.append((check, []))

    def text(self, key, **values):
        return self.texts[key].format(**{name: shown(value) for name, value in values.items()})

    def add(self, place, key, **values):
        self.count += 1
        self.checks[-1][1].append(shown(place) + ": " + self.text(key, **values))

    def note(self, key, **values):
        """What could not be checked here; no problem of the bundle."""
        self.notes.append(self.text(key, **values))

    def withdraw(self):
        """The check that was begun last, where it found nothing wrong because there was nothing to find."""
        if not self.checks[-1][1]:
            self.checks.pop()

    def print(self):
        for check, problems in self.checks:
            print(("✓ " if not problems else "✗ ") + self.texts[check])
            for problem in problems[:50]:
                print("    " + problem)
            if len(problems) > 50:
                print("    … +%d" % (len(problems) - 50))
        for note in self.notes:
            print("? " + note)


# --- Reading --------------------------------------------------------------------------------------------------------


def read_bundle(path):
    """Every file by its name inside the bundle."""
    files = {}
    try:
        if os.path.isdir(path):
            for folder, _, names in os.walk(path):
                for name in names:
                    full = os.path.join(folder, name)
                    with open(full, "rb") as file:
                        files[os.path.relpath(full, path).replace(os.sep, "/")] = file.read()
            return files
        with tarfile.open(path) as archive:
            for member in archive:
                name = member.name.split("/", 1)[-1]
                if not member.isfile() or name in files or ".." in name.split("/"):
                    raise Problem("%s: %s" % (path, member.name))
                files[name] = archive.extractfile(member).read()
    except (OSError, tarfile.TarError) as error:
        raise Problem("%s: %s" % (path, error))
    return files


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def read_json(files, name):
    try:
        return json.loads(files[name].decode("utf-8"))
    except KeyError:
        raise Problem(name)
    except (ValueError, RecursionError) as error:
        raise Problem("%s: %s" % (name, error))


def words_of_anchor(text):
    """The words of the last anchor in a text, without what mail programs put before lines."""
    begin, end = "-----BEGIN PRA LEDGER ANCHOR-----", "-----END PRA LEDGER ANCHOR-----"
    start = text.rfind(begin)
    stop = text.find(end, start)
    if start < 0 or stop < 0:
        raise Problem(begin)
    # A mail that was saved as it was sent breaks lines anywhere, behind an equals sign; an anchor holds none.
    whole = re.sub(r"=\r?\n", "", text[start + len(begin) : stop])
    return re.sub(r"^[\s>|]+", " ", whole, flags=re.M).split()


def read_anchor(text):
    """What an anchor says, and who signed it."""
    words = words_of_anchor(text)
    signed_words = words[: words.index("key")] if "key" in words else []
    anchor = {"heads": {}, "message": ("PRA anchor v1 " + " ".join(signed_words)).encode()}
    index = 0
    names = ("version", "repository", "generation", "made", "by", "until", "writers", "events", "digest")
    for name in names:
        if words[index : index + 1] != [name] or index + 1 >= len(words):
            raise Problem("anchor: %s" % name)
        anchor[name] = words[index + 1]
        index += 2
    while words[index] == "head":
        writer, sequence, digest = words[index + 1 : index + 4]
        anchor["heads"][writer] = (int(sequence), digest)
        index += 4
    for name in ("key", "enrolment", "signature"):
        if words[index : index + 1] != [name]:
            raise Problem("anchor: %s" % name)
        index += 1
        value = ""
        while index < len(words) and re.fullmatch(r"[0-9a-f]{1,128}", words[index]):
            value += words[index]
            index += 1
        anchor[name] = bytes.fromhex(value)
    return anchor


def fingerprint(key):
    digest = hashlib.sha256(key).hexdigest()[:32]
    return "-".join(digest[at : at + 4] for at in range(0, 32, 4))


def plain(text):
    return re.sub(r"[^0-9a-f]", "", text.lower())


class Bundle:
    """The files, and what is read from them once."""

    def __init__(self, path):
        self.files = read_bundle(path)
        self.manifest = read_json(self.files, "manifest.json")
        # The root key that the signer names, once that was read.
        self.signed_under = None
        self.repository = self.manifest["repositoryId"]
        self.roots = {root["generation"]: bytes.fromhex(root["key"]) for root in self.manifest["roots"]}
        self.events = self.lines("ledger/events.jsonl")
        self.before = {event["writer"]: (event, digest) for event, digest in self.lines("ledger/before.jsonl")}
        self.by_place = {(event["writer"], event["sequence"]): event for event, _ in self.events}
        self.hashes = {(event["writer"], event["sequence"]): digest for event, digest in self.events}
        for event, digest in self.before.values():
            self.hashes.setdefault((event["writer"], event["sequence"]), digest)
        self.last = {}
        for event, _ in list(self.before.values()) + self.events:
            self.last[event["writer"]] = event["sequence"]

    def lines(self, name):
        if name not in self.files:
            raise Problem(name)
        found = []
        for number, line in enumerate(self.files[name].split(b"\n"), 1):
            if line:
                try:
                    event = json.loads(line.decode("utf-8"))
                    event["writer"] + event["time"] + event["previousHash"], event["sequence"] + 0, event["kind"]
                except (ValueError, KeyError, TypeError, RecursionError) as error:
                    raise Problem("%s:%d: %s" % (name, number, error))
                found.append((event, sha256(line)))
        return found


# --- Checks ---------------------------------------------------------------------------------------------------------


def check_sums(bundle, report):
    report.begin("sums")
    listed = {}
    for line in bundle.files.get("SHA256SUMS", b"").decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    for name, digest in listed.items():
        if name not in bundle.files:
            report.add(name, "absent")
        elif sha256(bundle.files[name]) != digest:
            report.add(name, "sum")
    for name in bundle.files:
        if name not in listed and name not in ADDED_BY_SEALING:
            report.add(name, "unlisted")


def check_signer(place, signed, bundle, roots, report):
    """A key, the root's word for it, and its signature; `roots`: fingerprints that were given."""
    root = bundle.roots.get(signed["generation"])
    if root is None or (roots and plain(fingerprint(root)) not in roots):
        report.add(place, "root", root=", ".join(sorted(roots)) or "?")
        return
    enrolled = (
        b"PRA enrolment v1" + bytes.fromhex(bundle.repository) + signed["generation"].to_bytes(4, "little") + signed["key"]
    )
    if not signature_holds(root, enrolled, signed["enrolment"]):
        report.add(place, "enrolment")
    elif not signature_holds(signed["key"], signed["message"], signed["signature"]):
        report.add(place, "signature")


def check_anchor_signed(place, anchor, bundle, roots, report):
    if anchor["repository"] != bundle.repository:
        report.add(place, "foreign")
        return
    check_signer(place, dict(anchor, generation=int(anchor["generation"])), bundle, roots, report)


def check_signed(bundle, anchor, roots, report):
    report.begin("signed")
    words = dict(
        line.split(" ", 1) for line in bundle.files.get("signature.txt", b"").decode("utf-8", "replace").splitlines() if " " in line
    )
    try:
        signed = {name: bytes.fromhex(words[name]) for name in ("key", "enrolment", "signature")}
        signed["generation"] = int(words["generation"])
    except (KeyError, ValueError) as error:
        report.add("signature.txt", "unreadable", reason=error)
        return
    signed["message"] = b"PRA evidence v1\n" + bundle.files.get("SHA256SUMS", b"")
    bundle.signed_under = bundle.roots.get(signed["generation"])
    # Who hands the bundle over must belong to the newest keys; kept anchors may be of earlier ones.
    check_signer("signature.txt", signed, bundle, roots, report)
    check_anchor_signed("anchor.txt", anchor, bundle, roots, report)


def check_chain(bundle, anchor, report):
    report.begin("chain")
    place = "ledger/events.jsonl"
    begin, until = bundle.manifest["from"], bundle.manifest["until"]
    links = {writer: (event["sequence"], digest) for writer, (event, digest) in bundle.before.items()}
    seen = set()
    for event, digest in bundle.events:
        writer, sequence = event["writer"], event["sequence"]
        first = writer not in seen
        seen.add(writer)
        if writer not in links and sequence != 1:
            report.add(place, "begin", writer=writer, sequence=sequence)
        else:
            after, previous = links.get(writer, (0, FIRST_PREVIOUS))
            if sequence > after + 1:
                report.add(place, "gap", writer=writer, first=after + 1, last=sequence - 1)
            elif sequence <= after:
                report.add(place, "order", writer=writer, sequence=sequence, after=after)
            elif event["previousHash"] != previous:
                report.add(place, "edited", writer=writer, sequence=after)
        if (first and event["time"] < begin) or (until is not None and event["time"] > until):
            report.add(place, "early", writer=writer, sequence=sequence)
        links[writer] = (sequence, digest)
    for writer, (event, _) in bundle.before.items():
        if event["time"] >= begin:
            report.add("ledger/before.jsonl", "early", writer=writer, sequence=event["sequence"])
    check_heads(bundle, anchor, links, report)


def check_heads(bundle, anchor, links, report):
    """Each writer must end with the event that the signed anchor names, itself or by its digest."""
    lines = bundle.files.get("ledger/heads.txt", b"").decode("utf-8", "replace").splitlines()
    settled = {}
    for line in lines:
        writer, sequence, digest = (line.split(" ") + ["", "0", ""])[:3]
        settled[writer] = (int(sequence) if sequence.isdigit() else 0, digest)
    digest = sha256("".join(sorted(line + "\n" for line in lines)).encode())
    total = sum(sequence for sequence, _ in settled.values())
    if (digest, str(len(lines)), str(total)) != (anchor["digest"], anchor["writers"], anchor["events"]):
        report.add("ledger/heads.txt", "digest")
    ends = dict(settled, **anchor["heads"])
    for writer, (sequence, expected) in ends.items():
        found, digest = links.get(writer, (0, ""))
        if found != sequence:
            report.add("ledger/events.jsonl", "cut", writer=writer, found=found, sequence=sequence)
        elif digest != expected:
            report.add("ledger/events.jsonl", "head", writer=writer, sequence=sequence)
    for writer, (sequence, expected) in settled.items():
        if bundle.hashes.get((writer, sequence), expected) != expected:
            report.add("ledger/heads.txt", "head", writer=writer, sequence=sequence)
    for writer in links:
        if writer not in ends:
            report.add("ledger/events.jsonl", "stranger", writer=writer)


def check_kept(bundle, paths, roots, report):
    """Anchors hold heads of their time: of another period's bundle they may say nothing, and that is not agreement."""
    report.begin("anchors")
    compared = 0
    for path in paths:
        try:
            with open(path, encoding="utf-8") as file:
                kept = read_anchor(file.read())
        except (OSError, Problem, ValueError, IndexError) as error:
            report.add(path, "unreadable", reason=error)
            continue
        problems = report.count
        check_anchor_signed(path, kept, bundle, roots, report)
        here = check_kept_heads(bundle, kept, path, report) + check_kept_settled(bundle, kept, path, report)
        if here == 0 and report.count == problems:
            report.note("keptnothing", place=path, made=kept["made"])
        compared += here
    if compared == 0:
        report.withdraw()


def check_kept_heads(bundle, kept, path, report):
    """The heads that an anchor names one by one. Answers how many could be compared."""
    made = kept["made"]
    compared = 0
    for writer, (sequence, digest) in kept["heads"].items():
        last = bundle.last.get(writer, 0)
        if sequence > last and made <= (bundle.manifest["until"] or bundle.manifest["madeAt"]):
            report.add(path, "keptcut", made=made, writer=writer, sequence=sequence, found=last)
        elif (writer, sequence) in bundle.hashes:
            compared += 1
            if bundle.hashes[(writer, sequence)] != digest:
                report.add(path, "kept", made=made, writer=writer, sequence=sequence)
    return compared


def check_kept_settled(bundle, kept, path, report):
    """The heads that an anchor folded into a digest, made anew from the events: where its instant lies in the period. Answers 1 if it does."""
    until = kept["until"]
    if until < bundle.manifest["from"] or (bundle.manifest["until"] or bundle.manifest["madeAt"]) < until:
        return 0
    heads = {event["writer"]: (event["sequence"], digest) for event, digest in bundle.before.values()}
    beyond = set()
    for event, digest in bundle.events:
        if event["time"] > until:
            beyond.add(event["writer"])
        if event["writer"] not in beyond:
            heads[event["writer"]] = (event["sequence"], digest)
    lines = sorted("%s %d %s\n" % (writer, sequence, digest) for writer, (sequence, digest) in heads.items())
    if sha256("".join(lines).encode()) != kept["digest"]:
        report.add(
            path,
            "keptsettled",
            made=kept["made"],
            until=until,
            events=kept["events"],
            writers=kept["writers"],
            foundEvents=sum(sequence for sequence, _ in heads.values()),
            foundWriters=len(heads),
        )
    return 1


def bordered(run):
    """Between what can stand at the border of two cells and a sign that begins a formula: an apostrophe."""
    text = run.group()
    return text[:-1] + "'" + text[-1] if text[-1] in "'=+-@" and re.search(r"[;\t\r\n]", text) else text


def cell_of(value):
    """A value as it stands in a CSV cell: no spreadsheet, whatever separates its lists, takes it for a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = re.sub(r"[;\t\r\n \"]+['=+\-@]?", bordered, value)
        return "'" + text if re.match(r"['=+\-@\t\r]", value) else text
    return value


def same_cell(cell, value):
    expected = cell_of(value)
    if isinstance(expected, str):
        return cell == expected
    try:
        return json.loads(cell) == expected and not re.search(r"; *[=+\-@]", cell)
    except ValueError:
        return False


def read_list(bundle, name, report):
    """Rows of the JSON list, each held against the CSV file."""
    rows = read_json(bundle.files, "lists/%s.json" % name)
    place = "lists/%s.csv" % name
    text = bundle.files.get(place, b"").decode("utf-8-sig", "replace")
    table = list(csv.reader(io.StringIO(text, newline="")))
    heading, lines = (table[0], table[1:]) if table else ([], [])
    columns = {name: index for index, name in enumerate(heading)}
    if len(columns) != len(heading):
        report.add(place, "columns")
    if len(lines) != len(rows):
        report.add(place, "rows", found=len(lines), wanted=len(rows))
        return rows
    for number, (line, row) in enumerate(zip(lines, rows), 1):
        if len(line) != len(heading):
            report.add(place, "cells", row=number, found=len(line), wanted=len(heading))
        for field in row:
            index = columns.get(cell_of(field), len(line))
            if index >= len(line) or not same_cell(line[index], row[field]):
                report.add(place, "csv", row=number, field=field)
        for name in sorted(set(columns) - {cell_of(field) for field in row}):
            report.add(place, "csv", row=number, field=name)
    return rows


ENVELOPE = {
    "eventTime": "time",
    "eventKind": "kind",
    "eventWriter": "writer",
    "eventSequence": "sequence",
    "eventActor": "actor",
    "eventReason": "reason",
}


def check_row(place, number, row, event, name, report):
    """All that the event says stands in its row; what else stands there, of other kinds of the list, is empty."""
    data = event["data"]
    said = data if isinstance(data, dict) and name != "operations" else {"data": data}
    said = dict(said, **{field: event[told] for field, told in ENVELOPE.items()})
    for field in sorted(set(row) | set(said)):
        if field not in row or row[field] != said.get(field):
            report.add(place, "row", row=number, field=field)


def check_named(bundle, report):
    """What no list of the manifest is was held against nothing."""
    names = list(bundle.manifest["listKinds"]) + ["routines"]
    known = {"lists/%s.%s" % (name, form) for name in names for form in ("csv", "json")}
    for path in bundle.files:
        if path.startswith("lists/") and path not in known:
            report.add(path, "listextra")


def check_lists(bundle, report):
    report.begin("lists")
    manifest = bundle.manifest
    list_of = {kind: name for name, kinds in manifest["listKinds"].items() for kind in kinds}
    total = 0
    for name in manifest["listKinds"]:
        rows = read_list(bundle, name, report)
        place = "lists/%s.json" % name
        wanted = {
            (event["writer"], event["sequence"]): event
            for event, _ in bundle.events
            if list_of.get(event["kind"], "operations") == name
        }
        seen = set()
        for number, row in enumerate(rows, 1):
            at = (row.get("eventWriter"), row.get("eventSequence"))
            if at in seen:
                report.add(place, "rowtwice", row=number)
            elif at not in wanted:
                report.add(place, "rowevent", row=number)
            else:
                check_row(place, number, row, wanted[at], name, report)
            seen.add(at)
        for writer, sequence in sorted(set(wanted) - seen):
            kind = wanted[(writer, sequence)]["kind"]
            report.add(place, "rowabsent", writer=writer, sequence=sequence, kind=kind)
        if manifest["lists"].get(name) != len(wanted):
            report.add("manifest.json", "count", what=name, wanted=manifest["lists"].get(name), found=len(wanted))
        total += len(rows)
    check_named(bundle, report)
    kinds = {}
    for event, _ in bundle.events:
        kinds[event["kind"]] = kinds.get(event["kind"], 0) + 1
    writers = len({event["writer"] for event, _ in bundle.events})
    for what, wanted, found in (
        ("events", manifest["events"], len(bundle.events)),
        ("events", manifest["events"], total),
        ("writers", manifest["writers"], writers),
    ):
        if wanted != found:
            report.add("manifest.json", "count", what=what, wanted=wanted, found=found)
    for kind in sorted(set(kinds) | set(manifest["kinds"])):
        if kinds.get(kind, 0) != manifest["kinds"].get(kind, 0):
            report.add("manifest.json", "count", what=kind, wanted=manifest["kinds"].get(kind, 0), found=kinds.get(kind, 0))


ROUTINES = {"daily backup": ("backupFinished", 1), "weekly proof": ("proofFinished", 7)}
# Of whom one of these is told, something is due.
DEEDS = ("backupFinished", "backupFailed", "proofFinished")
DAY = datetime.timedelta(days=1)
# Clocks are set by an hour, seldom by more.
CLOCKS_SET = datetime.timedelta(hours=3)
HOUR = datetime.timedelta(hours=1)
MILLISECOND = datetime.timedelta(milliseconds=1)


def instant_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def zone_of(name):
    """The time zone, where this Python and this machine know it."""
    if name == "UTC":
        return datetime.timezone.utc
    try:
        import zoneinfo

        return zoneinfo.ZoneInfo(name)
    except (ImportError, LookupError, ValueError, OSError):
        return None


def check_routines(bundle, report):
    """Days and weeks, and rates; the program counts by time within the period."""
    report.begin("routines")
    sla = read_json(bundle.files, "sla.json")
    check_bounds(bundle.manifest, sla, report)
    inside = [event for event, _ in bundle.events if sla["from"] <= event["time"] < sla["to"]]
    deeds = {}
    for event in inside:
        cluster = event["data"].get("cluster") if isinstance(event["data"], dict) else None
        deeds.setdefault((cluster, event["kind"]), []).append(event["time"])
    rows = read_list(bundle, "routines", report)
    unfit = {(event["data"]["cluster"], event["time"]) for event in inside if event["kind"] == "proofFinished" and event["data"]["verdict"] == "unfit"}
    for number, row in enumerate(rows, 1):
        kind, _ = ROUTINES[row["routine"]]
        cluster = row["cluster"]
        # A proof that could not be made tested nothing.
        times = [time for time in deeds.get((cluster, kind), []) if kind != "proofFinished" or (cluster, time) not in unfit]
        done = any(row["from"] <= time < row["to"] for time in times)
        if row["done"] is True and not done and row["from"] < sla["from"]:
            report.note("weekbefore", cluster=cluster, day=row["from"][:10])
        elif done != row["done"]:
            report.add("lists/routines.json", "routine", row=number, routine=row["routine"], day=row["from"][:10], told=row["done"], found=done)
    check_spans(rows, sla, first_deeds(bundle), report)
    check_missed(rows, sla, report)
    told = {judged["cluster"] for judged in sla["clusters"]}
    for cluster in sorted({cluster for cluster, kind in deeds if kind in DEEDS and cluster is not None} - told):
        report.add("sla.json", "clusterabsent", cluster=cluster)
    for judged in sla["clusters"]:
        cluster = judged["cluster"]
        for what, good, bad in (("backups", "backupFinished", "backupFailed"), ("proofs", "proofFinished", None)):
            tried = len(deeds.get((cluster, good), [])) + len(deeds.get((cluster, bad), []))
            if judged[what]["tried"] != tried:
                report.add("sla.json", "rate", cluster=cluster, what=what, told=judged[what]["tried"], found=tried)
        backups = len(deeds.get((cluster, "backupFinished"), []))
        if judged["backups"]["good"] != backups:
            report.add("sla.json", "rate", cluster=cluster, what="backups.good", told=judged["backups"]["good"], found=backups)
        proven = sum(1 for event in inside if event["kind"] == "proofFinished" and event["data"]["cluster"] == cluster and event["data"]["verdict"] == "proven")
        if judged["proofs"]["good"] != proven:
            report.add("sla.json", "rate", cluster=cluster, what="proofs.good", told=judged["proofs"]["good"], found=proven)


def check_bounds(manifest, sla, report):
    """What was attained is told of the very period of the bundle: in a shorter one nothing might have failed."""
    until = manifest["until"]
    for what, wanted in (("from", manifest["from"]), ("to", manifest["to"]), ("zone", manifest["zone"]), ("goesOn", until is None)):
        if sla.get(what) != wanted:
            report.add("sla.json", "bounds", what=what, told=sla.get(what), wanted=wanted)
    end = instant_of(manifest["to"])
    if until is not None:
        fits = end == instant_of(until) + MILLISECOND
    else:
        # It goes on, or had been over for less than an hour.
        made = instant_of(manifest["madeAt"])
        fits = made - HOUR <= end <= made
    if not fits:
        report.add("manifest.json", "bounds", what="to", told=manifest["to"], wanted=until or manifest["madeAt"])


def first_deeds(bundle):
    """When the events that are here first say something of each cluster."""
    first = {}
    for event, _ in list(bundle.before.values()) + bundle.events:
        data = event["data"]
        if event["kind"] in DEEDS and isinstance(data, dict) and "cluster" in data:
            cluster = data["cluster"]
            first[cluster] = min(first.get(cluster, event["time"]), event["time"])
    return first


def check_spans(rows, sla, deeds, report):
    """From the first deed on at the latest, each whole day or week must be there up to the end, and be one of the zone's."""
    zone = zone_of(sla["zone"])
    if zone is None:
        report.note("nozone", zone=sla["zone"])
    place = "lists/routines.json"
    period_begin, period_end = instant_of(sla["from"]), instant_of(sla["to"])
    spans = {}
    for number, row in enumerate(rows, 1):
        begin, end = instant_of(row["from"]), instant_of(row["to"])
        days = ROUTINES[row["routine"]][1]
        if abs(end - begin - days * DAY) > CLOCKS_SET or not (begins_day(begin, days, zone) and begins_day(end, days, zone)):
            report.add(place, "routinespan", row=number, routine=row["routine"], begin=row["from"], end=row["to"])
        # A day lies in the period; a week ends in it.
        if end > period_end or end <= period_begin or (days == 1 and begin < period_begin):
            report.add(place, "routineoutside", row=number, routine=row["routine"], begin=row["from"], end=row["to"])
        spans.setdefault((row["cluster"], row["routine"]), []).append((begin, end))
    for (cluster, routine), found in spans.items():
        found.sort()
        last = found[-1][1]
        for (_, end), (begin, _) in zip(found, found[1:]):
            if begin != end:
                report.add(place, "routineabsent", routine=routine, cluster=cluster, day=end.isoformat())
        if next_end(last, ROUTINES[routine][1], zone) <= period_end:
            report.add(place, "routineabsent", routine=routine, cluster=cluster, day=last.isoformat())
    for cluster, time in sorted(deeds.items()):
        for routine, (_, days) in ROUTINES.items():
            start = period_begin if days == 1 or zone is None else week_of(period_begin, zone)
            due = next_begin(max(instant_of(time), start), days, zone)
            listed = spans.get((cluster, routine))
            if next_end(due, days, zone) <= period_end and (listed is None or listed[0][0] > due):
                report.add(place, "routineabsent", routine=routine, cluster=cluster, day=due.isoformat())


def next_begin(instant, days, zone):
    """When the first day or week that is not begun before the instant begins; without the zone, at the latest."""
    if zone is None:
        return instant + days * DAY + CLOCKS_SET
    date = instant.astimezone(zone).date()
    date -= date.weekday() % days * DAY
    while midnight(date, zone) < instant:
        date += days * DAY
    return midnight(date, zone)


def week_of(instant, zone):
    """When the week that holds the instant begins."""
    date = instant.astimezone(zone).date()
    return midnight(date - date.weekday() * DAY, zone)


def midnight(date, zone):
    return datetime.datetime(date.year, date.month, date.day, tzinfo=zone).astimezone(datetime.timezone.utc)


def next_end(instant, days, zone):
    """When the day or week that begins at the instant is over; without the zone, at the latest."""
    if zone is None:
        return instant + days * DAY + CLOCKS_SET
    date = instant.astimezone(zone).date() + days * DAY
    return midnight(date, zone)


def begins_day(instant, days, zone):
    """Whether a date of the zone begins at the instant; for weeks a Monday."""
    if zone is None:
        return True
    here, before = instant.astimezone(zone), (instant - datetime.timedelta(seconds=1)).astimezone(zone)
    return here.date() != before.date() and (days == 1 or here.weekday() == 0)


def check_missed(rows, sla, report):
    for judged in sla["clusters"]:
        cluster = judged["cluster"]
        told = sorted((missed["routine"], missed["from"]) for missed in judged["routines"]["missed"])
        found = sorted((row["routine"], row["from"]) for row in rows if row["cluster"] == cluster and not row["done"])
        if told != found:
            report.add("sla.json", "rate", cluster=cluster, what="routines.missed", told=len(told), found=len(found))


def report_path(identifier, form):
    ending, _, language = form.partition(".")
    return "reports/%s/report.%s%s" % (identifier, language + "." if language else "", ending)


def check_reports(bundle, report):
    report.begin("reports")
    told = {problem["report"]: problem for problem in bundle.manifest["problems"]}
    for problem in told.values():
        report.add("reports/" + problem["report"], "told", state=problem["state"], reason=problem["reason"])
    recorded = set()
    for event, _ in bundle.events:
        if event["kind"] == "reportArchived":
            for file in event["data"]["files"]:
                path = report_path(event["data"]["report"], file["name"])
                recorded.add(path)
                if path not in bundle.files:
                    if event["data"]["report"] not in told:
                        report.add(path, "reportabsent")
                elif sha256(bundle.files[path]) != file["sha256"]:
                    report.add(path, "report")
    for path in bundle.files:
        if path.startswith("reports/") and path not in recorded:
            report.add(path, "reportextra")


def verify(path, anchors, roots, report):
    bundle = Bundle(path)
    if "anchor.txt" not in bundle.files:
        raise Problem("anchor.txt")
    anchor = read_anchor(bundle.files["anchor.txt"].decode("utf-8", "replace"))
    check_sums(bundle, report)
    check_signed(bundle, anchor, roots, report)
    check_chain(bundle, anchor, report)
    if anchors:
        check_kept(bundle, anchors, roots, report)
    check_lists(bundle, report)
    check_routines(bundle, report)
    check_reports(bundle, report)
    return bundle


def main():
    language = "fr" if (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").startswith("fr") else "en"
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("bundle")
    parser.add_argument("--root", action="append", default=[])
    parser.add_argument("--anchor", action="append", default=[])
    parser.add_argument("--lang", choices=("en", "fr"), default=language)
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")
    report = Report(options.lang)
    try:
        bundle = verify(options.bundle, options.anchor, {plain(root) for root in options.root}, report)
    except UNREADABLE as error:
        report.print()
        print("✗ " + report.text("unreadable", reason=error))
        return 1
    report.print()
    if report.count > 0:
        print(report.text("broken", count=report.count))
        return 1
    if not options.root:
        # Of the key that was used: what the manifest calls it proves nothing.
        print(report.text("unproved", root=fingerprint(bundle.signed_under)))
        return 2
    facts = {name: bundle.manifest[name] for name in ("writers", "from", "to")}
    print(report.text("whole", events=len(bundle.events), **facts))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        # Whoever read has enough; what was not read is not judged.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
