"""Who asks, and the token service."""

from __future__ import annotations

from whypull.demo.faults import fault
from whypull.demo.faults.setting import private
from whypull.demo.http import Answer
from whypull.demo.http import server as http_server
from whypull.demo.registry import error, page, token_service
from whypull.demo.stage import TOKEN_HOST, Stage


@fault("auth.credentials-missing")
def no_credentials(stage: Stage) -> None:
    """Basic, and none are sent."""
    stage.serve_registry(auth="basic")


@fault("auth.credentials-missing")
def no_credentials_for_the_token_service(stage: Stage) -> None:
    """The token service gives nothing to nobody."""
    private(stage, token_service(anonymous=False))
    stage.with_credentials = False


@fault("auth.credentials-missing")
def repository_is_private(stage: Stage) -> None:
    """Anybody gets a token, it opens nothing, and for a repository that is not there the answer is another one."""
    private(stage)
    stage.with_credentials = False


@fault(
    "auth.credentials-missing", certainty="possible", beside=("image.repository-not-found",),
    why_not_proved="a registry that hides answers for a missing repository as for a private one",
)  # fmt: skip
def repository_is_hidden(stage: Stage) -> None:
    """The same refusal for a repository that is not there: private, or missing."""
    private(stage, hides=True)
    stage.with_credentials = False


@fault("auth.credentials-rejected")
def wrong_password(stage: Stage) -> None:
    """Basic, and the password is wrong."""
    stage.serve_registry(auth="basic")
    stage.with_credentials, stage.password = True, "wrong"


@fault("auth.credentials-rejected")
def wrong_password_at_the_token_service(stage: Stage) -> None:
    """The token service refuses the password."""
    private(stage)
    stage.password = "wrong"  # noqa: S105 - the point of it


@fault("auth.credentials-rejected")
def stale_password_for_a_public_image(stage: Stage) -> None:
    """Everybody may pull, and the runtime sends a password that is wrong: there is no way back to nobody."""
    private(stage, token_service(public=True))
    stage.password = "wrong"  # noqa: S105 - the point of it


@fault("auth.token-expired")
def password_of_yesterday(stage: Stage) -> None:
    """403 in ECR's words: the twelve hours are over."""
    words = "Your authorization token has expired. Reauthenticate and try again."
    refusal = error(403, "DENIED", words)
    stage.serve_registry(auth="basic", manifest=refusal, by_digest=refusal, head=Answer(403))
    stage.with_credentials = True


@fault("auth.forbidden")
def token_without_the_scope(stage: Stage) -> None:
    """The password is right, and the token does not hold this repository, which is there."""
    private(stage, token_service(deny=("shop/api",)))


@fault(
    "auth.forbidden", certainty="possible", beside=("image.repository-not-found",),
    why_not_proved="the same answer comes for a repository that is not there",
)  # fmt: skip
def token_without_the_scope_hidden(stage: Stage) -> None:
    """The password is right, and whoever may not see a repository is told the same as if there were none."""
    private(stage, token_service(deny=("shop/api", "shop/whypull-no-such-repository")), hides=True)


@fault("auth.forbidden")
def role_is_missing(stage: Stage) -> None:
    """403 for this identity, 401 for nobody."""
    refusal = error(403, "DENIED", "requested access to the resource is denied")
    stage.serve_registry(auth="basic", manifest=refusal, by_digest=refusal, head=Answer(403))
    stage.with_credentials = True


@fault("auth.token-endpoint")
def token_service_fails(stage: Stage) -> None:
    """500 from the token service."""
    private(stage, token_service(broken=error(500, "UNKNOWN", "database is locked")))


@fault("auth.token-endpoint")
def token_service_has_no_address(stage: Stage) -> None:
    """The realm's host does not resolve."""
    private(stage)
    stage.names[TOKEN_HOST] = "NXDOMAIN"


@fault("auth.token-endpoint")
def token_service_is_down(stage: Stage) -> None:
    """The realm's port is closed."""
    stage.serve_registry(auth="bearer", realm=f"https://{TOKEN_HOST}/token")
    stage.with_credentials = True


@fault("auth.token-endpoint")
def token_service_with_a_strangers_certificate(stage: Stage) -> None:
    """The realm's certificate is for other names."""
    private(stage)
    stage.https(TOKEN_HOST, token_service(), stage.ca().context(stage.ca().server(["gitlab.other.test"])))


@fault("auth.token-endpoint", why_not_proved="a runtime would send its password there: what stops the pull is not seen")
def realm_in_the_clear(stage: Stage) -> None:
    """The realm is plain http."""
    stage.listen(TOKEN_HOST, http_server(token_service()), port=80)
    stage.serve_registry(auth="bearer", realm=f"http://{TOKEN_HOST}/token")
    stage.with_credentials = True


@fault("auth.token-endpoint", why_not_proved="a runtime would send its password there: what stops the pull is not seen")
def realm_on_a_private_address(stage: Stage) -> None:
    """A public registry names a realm whose host is at 10.0.0.5."""
    stage.names[TOKEN_HOST] = ("10.0.0.5",)
    stage.https(TOKEN_HOST, token_service(), address="10.0.0.5")
    stage.serve_registry(auth="bearer", realm=f"https://{TOKEN_HOST}/token")
    stage.with_credentials = True


@fault("auth.token-endpoint")
def realm_is_no_url(stage: Stage) -> None:
    """The challenge's realm is a path."""
    stage.serve_registry(auth="bearer", realm="/service/token")
    stage.with_credentials = True


@fault("auth.token-endpoint")
def token_service_sends_a_page(stage: Stage) -> None:
    """The realm answers with a login page."""
    private(stage, token_service(broken=page(200, "<html>Sign in</html>")))
