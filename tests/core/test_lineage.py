"""The lineage in a trace header: counted for each function, and never in the way of an event."""

from __future__ import annotations

import re
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from outfall.core.lineage import FUNCTIONS_MAX, digest_of, enter, is_loop, is_spent, runs_before

ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
FUNCTION, OTHER = (f"arn:aws:lambda:us-east-1:111111111111:function:{name}" for name in ("fn", "other"))
FORM = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01];Lineage=1:[0-9a-f]{8}:\d+")


def entered(header: str, function: str = FUNCTION) -> str:
    return enter(header, function, root=ROOT, parent=PARENT)


def test_an_event_without_a_header_is_at_its_first_hop():  # async-039
    header = entered("")
    assert FORM.fullmatch(header)
    assert header == f"Root={ROOT};Parent={PARENT};Sampled=0;Lineage=1:{digest_of(FUNCTION)}:0"


def test_the_sixteenth_run_is_none_too_many_and_the_seventeenth_is():  # async-027
    header, runs = "", []
    for _ in range(17):
        header = entered(header)
        runs.append((runs_before(header, FUNCTION), is_loop(header, FUNCTION)))
    assert runs == [(number, False) for number in range(16)] + [(16, True)]


def test_the_news_of_a_stopped_loop_goes_round_sixteen_times_more_at_most():
    header, spent = "", []
    for _ in range(33):
        header = entered(header)
        spent.append(is_spent(header, FUNCTION))
    assert spent == [False] * 32 + [True]


def test_functions_of_a_chain_are_counted_apart():
    header = entered(entered(entered(""), OTHER))
    assert header.endswith(f"Lineage=1:{digest_of(OTHER)}:0|{digest_of(FUNCTION)}:1")
    assert not is_loop(header, "arn:aws:lambda:us-east-1:111111111111:function:third")


def test_a_header_that_an_sdk_encoded_is_read():
    """botocore percent-encodes what stands between the functions."""
    header = entered(entered(""), OTHER)
    assert "%7C" in quote(entered(header), safe="-=;:+&[]{}\"',")
    assert runs_before(entered(quote(entered(header), safe="-=;:+&[]{}\"',")), FUNCTION) == 2


def test_the_root_and_the_sampling_of_a_caller_are_kept():
    given_root = "1-67891233-abcdef012345678912345678"
    header = entered(f"Root={given_root};Parent=463ac35c9f6413ad;Sampled=1")
    assert header.startswith(f"Root={given_root};Parent={PARENT};Sampled=1;")


def test_a_long_chain_forgets_its_oldest_functions():
    header = entered("")
    for number in range(FUNCTIONS_MAX):
        header = entered(header, f"{OTHER}{number}")
    assert header.count("|") == FUNCTIONS_MAX - 1
    assert digest_of(FUNCTION) not in header


@given(st.text(max_size=200) | st.from_regex(r"Lineage=[0-9a-f:|%;]{0,60}"))
def test_whatever_a_client_sends_is_a_header_afterwards(text: str):
    header = entered(text)
    assert FORM.match(header)
    assert header.isascii()
    assert "\n" not in header
