#!/usr/bin/env python3
"""smtp-auth: exec:///usr/local/lib/tidegate/check_pam.py - asks PAM. Needs python-pam, and root's rights for accounts other than its own."""

import os
import sys

import pam

SERVICE = "tidegate"  # /etc/pam.d/tidegate
# Codes of PAM that say something of the user, not of the machine: wrong password, unknown, expired, denied.
REFUSALS = {6, 7, 8, 10, 11, 12, 13, 16, 17, 27}

username, password = (line.rstrip("\n") for line in (sys.stdin.readline(), sys.stdin.readline()))
checker = pam.PamAuthenticator()
accepted = checker.authenticate(username, password, service=SERVICE, resetcreds=False)
sys.exit(0 if accepted else 1 if checker.code in REFUSALS else os.EX_TEMPFAIL)
