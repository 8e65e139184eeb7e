"""The table of rules in SpamAssassin's reports: read when it is one, and never made by a message."""

from collections.abc import Callable

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.calls import calls
from tests.unit.domain.spamassassin import HEADING, Hit, report, shown, total

from tidegate.domain.spam_rule import MAX_DESCRIPTION_CHARS, SpamRule
from tidegate.domain.spamassassin_report import MAX_RULES, NoTable, read_rules

# What spamd 4.0.1 answered, with three rules of the test's own.
REAL = b"""\
Spam detection software, running on the system "vm",
has NOT identified this incoming email as spam.  The original
message has been attached to this so you can view it or label
similar future email.  If you have any questions, see
@@CONTACT_ADDRESS@@ for details.

Content preview:  pts rule name description ---- 9.9 FAKE_RULE_WITH_A_LONG_NAME
   BODY: forged \xe6\x97\xa5\xe6\x97 [...]

Content analysis details:   (13.7 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 1.3 RCVD_ILLEGAL_IP        Received: contains illegal IP address
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
-10.0 LOCAL_A_NAME_THAT_IS_LONGER_THAN_TWENTY_TWO BODY: No description
                            available.
 0.0 LOCAL_LONGDESC         BODY: A very long description that goes on and on,
                            beyond the seventy-five columns that the report
                             has, and then beyond them again [with
                            brackets] at  the end of everything
  12 LOCAL_UTFDESC          BODY: Gr\xc3\xb6\xc3\x9fe und \xc3\xa0 la carte \xc3\xa9 \xc3\xa0
                            \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e
 0.3 LOCAL_LATIN            BODY: Gr\xfc\xdfe
 0.0 FREEMAIL_FROM          Sender email is commonly abused enduser mail provider
                            [ann77(at)gmail.com]
         [a_local_part_of_fifty_characters_or_so_it_seems_to_be_(at)gmail.com]
 5.0 LOCAL_MULTI            BODY: many times
 5.0 LOCAL_MULTI            BODY: many times


"""
RULES = (
    SpamRule("RCVD_ILLEGAL_IP", 1.3, "Received: contains illegal IP address"),
    SpamRule("NO_RELAYS", 0.0, "Informational: message was not relayed via SMTP"),
    SpamRule("LOCAL_A_NAME_THAT_IS_LONGER_THAN_TWENTY_TWO", -10.0),
    SpamRule(
        "LOCAL_LONGDESC",
        0.0,
        "BODY: A very long description that goes on and on, beyond the seventy-five columns that the report has, and then beyond them again "
        "[with brackets] at the end of everything",
    ),
    SpamRule("LOCAL_UTFDESC", 12.0, "BODY: Größe und à la carte é à 日本語"),
    SpamRule("LOCAL_LATIN", 0.3, "BODY: Grüße"),
    SpamRule("FREEMAIL_FROM", 0.0, "Sender email is commonly abused enduser mail provider"),
    SpamRule("LOCAL_MULTI", 5.0, "BODY: many times"),
    SpamRule("LOCAL_MULTI", 5.0, "BODY: many times"),
)
TRUE = (
    Hit("BAYES_00", -1.9, "Bayes spam probability is 0 to 1%", "BODY: ", ("score: 0.0000",)),
    Hit("OLEMACRO_URI_TARGET", 0.5, "Link in an office file", "BODY: ", ("http://example.com/a",)),
    Hit("GTUBE", 1000.0, "Generic Test for Unsolicited Bulk Email", "BODY: "),
)
FORGED = " 9.9 FORGED                 BODY: forged\n"


def names(outcome: tuple[SpamRule, ...] | NoTable) -> list[str] | None:
    """Of the rules; None without any table."""
    return None if isinstance(outcome, NoTable) else [rule.name for rule in outcome]


def finding(text: str, hits: tuple[Hit, ...] = TRUE) -> bytes:
    """The report when the second rule has found this."""
    return report((hits[0], attrs.evolve(hits[1], found=(text,)), *hits[2:]))


def test_real_report() -> None:
    """Folded, repeated, unnamed, UTF-8 and Latin-1 descriptions, and names and points of every width; findings are left out."""
    outcome = read_rules(REAL, 13.7)
    assert outcome == RULES
    assert str(outcome[1].score) == "0.0"


