#!/usr/bin/env python3
"""smtp-auth: exec:///usr/local/lib/tidegate/check_rest.py - posts the login as JSON to a service. Standard library only.

200 and 204 accept, 401, 403 and 404 refuse, anything else is a failure of the service. Redirects are not followed, proxies are not used.
"""

import json
import os
import sys
import urllib.error
import urllib.request

ENDPOINT = "https://accounts.example.com/v1/login"
TIMEOUT = 5  # seconds


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):
        return None


username, password = (line.rstrip("\n") for line in (sys.stdin.readline(), sys.stdin.readline()))
body = json.dumps({"username": username, "password": password, "remote_ip": os.environ.get("TIDEGATE_REMOTE_IP", "")}).encode()
request = urllib.request.Request(ENDPOINT, body, {"Content-Type": "application/json"})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirects)
try:
    status = opener.open(request, timeout=TIMEOUT).status
except urllib.error.HTTPError as error:
    status = error.code
except OSError:
    sys.exit(os.EX_TEMPFAIL)
sys.exit(0 if status in (200, 204) else 1 if status in (401, 403, 404) else os.EX_TEMPFAIL)
