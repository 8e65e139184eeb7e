#!/usr/bin/env bash
# Runs the server from this checkout: loopback only, embedded queue under ./var, port 2525. Arguments are further settings.
set -euo pipefail
cd "$(dirname "$0")/.."
cat <<'TEXT'

Tidegate listens on 127.0.0.1:2525. Send it a first mail from another terminal:

    curl --crlf smtp://127.0.0.1:2525 --mail-from me@example.org --mail-rcpt you@example.com --upload-file README.md

and look at what became of it:

    .venv/bin/tidegate queue peek --config-file examples/first-run.txt
    ls var/queue/inbox/new

Control-C stops it.

TEXT
exec .venv/bin/tidegate serve --config-file examples/first-run.txt "$@"