@pytest.mark.parametrize(
    ("hits", "preview"),
    [
        ((), ""),
        (TRUE, ""),
        (TRUE, " pts rule name              description\n" + FORGED),
        (TRUE, "x\n\n" + FORGED * 3),
        (TRUE, "---- ---------------------- ----------\n" + FORGED),
        (TRUE, "x" * 100_000),
        ((Hit("A", 0.04), Hit("B", 0.04), Hit("C", -0.04), Hit("D", 9.96)), ""),
        (tuple(Hit(f"A{number}", 12.4) for number in range(5)), ""),
        (tuple(Hit(f"A{number}", 0.051) for number in range(20)), ""),
    ],
)
def test_preview_is_not_read(hits: tuple[Hit, ...], preview: str) -> None:
    """What stands above the table is none of it, however it looks, and rounding is allowed for."""
    outcome = read_rules(report(hits, preview), total(hits))
    assert not isinstance(outcome, NoTable), outcome
    assert [(rule.name, rule.score) for rule in outcome] == [(hit.name, shown(hit.score)) for hit in hits]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "no table of rules"),
        (b"Spam!\n", "no table of rules"),
        (b"(no report template found)\n\n", "no table of rules"),
        (report(TRUE, heading=""), "no table of rules"),
        (report(TRUE, heading="* 1.0 A desc\n"), "no table of rules"),
        (report(TRUE, preview=HEADING + FORGED), "2 lines of dashes"),
        (report(TRUE, behind=HEADING + FORGED), "2 lines of dashes"),
        (report(TRUE, behind="-- \nYour administrator\n"), "none of a table"),
        (report(TRUE, behind=FORGED), "none of a table"),
        (report(TRUE, heading=HEADING + "\n"), "none of a table"),
        (report(TRUE, heading=HEADING + " " * 28 + "begins in the middle\n"), "none of a table"),
        (report(TRUE[:2], heading=HEADING + " 5.0 A                      \n"), "none of a table"),
        (report(TRUE[:2], heading=HEADING + " 5.0 A B\n"), "none of a table"),
        (report(TRUE[:2], heading=HEADING + "5.0 A                      B\n"), "none of a table"),
        (report(TRUE[:2], heading=HEADING + " 5,0 A                      B\n"), "none of a table"),
        (report(TRUE[:2], heading=HEADING + " 5.0 Ä                      B\n"), "none of a table"),
        (report(TRUE[:2], heading=HEADING + " nan A                      B\n"), "none of a table"),
        (report(TRUE[:2], heading=HEADING + FORGED), "do not add up"),
        (report(TRUE[:1], heading=HEADING + " 0.5 " + "A" * 129 + " B\n"), "none of a table"),
        (report([Hit("A", 0.0)] * (MAX_RULES + 1)), f"more than {MAX_RULES} rules"),
        (report(()), "do not add up"),
    ],
)
def test_no_table(text: bytes, reason: str) -> None:
    """Of what is not SpamAssassin's table, whole and at the end, nothing is read; the reason is told."""
    outcome = read_rules(text, -1.4)
    assert isinstance(outcome, NoTable)
    assert reason in outcome.reason
    assert outcome.reason.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com/x]\n" + FORGED + " " * 28 + "[y",
        "http://example.com/" + "x" * 80 + "]\n" + FORGED + " " * 28 + "[y",
        "http://example.com/" + "x" * 57 + "]\n" + FORGED + " " * 28 + "[y",
        "x]\n 9.9 FORGED                 B\n" + " " * 28 + "[y",
        "x]\n 9.9 FORGED                 B",
        "x\n 9.9 FORGED                 B",
        "x]\n 9.9 FORGED                 B\n\n",
        "x" * 30 + "\ny]\n 9.9 FORGED                 B",
        "x\n\n",
        "x]\n" + HEADING + FORGED,
        "x]\n" + " " * 40 + "\n" + FORGED + " " * 28 + "[y",
    ],
)
def test_findings_are_not_rules(text: str) -> None:
    """What a rule has found goes over several lines and looks like other rules; one of nothing adds up, and is not believed either."""
    for forged in (text, text.replace(" 9.9 ", " 0.0 "), text.replace(" 9.9 ", "-0.0 ")):
        for hits in (TRUE, TRUE[:2]):
            assert names(read_rules(finding(forged, hits), total(hits))) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "score: 0.9999",
        "]",
        "[[x]]",
        "URI: " + "x" * 40 + ".example.com",
        "x" * 48,
        "x" * 75,
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen",
        "ü" * 40,
        "x\ry",
    ],
)
def test_honest_findings(text: str) -> None:
    """What a rule has found is passed over when it is of one line and of any usual length."""
    assert names(read_rules(finding(text), total(TRUE))) == [hit.name for hit in TRUE]


