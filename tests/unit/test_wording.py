"""Titles and commands with the user's own names in them."""

from whypull.wording import command


def test_a_format_string_of_curl_and_a_variable_of_the_shell_are_no_fields():
    template = "curl -sSo /dev/null -w '%{http_code}' https://{host}/v2/ -H \"Authorization: Bearer ${token}\""
    assert command(template, {"host": "registry.shop.example"}) == template.replace("{host}", "registry.shop.example")


def test_a_value_that_a_shell_could_act_on_stays_a_placeholder():
    assert command("skopeo inspect docker://{image}", {"image": "a;reboot"}) == "skopeo inspect docker://<image>"


def test_a_name_that_is_not_known_is_not_said_twice():
    from whypull.wording import sentence

    assert sentence("whoever administers the registry {registry}", {}) == "whoever administers the registry"
    assert sentence("on node {node} of the registry {host}", {"host": "a.example"}) == "on the node of the registry a.example"
