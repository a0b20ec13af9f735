"""What a command is given that dials by itself: a name without its port, and the port."""

import pytest

from whypull import explain

TEXT = 'Failed to pull image "{image}": failed to resolve reference "{image}": failed to do request: Head "{url}": '
TEXT += "tls: failed to verify certificate: x509: certificate signed by unknown authority"


def args(image, url):
    (one,) = explain(TEXT.format(image=image, url=url))
    return one.findings[0].args


@pytest.mark.parametrize(
    ("image", "url", "name", "port"),
    [
        ("registry.shop.example/api:1", "https://registry.shop.example/v2/api/manifests/1", "registry.shop.example", "443"),
        (
            "registry.shop.example:5000/api:1",
            "https://registry.shop.example:5000/v2/api/manifests/1",
            "registry.shop.example",
            "5000",
        ),
        ("registry.shop.example/api:1", "http://registry.shop.example/v2/api/manifests/1", "registry.shop.example", "80"),
        ("[2001:db8::9]:5000/api:1", "https://[2001:db8::9]:5000/v2/api/manifests/1", "[2001:db8::9]", "5000"),
        ("shop/api:1", "https://registry-1.docker.io/v2/shop/api/manifests/1", "registry-1.docker.io", "443"),
    ],
)
def test_name_and_port_of_the_host_that_was_spoken_to(image, url, name, port):
    found = args(image, url)
    assert (found["name"], found["port"]) == (name, port)


def test_a_text_without_url_speaks_of_the_images_own_registry():
    (one,) = explain('Failed to pull image "nginx:1.27": x509: certificate signed by unknown authority')
    assert one.findings[0].args["name"] == "registry-1.docker.io"


def test_commands_dial_the_port_that_the_image_names():
    image = "registry.shop.example:5000/api:1"
    (one,) = explain(TEXT.format(image=image, url="https://registry.shop.example:5000/v2/api/manifests/1"))
    asked = " ".join(one.ask)
    assert "-connect registry.shop.example:5000 -servername registry.shop.example " in asked
