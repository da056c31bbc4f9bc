"""AssumeRoleWithWebIdentity: tokens that a provider signed, the conditions of trust policies, and refusals."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from outfall.core.effects import ReadBytes
from outfall.core.errors import AwsError
from outfall.core.principal import ANONYMOUS
from outfall.services.sts import SERVICE as STS
from outfall.services.sts.sessions import find_session
from tests.services.iam.desk import SEND, Desk
from tests.support import ACCOUNT, make_call, make_house

ISSUER = "issuer.example/realm"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def keys_of(**keys: Any) -> str:
    def one(kid: str, key: Any) -> dict[str, Any]:
        algorithm = jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else None
        told = (algorithm or jwt.algorithms.RSAAlgorithm).to_jwk(key.public_key(), as_dict=True)
        return {**told, "kid": kid, "use": "sig"}

    return json.dumps({"keys": [one(kid, key) for kid, key in keys.items()]})


KEYS = keys_of(rsa=RSA, ec=EC)


def trust(**more: Any) -> dict[str, Any]:
    actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]
    statement = {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": actions}
    return {"Version": "2012-10-17", "Statement": [statement | more]}


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.iam("CreateOpenIDConnectProvider", Url=f"https://{ISSUER}", ClientIDList=["app"], ThumbprintList=["a" * 40])
    desk.role(trust=trust())
    return desk


def token(desk: Desk, key: Any = RSA, kid: str | None = "rsa", algorithm: str = "RS256", **claims: Any) -> str:
    now_s = desk.now // 1000
    told = {"iss": f"https://{ISSUER}", "sub": "repo:o/r", "aud": "app", "iat": now_s, "exp": now_s + 600} | claims
    told = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(told, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def assume(desk: Desk, text: str, keys: str | None = KEYS, **more: Any) -> Any:
    """The operation played to its end, as the host plays it: nobody signs, and the keys are read between two
    transactions."""
    request = {"RoleArn": ROLE, "RoleSessionName": "s1", "WebIdentityToken": text, **more}
    house = make_house(identities=desk.identities, oidc_keys={ISSUER: keys}.get)

    def call(tx: Any) -> Any:
        return make_call(tx, now=desk.now, account="", ids=desk.ids, principal=ANONYMOUS, operation="x", house=house)

    operation = STS.operations["AssumeRoleWithWebIdentity"]
    assert operation.unsigned
    effect = desk.store.transact(lambda tx: operation.handler(call(tx), request))
    assert isinstance(effect, ReadBytes)
    found = effect.look(b"")
    return desk.store.transact(lambda tx: effect.resume(call(tx), found))


def refusal(desk: Desk, text: str, keys: str | None = KEYS, **more: Any) -> tuple[int, str, str]:
    with pytest.raises(AwsError) as refused:
        assume(desk, text, keys, **more)
    return refused.value.status, refused.value.code, refused.value.message


@pytest.mark.parametrize("key, kid, algorithm", [(RSA, "rsa", "RS256"), (RSA, "rsa", "RS512"), (EC, "ec", "ES256")])
def test_a_token_that_the_provider_signed(desk: Desk, key: Any, kid: str, algorithm: str) -> None:
    told = assume(desk, token(desk, key, kid, algorithm))
    assert list(told) == [
        "Credentials",
        "SubjectFromWebIdentityToken",
        "AssumedRoleUser",
        "Provider",
        "Audience",
    ]
    assert (told["Provider"], told["Audience"], told["SubjectFromWebIdentityToken"]) == (PROVIDER, "app", "repo:o/r")
    assert told["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s1"
    found = desk.store.transact(lambda tx: find_session(tx, told["Credentials"]["AccessKeyId"]))
    assert found is not None
    assert (found.principal.account, found.principal.role_arn) == (ACCOUNT, ROLE)


@pytest.mark.parametrize(
    "condition, allowed",
    [
        ({"StringEquals": {f"{ISSUER}:sub": "repo:o/r", f"{ISSUER}:aud": "app"}}, True),
        ({"StringLike": {f"{ISSUER}:sub": "repo:o/*"}}, True),
        ({"StringEquals": {f"{ISSUER}:sub": "repo:o/other"}}, False),
        ({"StringEquals": {f"{ISSUER}:aud": "other"}}, False),
        ({"ForAnyValue:StringLike": {f"{ISSUER}:amr": "authenticated"}}, False),
        ({"StringEquals": {"sts:RoleSessionName": "s1"}}, True),
    ],
)
def test_the_trust_policy_looks_into_the_token(desk: Desk, condition: dict[str, Any], allowed: bool) -> None:
    document = json.dumps(trust(Condition=condition))
    desk.iam("UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=document)
    if allowed:
        assert assume(desk, token(desk))
        return
    text = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    assert refusal(desk, token(desk)) == (403, "AccessDenied", text)


def test_a_role_that_trusts_nobody_of_the_kind_and_one_that_is_not_there(desk: Desk) -> None:
    desk.role("lambda-only")
    for name in ("lambda-only", "missing"):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
        assert refusal(desk, token(desk), RoleArn=arn)[:2] == (403, "AccessDenied")


def test_tags_and_source_identity_of_the_token_are_the_session_s(desk: Desk) -> None:
    claims: dict[str, Any] = {
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["a"]}, "transitive_tag_keys": ["team"]},
        "https://aws.amazon.com/source_identity": "alice",
    }
    told = assume(desk, token(desk, **claims), Policy=json.dumps(SEND))
    assert (told["SourceIdentity"], told["PackedPolicySize"] > 0) == ("alice", True)
    found = desk.store.transact(lambda tx: find_session(tx, told["Credentials"]["AccessKeyId"]))
    assert found is not None
    assert (found.principal.tags, found.transitive_tags) == ((("team", "a"),), ("team",))
    assert found.principal.source_identity == "alice"
    document = json.dumps(trust() | {"Statement": [trust()["Statement"][0] | {"Action": "sts:AssumeRole*"}]})
    desk.iam("UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=document)
    assert refusal(desk, token(desk, **claims))[2] == "Not authorized to perform sts:TagSession"


NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  "
    "please reference AssumeRoleWithWebIdentity documentation for requirements"
)


def test_the_token_ends_on_the_clock_of_record(desk: Desk) -> None:
    text = token(desk)
    desk.now += 600_000
    now_s = desk.now // 1000
    assert refusal(desk, text) == (
        400,
        "ExpiredTokenException",
        f"Token expired: current date/time {now_s} must be before the expiration date/time{now_s}",
    )


def test_what_is_wrong_with_a_token(desk: Desk) -> None:
    def invalid(text: str, keys: str | None = KEYS) -> str:
        status, code, message = refusal(desk, text, keys)
        assert (status, code) == (400, "InvalidIdentityToken")
        return message

    assert invalid("not a token") == NOT_A_JWT
    assert invalid(token(desk, OTHER_RSA)) == NOT_A_JWT, "signed by another key of the same name"
    assert invalid(token(desk, kid="unknown")) == NO_KEY
    assert invalid(token(desk), keys=None) == NO_KEY
    assert invalid(token(desk), keys="no json") == NOT_A_JWT
    assert invalid(token(desk, aud="other")) == "Incorrect token audience"
    assert invalid(token(desk, aud=None)) == "Missing a required claim: aud"
    assert invalid(token(desk, sub=None)) == "Missing a required claim: sub"
    assert invalid(token(desk, exp=None)) == "Missing a required claim: exp"
    assert invalid(token(desk, nbf=desk.now // 1000 + 3600)) == "Token is not yet valid"
    assert invalid(token(desk, iss="https://elsewhere.example")) == (
        "No OpenIDConnect provider found in your account for https://elsewhere.example"
    )


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_algorithms_that_prove_nothing_are_refused(desk: Desk, algorithm: str) -> None:
    secret = None if algorithm == "none" else "k" * 32
    text = token(desk, secret, "rsa", algorithm)
    assert refusal(desk, text)[1] == "InvalidIdentityToken"


def test_one_flipped_character_is_refused(desk: Desk) -> None:
    text = token(desk)
    for at in range(0, len(text), 37):
        swapped = "A" if text[at] != "A" else "B"
        assert refusal(desk, text[:at] + swapped + text[at + 1 :])[0] == 400


def test_a_key_server_that_does_not_answer_is_asked_again_later(desk: Desk) -> None:
    def silent(issuer: str) -> str:
        raise OSError("timed out")

    house = make_house(identities=desk.identities, oidc_keys=silent)
    request = {"RoleArn": ROLE, "RoleSessionName": "s1", "WebIdentityToken": token(desk)}
    handler = STS.operations["AssumeRoleWithWebIdentity"].handler
    effect = desk.store.transact(lambda tx: handler(make_call(tx, now=desk.now, house=house), request))
    with pytest.raises(AwsError) as refused:
        effect.look(b"")
    assert (refused.value.status, refused.value.code) == (400, "IDPCommunicationError")
