"""What was allowed is remembered; whatever changes what it rested on, the question is judged anew."""

from __future__ import annotations

from typing import Any

import pytest

from tests.authz.people import QUEUE, SESSION, decide, decide_all, policy, statement

ALLOW, DENY = policy(statement()), policy(statement("Deny"))
OTHER = policy(statement(action="s3:GetObject"))
FROM_HOME = policy(statement(Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}}))
TAGGED = policy(statement(Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}))


def test_the_same_question_is_answered_the_same() -> None:
    first, second = decide(SESSION, identity=(ALLOW,)), decide(SESSION, identity=(ALLOW,))
    assert first.allowed
    assert second == first


@pytest.mark.parametrize(
    "changed",
    [
        {"identity": ()},
        {"identity": (OTHER,)},
        {"identity": (ALLOW, DENY)},
        {"identity": (ALLOW,), "boundary": OTHER},
        {"identity": (ALLOW,), "resource_policy": policy(statement("Deny", Principal="*"))},
        {"identity": (ALLOW,), "owner": "222222222222"},
    ],
)
def test_another_policy_is_another_question(changed: dict[str, Any]) -> None:
    assert decide(SESSION, identity=(ALLOW,)).allowed
    assert not decide(SESSION, **changed).allowed
    assert decide(SESSION, identity=(ALLOW,)).allowed


def test_condition_keys_are_looked_up_again() -> None:
    at_home, elsewhere = {"aws:SourceAccount": "111111111111"}, {"aws:SourceAccount": "222222222222"}
    for _ in range(2):
        allowed = decide(SESSION, identity=(FROM_HOME,), keys=at_home)
        assert allowed.allowed
        assert allowed.seen == {"aws:sourceaccount": "111111111111"}
        assert not decide(SESSION, identity=(FROM_HOME,), keys=elsewhere).allowed
        assert not decide(SESSION, identity=(FROM_HOME,)).allowed


def test_a_denial_whose_condition_comes_true_is_seen() -> None:
    unless = policy(statement(), statement("Deny", Condition={"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}))
    other = policy(statement(), statement("Deny", Condition={"StringEquals": {"aws:userid": "nobody"}}))
    assert decide(SESSION, identity=(unless,)).allowed
    assert decide(SESSION, identity=(other,)).allowed
    assert not decide(SESSION, identity=(unless,), keys={"aws:RequestedRegion": "eu-west-1"}).allowed


def test_tags_are_read_again() -> None:
    tags = {"team": "blue"}

    def ask() -> bool:
        read = {"sqs": lambda ctx, arn: tags}
        return decide_all(SESSION, "sqs:SendMessage", QUEUE, identity=(TAGGED,), resource_tags=read).allowed

    assert ask()
    tags["team"] = "red"
    assert not ask()
    tags["team"] = "blue"
    assert ask()


def test_answers_to_many_moments_do_not_gather() -> None:
    timed = policy(statement(Condition={"StringLike": {"aws:userid": "*", "aws:TokenIssueTime": "*"}}))
    for moment in range(20):
        keys = {"aws:TokenIssueTime": f"2024-01-01T00:00:{moment:02}Z"}
        decision = decide(SESSION, identity=(timed,), keys=keys)
        assert decision.allowed
        assert decision.seen["aws:tokenissuetime"] == keys["aws:TokenIssueTime"]
