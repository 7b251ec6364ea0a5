/**
 * A datagram socket in place of systemd's, and what was said to it: Node has none of that kind, so perl, which no Debian is without, holds it.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

const program = `
use Socket;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
my $name = $ARGV[0] =~ s/^@/\\0/r;
bind($socket, pack_sockaddr_un($name)) or die $!;
$| = 1;
print "ready\\n";
while (defined recv($socket, my $said, 65536, 0)) { print unpack("H*", $said), "\\n"; }
`;

/** What one message said, assignment by assignment. */
export type Told = readonly string[];

/** The socket. */
export class NotifySocket implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly told: Told[] = [];

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
  }

  /** `name`: a path, or `@` and an abstract name. */
  static async open(name: string): Promise<NotifySocket> {
    const child = spawn("perl", ["-e", program, name], { stdio: ["ignore", "pipe", "inherit"] });
    const socket = new NotifySocket(name, child);
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const words =
          line === "ready" ? ["ready"] : Buffer.from(line, "hex").toString().split("\n");
        // By the barrier systemd-notify learns that it was read.
        const said = words.filter((word) => word !== "" && word !== "BARRIER=1");
        if (said.length > 0) {
          socket.told.push(said);
        }
      }
    });
    await socket.until(([word]) => word === "ready");
    socket.told.length = 0;
    return socket;
  }

  /** The first message, told or to come, that fits. */
  async until(fits: (told: Told) => boolean, seconds = 60): Promise<Told> {
    for (const beganMs = performance.now(); ; await pause(20)) {
      const found = this.told.find(fits);
      if (found !== undefined) {
        return found;
      }
      assert.ok(performance.now() - beganMs < seconds * 1000, JSON.stringify(this.told));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "close");
      this.#child.kill("SIGKILL");
      await ended;
    }
  }
}
