// Follows a tenant's events on NATS and writes a line of CSV for each.
//
//     DOCKET_CONSUMER=access.json npm start -- FILE
//
// DOCKET_CONSUMER is what `docket consumer create PURPOSE --tenant T --json` printed. FILE is made where it
// isn't there. The line of an event bears its position: this may be killed at any moment, and the next run goes
// on after the last whole line.

import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { jetstream, type JsMsg } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";

interface Access {
  url: string;
  user: string;
  password: string;
  stream: string;
  domain: string;
  consumers: { name: string; subject: string }[];
}

/** What was made of the events, and up to where: the same line says both, so both are kept or neither. */
class EventsFile {
  private readonly file: number;
  private log = "";
  private position = 0;

  constructor(path: string) {
    this.file = openSync(path, "a+");
    const text = readFileSync(this.file, "utf8");
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    // Without its end the last line wasn't written to the end; its event comes again.
    ftruncateSync(this.file, Buffer.byteLength(whole));
    const last = whole.trimEnd().split("\n").at(-1);
    if (last) {
      const [log, position] = last.split(",");
      this.log = log;
      this.position = Number(position);
    }
  }

  /** Handles an event. One that was handled before is passed over: it may come again. */
  take(message: JsMsg): void {
    const header = (name: string) => message.headers?.get(name) ?? "";
    const [log, position] = [header("docket-log"), Number(header("docket-position"))];
    if (this.log !== "" && this.log !== log) {
      // Positions of another log mean something else, so the file can't be gone on with.
      throw new AnotherLog(`the events are of log ${log}, the file is of ${this.log}: start with a new file`);
    }
    if (position <= this.position) return;
    const line = [log, position, header("ce-time"), header("ce-type"), header("ce-subject")].join(",");
    writeSync(this.file, `${line}\n`);
    fsyncSync(this.file);
    this.log = log;
    this.position = position;
  }

  close(): void {
    closeSync(this.file);
  }
}

class AnotherLog extends Error {}

async function follow(client: NatsConnection, access: Access, file: EventsFile): Promise<never> {
  const js = jetstream(client, { domain: access.domain });
  for (;;) {
    try {
      // Docket made the consumer. With a stream that was built anew it makes it anew, at the first event; what is
      // kept in the file says what to pass over.
      const consumer = await js.consumers.get(access.stream, access.consumers[0].name);
      const messages = await consumer.consume({ expires: 10_000, abort_on_missing_resource: true });
      for await (const message of messages) {
        file.take(message);
        // The next one comes when this one is acknowledged, so that none is ever out of order.
        message.ack();
      }
    } catch (error) {
      if (error instanceof AnotherLog) throw error;
      // The consumer or the server is away for a moment.
      console.error(`nats: ${error}; trying again`);
    }
    await pause(1_000);
  }
}

const access: Access = JSON.parse(readFileSync(process.env.DOCKET_CONSUMER ?? "access.json", "utf8"));
const client = await connect({
  servers: new URL(access.url).host,
  user: access.user,
  pass: access.password,
  // Tries for ever: a server that is away comes back.
  maxReconnectAttempts: -1,
  waitOnFirstConnect: true,
});
const file = new EventsFile(process.argv[2] ?? "events.csv");
try {
  await follow(client, access, file);
} finally {
  file.close();
  await client.close();
}