def test_descriptions_are_tidy() -> None:
    """Control characters are shown as such, long ones are cut."""
    hits = (Hit("A", 1.0, "a\x07b\x1b[2J\u202e\u0085c"), Hit("B", 2.0, "word " * 100), Hit("C", 3.0, "x" * 66 + " [in brackets] y"))
    outcome = read_rules(report(hits), 6.0)
    assert not isinstance(outcome, NoTable)
    assert outcome[0].description == "a\ufffdb\ufffd[2J\ufffd c"
    assert outcome[1].description.startswith("word word")
    assert len(outcome[1].description) == MAX_DESCRIPTION_CHARS
    assert outcome[1].description.endswith("…")
    assert outcome[2].description == "x" * 66 + " [in brackets] y"


HITS = st.lists(
    st.builds(
        Hit,
        st.from_regex(r"[A-Z][A-Z0-9_]{0,40}", fullmatch=True),
        st.floats(-2000, 2000).map(lambda score: round(score, 3)),
        st.lists(st.text("abcÄß%'() 日", min_size=1, max_size=14).filter(str.strip).map(str.strip), min_size=1, max_size=20).map(" ".join),
        st.sampled_from(["", "BODY: ", "RBL: ", "URI: "]),
        st.lists(st.text("abc.@: ", max_size=60).map(lambda text: " ".join(text.split())), max_size=2).map(tuple),
    ),
    max_size=8,
)


@given(HITS, st.text(max_size=40))
def test_round_trip(hits: list[Hit], preview: str) -> None:
    """Whatever matched is read from the report that SpamAssassin makes of it."""
    outcome = read_rules(report(hits, preview.replace("\ud800", "")), total(hits))
    assert not isinstance(outcome, NoTable), outcome
    assert [(rule.name, rule.score) for rule in outcome] == [(hit.name, shown(hit.score)) for hit in hits]
    for rule, hit in zip(outcome, hits, strict=True):
        words = " ".join((hit.area + hit.description).split())
        assert rule.description == words or rule.description[:-1] == words[: MAX_DESCRIPTION_CHARS - 1]


SCRAPS = st.sampled_from(
    ["\n", "\n\n", "]", "[", " ", " " * 28, "x", "x" * 30, "x" * 47, "x" * 57, "x" * 76, "\t", "ü", HEADING, FORGED]
    + [f"{points} {name} B" for points in (" 0.0", "-0.0") for name in ("FORGED                ", "FORGED_" + "X" * 15, "FORGED_" + "X" * 40)]
)


@settings(max_examples=600)
@given(
    st.lists(st.lists(SCRAPS, max_size=9).map("".join), min_size=1, max_size=3), st.lists(SCRAPS, max_size=6).map("".join), st.integers(1, 3)
)
@example(["x]\n 0.0 FORGED                 B\n\n"], "", 2)
@example(["x" * 76 + "]\n 0.0 FORGED                 B\n" + " " * 28 + "[y"], "", 2)
def test_nothing_forges_a_rule(found: list[str], preview: str, count: int) -> None:
    """ML20: pieces of a table in whatever a message can bring into a report make no rule, and hide none."""
    hits = (*TRUE[: count - 1], attrs.evolve(TRUE[count - 1], found=tuple(found)), *TRUE[count:])
    outcome = read_rules(report(hits, preview), total(hits))
    assert names(outcome) in (None, [hit.name for hit in TRUE])


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda data: HEADING.encode() + data), st.floats(-9, 9))
def test_parser_is_total(data: bytes, score: float) -> None:
    """Every input gives rules or a reason."""
    outcome = read_rules(data, score)
    assert isinstance(outcome, NoTable) or all(isinstance(rule, SpamRule) for rule in outcome)


@pytest.mark.parametrize(
    "shape",
    [
        lambda n: HEADING + " 0.0 A                      B\n" * n,
        lambda n: HEADING + " 0.0 A                      B\n" + (" " * 28 + "b\n") * n,
        lambda n: HEADING + " 0.0 A                      B\n" + (" " * 28 + "[b]\n") * n,
        lambda n: HEADING + " 0.0 A" + " " * n + "\n" + "-" * n + " " * n,
        lambda n: "\n" * n + "---- " * n + HEADING + " 0.0 " + "A" * n,
        lambda n: HEADING * n,
    ],
)
def test_calls_grow_with_size(shape: Callable[[int], str]) -> None:
    """Four times the report takes about four times the calls; and a long one is done while one waits."""

    short, long, longest = (shape(size).encode() for size in (200, 800, 300_000))
    assert calls(lambda: read_rules(long, 0.0)) <= 5 * calls(lambda: read_rules(short, 0.0))
    read_rules(longest, 0.0)
