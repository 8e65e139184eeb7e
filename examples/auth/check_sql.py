#!/usr/bin/env python3
"""smtp-auth: exec:///usr/local/lib/tidegate/check_sql.py - looks a user up in an SQL database. Standard library only.

The table: CREATE TABLE users (name TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL)
A hash:    hashlib.scrypt(password, salt=os.urandom(16), n=2**14, r=8, p=1)
For PostgreSQL, connect with psycopg and write %s for the question mark.
"""

import hashlib
import hmac
import os
import sqlite3
import sys

DATABASE = "/var/lib/tidegate/users.db"

username, password = (line.rstrip("\n") for line in (sys.stdin.readline(), sys.stdin.readline()))
try:
    with sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True, timeout=5) as database:
        # The name is a parameter, never part of the statement.
        row = database.execute("SELECT salt, hash FROM users WHERE name = ?", (username,)).fetchone()
except sqlite3.Error:
    sys.exit(os.EX_TEMPFAIL)
# Unknown users cost a hash too, so that the time does not tell who exists.
salt, stored = row or (b"0" * 16, b"")
computed = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
sys.exit(0 if hmac.compare_digest(computed, stored) else 1)
