#!/usr/bin/env bash
# Follows a tenant's events over HTTP, and writes a line for each: position, type, and the event as JSON, with
# tabs between them.
#
#     DOCKET_URL=http://127.0.0.1:8080 DOCKET_TOKEN=… follow.sh FILE
#
# FILE is made where it isn't there. The line of an event bears its position: this may be killed at any moment,
# and the next run goes on after the last whole line.
set -euo pipefail

file=${1:?the file to write to}
: "${DOCKET_URL:?where Docket answers}" "${DOCKET_TOKEN:?a token of the tenant}"
touch "$file"

# Without its end the last line wasn't written to the end; its event comes again.
if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then
    whole=$(wc -l <"$file")
    head -n "$whole" "$file" >"$file.whole"
    mv "$file.whole" "$file"
fi

position=$(tail -n 1 "$file" | cut -f 1)
position=${position:-0}

# What comes after a position: first what was missed, then live, until the connection ends. The token is not put
# into the command line, where others could see it. A comment comes every 15 s, so silence is a dead connection.
events_after() {
    curl --silent --show-error --fail --no-buffer --speed-limit 1 --speed-time 60 \
        --header @<(printf 'Authorization: Bearer %s\n' "$DOCKET_TOKEN") \
        --header "Last-Event-ID: $1" "$DOCKET_URL/v1/events/stream"
}

while true; do
    id='' type='' data=''
    while IFS= read -r line; do
        case $line in
        'id: '*) id=${line#id: } ;;
        'event: '*) type=${line#event: } ;;
        'data: '*) data=${line#data: } ;;
        '') # The event is whole. What was handled before is passed over.
            if [ -n "$data" ] && [ "$id" -gt "$position" ]; then
                printf '%s\t%s\t%s\n' "$id" "$type" "$data" >>"$file"
                position=$id
            fi
            id='' type='' data=''
            ;;
        esac
    done < <(events_after "$position")
    # It ended: Docket was stopped, or the token is good no more. What is missed meanwhile is sent then.
    sleep 1
done
