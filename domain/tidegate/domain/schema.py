"""The JSON Schema of a document (draft 2020-12), as a value.

It says what the gateway writes, not what a reader must insist on: readers should ignore what they do not know. Every property has its meaning
and an example. Names outside it come from ``x-mq-*`` header fields, and from nowhere else.
"""

from tidegate.domain.control_headers import MAX_VALUE_BYTES
from tidegate.domain.json_value import JsonObject, JsonValue
from tidegate.domain.reports.schema import report_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_WORDS = ("none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror")
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"


def document_schema() -> JsonObject:
    """The schema of one document."""
    value: JsonObject = {"type": "string", "maxLength": MAX_VALUE_BYTES}
    return {
        "$schema": DIALECT,
        "title": "Tidegate document",
        "description": "One message for one recipient, as published on a queue.",
        "type": "object",
        "required": ["envelope", "recipient", "message-id", "received", "hostname", "connection"],
        "properties": {**_always(), **_content(), **_sometimes(), **_instructions()},
        "oneOf": [{"required": ["mime"]}, {"required": ["key"]}],
        "dependentRequired": {"mime-encoding": ["mime"]},
        "additionalProperties": {
            "description": "From an x-mq-* header field without a meaning of its own: its value, or all values of a repeated field.",
            "anyOf": [value, {"type": "array", "items": value, "minItems": 2}],
            "examples": ["my-id", ["my-id", "another"]],
        },
    }


def _always() -> dict[str, JsonValue]:
    return {
        "envelope": _text("Address of MAIL FROM; empty for the null reverse path <>.", ["sender@example.com", ""]),
        "recipient": _text("Address of RCPT TO, as the client spelled it.", ["user@example.net"], shortest=1),
        "message-id": _text(
            "Names this document; unique for ever, greater than those before it. Not the Message-ID field. The same in every copy of it.",
            ["01kb5w7j5b0000x8t6q3m2v1zc", "01kb5w7j5b0000x8t6q3m2v1zc-2"],
            pattern="^[0-9a-z-]{1,64}$",
        ),
        "received": _text("When the message was complete, in UTC.", ["2026-11-06 09:05:03"], pattern=_TIME),
        "hostname": _text("Name under which the message was received.", ["mx.example.net"]),
        "connection": _object(
            "The connection that the message came over. Behind a proxy, the client's.",
            {
                "local-ip": _ip("Address that the client connected to."),
                "local-port": _integer("Port that the client connected to.", [25], 65535),
                "remote-ip": _ip("Address of the client."),
                "remote-port": _integer("Port of the client.", [49152], 65535),
                "secure": _flag("Whether TLS protected it."),
                "helo": _text("What the client called itself in EHLO or HELO; unverified.", ["mail.example.com"]),
                "user": _text("Name of the authenticated user; absent without authentication.", ["alice"]),
                "tls": _object(
                    "What was negotiated; absent without TLS.",
                    {
                        "version": _text("Protocol version.", ["TLSv1.3"]),
                        "cipher": _text("Cipher suite, by its OpenSSL name.", ["TLS_AES_256_GCM_SHA384"]),
                    },
                ),
            },
            optional=("user", "tls"),
        ),
    }


def _content() -> dict[str, JsonValue]:
    return {
        "mime": _text(
            "The message: our trace fields and the bytes that came, dot-unstuffed, with CRLF, without x-mq-* fields where those are extracted.",
            ["Received: from …\r\nSubject: hello\r\n\r\nbody\r\n"],
        ),
        "mime-encoding": {
            "description": "Present when the bytes are not valid UTF-8: mime is their base64 (RFC 4648 section 4), without line breaks.",
            "const": "base64",
            "examples": ["base64"],
        },
        "key": _text("Where the message store keeps the message; in place of mime.", ["01kb5w7j5b0000x8t6q3m2v1zc"], shortest=1),
    }


def _sometimes() -> dict[str, JsonValue]:
    return {
        "checks": {
            "description": "Results of the configured checks, one entry for each finding; absent when no check is configured.",
            "type": "array",
            "items": {"anyOf": list(_checks())},
            "examples": [[{"spf": "pass", "smtp.mailfrom": "sender@example.com"}]],
        },
        "dsn": _object(
            "What the sender asks for delivery status notifications (RFC 3461), spelled as the client did: the DSN parameters, or x-mq-dsn-*.",
            {
                "notify": _text("Occasions: NEVER, or a list of SUCCESS, FAILURE, DELAY.", ["SUCCESS,FAILURE"]),
                "ret": _text("How much of the message comes back: FULL or HDRS.", ["HDRS"]),
                "orcpt": _text("Original recipient, in xtext.", ["rfc822;user@example.net"]),
                "envid": _text("The sender's name for the transaction, in xtext.", ["QQ314159"]),
            },
            optional=("notify", "ret", "orcpt", "envid"),
        ),
        "ips": _array("Addresses to send the message on from; absent: the sender's defaults.", _ip("One address."), [["192.0.2.25"]]),
        "report": report_schema(),
        "refused": _object(
            "Only in the queue of refused mail: why this recipient was not accepted. The client has read it too.",
            {
                "code": {"description": "SMTP reply code.", "type": "integer", "minimum": 500, "maximum": 599, "examples": [530]},
                "status": _text("Enhanced status code (RFC 3463).", ["5.7.0"]),
                "reason": _text("The text of the reply.", ["Authentication required"]),
            },
        ),
    }


