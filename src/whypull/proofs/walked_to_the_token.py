"""The walk asked the token service, with and without credentials: does it work, whom does it know, what does it grant?"""

from __future__ import annotations

import json

from whypull.proofs import Conclusion, Evidence
from whypull.proofs._walked import answers, control, first_failed, header, walk, where
from whypull.steps import Request, Tried


def service(evidence: Evidence) -> Conclusion | None:
    """The token service cannot be reached, fails, or answers something else than a token."""
    failed = first_failed(evidence)
    if failed is not None and failed.role == "token" and not failed.outcome.status:
        words = (f"The registry sends its clients to the token service; there, {where(failed)}: {failed.outcome.text or failed.words}.",)
        return Conclusion("auth.token-endpoint", "proved", words, args={"url_host": _host(failed)}, replaces=("*",))
    for one in answers(evidence, "token"):
        if one.outcome.status >= 500 or one.outcome.status == 404:
            words = (f"The token service answers {one.outcome.status} {one.outcome.reason} {where(one)}.",)
            return Conclusion("auth.token-endpoint", "proved", words, args={"url_host": _host(one)}, replaces=("*",))
        if one.outcome.status == 200 and one.outcome.text == "no token":
            words = (f"The token service answers 200 {where(one)}, without a token in it.",)
            return Conclusion("auth.token-endpoint", "proved", words, args={"url_host": _host(one)}, replaces=("*",))
    return _realm(evidence)


def _realm(evidence: Evidence) -> Conclusion | None:
    """A realm that may be given no credentials: plain http beside an https registry, a private address, no URL."""
    asked = [t for t in walk(evidence) if t.role == "token" and isinstance(t.step, Request)]
    plain = next((t for t in asked if isinstance(t.step, Request) and t.step.url.startswith("http://")), None)
    pings = answers(evidence, "registry", "/v2/")
    secure = bool(pings) and isinstance(pings[0].step, Request) and pings[0].step.url.startswith("https://")
    unusable = next((t for t in asked if t.outcome.layer == "refused-by-us"), None)
    if unusable is not None:
        words = (f"The challenge's realm cannot be used: {unusable.outcome.text}.",)
        return Conclusion("auth.token-endpoint", "proved", words, replaces=("*",))
    if plain is not None and secure:
        words = ("The challenge's realm is plain http while the registry is https: no credentials were sent there.",)
        return Conclusion("auth.token-endpoint", "likely", words, args={"url_host": _host(plain)}, replaces=("*",))
    return None


def password(evidence: Evidence) -> Conclusion | None:
    """Credentials were sent and refused: by the token service, or by a registry that asks for Basic."""
    for one in answers(evidence, "token"):
        if one.outcome.status in {400, 401, 403} and isinstance(one.step, Request) and one.step.credentials:
            cause = "auth.forbidden" if one.outcome.status == 403 else "auth.credentials-rejected"
            certainty = "likely" if one.outcome.status == 403 else "proved"
            return Conclusion(cause, certainty, (_said(one),), replaces=("*",))  # type: ignore[arg-type] - one of the three words
    for one in answers(evidence, "registry"):
        if one.outcome.status == 401 and isinstance(one.step, Request) and one.step.credentials.startswith("basic:"):
            return Conclusion("auth.credentials-rejected", "proved", (_said(one),), replaces=("*",))
    return None


def nobody(evidence: Evidence) -> Conclusion | None:
    """The registry wants credentials, and the walk had none to send."""
    sent = any(isinstance(t.step, Request) and t.step.credentials.startswith("basic:") for t in walk(evidence))
    if sent:
        return None
    for one in [*answers(evidence, "token"), *answers(evidence, "registry", "/manifests/")]:
        if one.outcome.status == 401:
            words = (_said(one), "No credentials were given to this walk.")
            return Conclusion("auth.credentials-missing", "proved", words, replaces=("*",))
    return None


def scope(evidence: Evidence) -> Conclusion | None:
    """The token was issued for who asked, and does not hold what was asked for."""
    refused = [t for t in answers(evidence, "registry", "/manifests/") if t.outcome.status in {401, 403}]
    tokens = [t for t in answers(evidence, "token") if t.outcome.status == 200 and t.outcome.text != "no token"]
    sent = [t for t in tokens if isinstance(t.step, Request) and t.step.credentials]
    if not refused or not tokens:
        return None
    granted = _granted(tokens[-1])
    if sent:
        words = [_said(refused[0]), "The token service knows these credentials: it gave them a token."]
        if granted is not None:
            words.append("The token grants nothing for this repository." if not granted else f"The token grants {granted}.")
        words.append(_anonymous(evidence))
        return Conclusion("auth.forbidden", "proved" if granted == "" else "likely", tuple(w for w in words if w), replaces=("*",))
    return None


def role(evidence: Evidence) -> Conclusion | None:
    """403 with credentials, and another answer without: it is about who asks."""
    refused = [t for t in answers(evidence, "registry", "/manifests/") if t.outcome.status == 403]
    if not refused or not isinstance(refused[0].step, Request) or not refused[0].step.credentials:
        return None
    anonymous = control(evidence, "credentials", Request)
    if anonymous is None or anonymous.outcome.status == 403:
        return None
    return Conclusion("auth.forbidden", "proved", (_said(refused[0]), _anonymous(evidence)), replaces=("*",))


def _anonymous(evidence: Evidence) -> str:
    anonymous = control(evidence, "credentials", Request)
    if anonymous is None or not anonymous.outcome.status:
        return ""
    return f"Without credentials the answer is {anonymous.outcome.status}: it is about who asks."


def _said(one: Tried) -> str:
    assert isinstance(one.step, Request)
    body = " ".join(one.outcome.body.split())[:160]
    challenge = header(one, "www-authenticate")[:120]
    extra = body or challenge
    return f"{one.step.url.partition('?')[0]} says {one.outcome.status} {one.outcome.reason}{f': {extra}' if extra else ''}."


def _granted(token: Tried) -> str | None:
    try:
        access = json.loads(token.outcome.body).get("access")
    except (ValueError, AttributeError, RecursionError):
        return None
    if not isinstance(access, list):
        return None
    return ", ".join(f"{a.get('name')}:{','.join(a.get('actions') or ())}" for a in access[:5] if isinstance(a, dict))


def _host(tried: Tried) -> str:
    if isinstance(tried.step, Request):
        return (tried.step.url.split("/") + ["", "", ""])[2]
    return getattr(tried.step, "host", "")


ARGUMENTS = (
    ("auth.token-endpoint", service),
    ("auth.credentials-rejected", password),
    ("auth.credentials-missing", nobody),
    ("auth.forbidden", scope),
    ("auth.forbidden", role),
)
