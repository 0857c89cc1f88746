"""Follows a tenant's events on NATS and counts its tickets by how they stand, in a SQLite file.

    DOCKET_CONSUMER=access.json open_tickets.py FILE

DOCKET_CONSUMER is what `docket consumer create PURPOSE --tenant T --json` printed. FILE is made where it
isn't there. What is made of an event, and the event's position, are written in one transaction: this may be
killed at any moment, and the next run goes on after the last event that it kept.
"""

import asyncio
import json
import os
import sqlite3
import sys

import nats
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NothingCame

TABLES = """
CREATE TABLE IF NOT EXISTS place (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), log TEXT, position INTEGER);
CREATE TABLE IF NOT EXISTS event (position INTEGER PRIMARY KEY, type TEXT, subject TEXT);
CREATE TABLE IF NOT EXISTS ticket (id TEXT PRIMARY KEY, stands TEXT);
INSERT OR IGNORE INTO place VALUES (1, NULL, 0);
"""


class Figures:
    """What was made of the events, and up to where: in one file, so that both are kept or neither."""

    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.executescript(TABLES)
        self.log, self.position = self.db.execute("SELECT log, position FROM place").fetchone()

    def take(self, headers, body):
        """Handles an event. One that was handled before is passed over: it may come again."""
        log, position = headers["docket-log"], int(headers["docket-position"])
        if self.log not in (None, log):
            # Positions of another log mean something else, so the figures can't be gone on with.
            sys.exit(f"the events are of log {log}, the file is of {self.log}: start with a new file")
        if position <= self.position:
            return
        kind, subject = headers["ce-type"], headers["ce-subject"]
        with self.db:  # one transaction
            self.db.execute("INSERT INTO event VALUES (?, ?, ?)", (position, kind, subject))
            # An event too large for NATS has no body here; GET /v1/events has it.
            self.count(kind, subject, json.loads(body) if body else {})
            self.db.execute("UPDATE place SET log = ?, position = ?", (log, position))
        self.log, self.position = log, position

    def count(self, kind, ticket, fact):
        # Whatever changes the status says to which category. Types that we don't know change nothing.
        stands = fact.get("status_category") if kind == "TicketOpened" else fact.get("to_category")
        if stands:
            self.db.execute("INSERT OR REPLACE INTO ticket VALUES (?, ?)", (ticket, stands))

    def __str__(self):
        rows = self.db.execute("SELECT stands, count(*) FROM ticket GROUP BY stands ORDER BY stands")
        return ", ".join(f"{count} {stands}" for stands, count in rows) or "no tickets yet"


async def follow(access, figures):
    async def told(error):
        print(f"nats: {error!r}", file=sys.stderr)

    # Tries for ever: a server that is away comes back.
    client = await nats.connect(access["url"], max_reconnect_attempts=-1, reconnect_time_wait=1, error_cb=told)
    js = client.jetstream(domain=access["domain"])
    # Docket made the consumer. With a stream that was built anew it makes it anew, at the first event; what
    # is kept here says what to pass over.
    events = await js.pull_subscribe_bind(durable=access["consumers"][0]["name"], stream=access["stream"])
    while True:
        try:
            # The next one comes when this one is acknowledged, so that none is ever out of order.
            [message] = await events.fetch(1, timeout=10)
            figures.take(message.headers, message.data)
            await message.ack()
        except NothingCame:
            print(f"position {figures.position}: {figures}", flush=True)
        except NatsError as error:
            await told(error)
            await asyncio.sleep(1)


def main():
    with open(os.environ["DOCKET_CONSUMER"], encoding="utf-8") as file:
        access = json.load(file)
    asyncio.run(follow(access, Figures(sys.argv[1])))


if __name__ == "__main__":
    main()
