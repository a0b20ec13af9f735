"""What az, aws and gcloud say when they have no answer, as one sentence each. Pure."""

from __future__ import annotations

import re

from whypull.redact import redacted

CLIS = ("az", "aws", "gcloud")
_OUT = "is not logged in (or the login has run out):"
_NOTHING = re.compile(r"\((?:RegistryPolicyNotFoundException|RepositoryPolicyNotFoundException)\)")

# The first that fits, by CLI: pattern, sentence. A pattern's group `what` is filled in.
_AZ = (
    (
        r"subscription of '(?P<what>[^']+)' doesn't exist",
        "az is logged in, but not to subscription {what}: az account list shows which",
    ),
    (
        r"SubscriptionNotFound\)[^\n]{0,80}'(?P<what>[^']+)'",
        "az is logged in, but not to subscription {what}: az account list shows which",
    ),
    (r"AuthorizationFailed.{0,300}?perform action '(?P<what>[^']+)'", "az may not do {what} there"),
    (r"az login|AADSTS\d+|no subscription found|interactive authentication is needed", f"az {_OUT} az login"),
    (
        r"(?:ResourceGroupNotFound|ResourceNotFound|ParentResourceNotFound)\)[^\n]{0,60}'(?P<what>[^']+)'",
        "az finds no {what} there",
    ),
    (r"requires the extension (?P<what>[\w-]+)", "az lacks its extension {what}: az extension add --name {what}"),
    (
        r"could not be found in (?:the )?(?:subscription|resource group)|registry names? may (?:be|contain)",
        "az finds no such resource there",
    ),
)
_NO_AWS_LOGIN = (
    r"unable to locate credentials|sso session.{0,80}(?:expired|invalid)|token has expired|error loading sso token|"
    r"partial credentials|\((?:ExpiredToken\w*|RequestExpired|InvalidClientTokenId|AuthFailure|UnrecognizedClientException)\)"
)
_AWS = (
    (_NO_AWS_LOGIN, f"aws {_OUT} aws sso login (or aws configure)"),
    (r"config profile \((?P<what>[^)]+)\) could not be found", "aws has no profile {what}: look at AWS_PROFILE"),
    (r"not authorized to perform: (?P<what>[\w:]+)", "aws may not do {what} there"),
    (r"\((?:UnauthorizedOperation|AccessDenied\w*)\) when calling the (?P<what>\w+)", "aws may not call {what} there"),
    (
        r"\(Invalid\w+\.(?:NotFound|Malformed)\)[^\n]*?'(?P<what>[^']+)'",
        "aws does not know {what}: is it the account that the nodes are in?",
    ),
    (r"could not connect to the endpoint", "aws cannot reach its service from here"),
)
_NO_GOOGLE_LOGIN = (
    r"do not currently have an active account|reauthentication|refreshing your current auth tokens|gcloud auth login|"
    r"invalid_grant"
)
_GCLOUD = (
    (_NO_GOOGLE_LOGIN, f"gcloud {_OUT} gcloud auth login"),
    (r"required '?(?P<what>[a-z][\w.]+)'? permission", "gcloud lacks the permission {what} there"),
    (
        r"SERVICE_DISABLED|has not been used in project|API \[(?P<what>[\w.]+)\] not enabled",
        "the API that this asks is not on in that project",
    ),
    (
        r"(?:project|resource)[^\n]{0,80}(?:was not found|not found|does not exist)|NOT_FOUND",
        "gcloud does not find it: is it the project's account?",
    ),
    (r"PERMISSION_DENIED|does not have permission", "gcloud may not see that"),
)
_SAID = {
    cli: tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), words) for pattern, words in known)
    for cli, known in (("az", _AZ), ("aws", _AWS), ("gcloud", _GCLOUD))
}


def said(cli: str, error: str) -> str:
    """What a CLI's words on its standard error come to: one sentence without a full stop, without credentials."""
    for pattern, words in _SAID.get(cli, ()):
        found = pattern.search(error[:20_000])
        if found:
            return redacted(words.format(what=found.groupdict().get("what") or "it"))
    lines = [
        line.strip() for line in error.splitlines() if line.strip() and not line.lower().startswith(("warning", "traceback"))
    ]
    return redacted(f"{cli} says: {(lines[-1] if lines else 'nothing, and failed')[:300]}").rstrip(".")


def means_nothing_there(error: str) -> bool:
    """Whether an error is how a CLI says that what was asked for is not set: an answer like any other."""
    return bool(_NOTHING.search(error[:2000]))