def _checks() -> tuple[JsonObject, ...]:
    policy: JsonObject = {"description": "What the domain owner asks for.", "enum": ["none", "quarantine", "reject"], "examples": ["reject"]}
    rule = _object(
        "One match.",
        {
            "name": _text("The rule, as in symbols.", ["BAYES_00"]),
            "score": {"description": "Its points, as exact as the scanner tells them.", "type": "number", "examples": [-1.9]},
            "description": _text("The scanner's words for it.", ["Missing Date: header"], shortest=1),
        },
        optional=("description",),
    )
    return (
        _check(
            "spf", _WORDS, {"smtp.mailfrom": _text("The checked address.", ["a@b"]), "smtp.helo": _text("The checked name.", ["a.example"])}
        ),
        _check(
            "dkim",
            _WORDS,
            {
                "domain": _text("Signing domain (d=).", ["example.com"]),
                "selector": _text("Name of the key (s=).", ["s1"]),
                "header.i": _text("Identity (i=).", ["@example.com"]),
                "header.b": _text("Start of the signature (b=).", ["dGhpcyBp"]),
            },
        ),
        _check(
            "dmarc",
            _WORDS,
            {"header.from": _text("Domain of the From field.", ["example.com"]), "policy": policy, "disposition": policy},
        ),
        _check(
            "arc",
            _WORDS,
            {
                "instances": _integer("Number of ARC sets.", [1], 50),
                "domain": _text("Domain of the newest seal.", ["example.com"]),
                "header.oldest-pass": _integer("Lowest set that still verifies; 0 when all do.", [0], 50),
            },
        ),
        _check(
            "spam",
            ("none", "ham", "spam", "temperror"),
            {
                "score": {"description": "The scanner's score.", "type": "number", "examples": [1.5]},
                "threshold": {"description": "The score from which it says spam.", "type": "number", "examples": [5.0]},
                "symbols": _array("Rules that matched.", _text("One rule.", ["BAYES_00"]), [["BAYES_00"]], least=0),
                "rules": _array("The same with points, greatest first, where known.", rule, [[{"name": "BAYES_00", "score": -1.9}]], least=0),
            },
        ),
        _check("iprev", _WORDS, {"policy.iprev": _ip("The checked address."), "name": _text("Its validated name.", ["mail.example.com"])}),
    )


def _check(method: str, words: tuple[str, ...], properties: dict[str, JsonValue]) -> JsonObject:
    result: JsonObject = {"description": f"Result of {method} (RFC 8601 section 2.7).", "enum": words, "examples": [words[1]]}
    reason = _text("Why the result is what it is, where it is not the good one.", ["no SPF record"])
    return _object(f"A finding of {method}.", {method: result, **properties, "reason": reason}, optional=(*properties, "reason"))


def _instructions() -> dict[str, JsonValue]:
    """Properties that come from header fields with a meaning to the sender."""
    queues = {
        "results": _text("Queue for all results.", ["results"]),
        "failure": _text("Queue for failed deliveries.", ["failed"]),
        "success": _text("Queue for successful deliveries.", ["delivered"]),
        "retry": _text("Queue for deliveries that are tried again.", ["retried"]),
    }
    smarthost = {
        "hostname": _text("Host to deliver to, in place of the recipient's.", ["smart.example.net"]),
        "port": _integer("Its port.", [587], 65535, least=1),
        "username": _text("Login.", ["alice"]),
        "password": _text("Password; a secret in clear.", ["secret"]),
    }
    return {
        "tags": _array("From x-mq-tag: labels of the message.", _text("One label.", ["news"]), [["news", "customer 7"]]),
        "pool": _text("From x-mq-pool: pool of addresses to send from.", ["bulk"]),
        "maxdelivertime": _text("From x-mq-maxdelivertime: no delivery after this time, in UTC.", ["2026-11-07 09:00:00"]),
        "maxattempts": _integer("From x-mq-maxattempts: greatest number of delivery attempts.", [3], 10**15 - 1),
        "retries": _array(
            "From x-mq-retries: seconds between attempts; the last value repeats.",
            _integer("Seconds.", [300], 10**15 - 1),
            [[300, 600, 3600]],
        ),
        "inlinecss": _flag("From x-mq-inlinecss: move style sheets into style attributes."),
        "keepmime": _flag("From x-mq-keepmime: keep the message in the result."),
        "force": _flag("From x-mq-force: an instruction to the sender, carried as it is."),
        "delayed": _text("From x-mq-delayed: no delivery before this time, in UTC.", ["2026-11-06 12:00:00"]),
        "nextattempt": _object("From x-mq-delayed.", {"time": _text("The newer name of delayed.", ["2026-11-06 12:00:00"])}),
        "queues": _object("From x-mq-results-queue and its kin: where results go.", queues, optional=tuple(queues)),
        "smarthost": _object("From x-mq-smarthost-*: a host to deliver through.", smarthost, optional=tuple(smarthost)),
    }


def _text(description: str, examples: list[JsonValue], *, shortest: int = 0, pattern: str = "") -> JsonObject:
    schema: dict[str, JsonValue] = {"description": description, "type": "string", "examples": examples}
    if shortest:
        schema["minLength"] = shortest
    if pattern:
        schema["pattern"] = pattern
    return schema


def _integer(description: str, examples: list[JsonValue], greatest: int, *, least: int = 0) -> JsonObject:
    return {"description": description, "type": "integer", "minimum": least, "maximum": greatest, "examples": examples}


def _flag(description: str) -> JsonObject:
    return {"description": description, "type": "boolean", "examples": [True]}


def _ip(description: str) -> JsonObject:
    return {
        "description": description,
        "type": "string",
        "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}],
        "examples": ["192.0.2.1", "2001:db8::1"],
    }


def _array(description: str, items: JsonObject, examples: list[JsonValue], *, least: int = 1) -> JsonObject:
    return {"description": description, "type": "array", "items": items, "minItems": least, "examples": examples}


def _object(description: str, properties: JsonObject, *, optional: tuple[str, ...] = ()) -> JsonObject:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
