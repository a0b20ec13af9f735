"""What programs that pass a text on do to it: addresses in brackets, a sentence below a line of a usual width."""

from whypull import explain


def _named(text):
    return [found.cause for told in explain(text) for found in told.findings]


def test_addresses_in_brackets():
    refused = 'Get "<https://registry.shop.example/v2/>": dial tcp 192.0.2.10:443: connect: connection refused'
    assert _named(f"Error response from daemon: {refused}") == ["network.refused"]
    refused = 'Get "<https://registry.shop.example/v2/|https://registry.shop.example/v2/>": EOF'
    assert _named(f"Error response from daemon: {refused}") == ["network.reset"]


def test_a_sentence_below_a_line_of_a_usual_width():
    name = "a" * (120 - len('Error response from daemon: Head "https://registry.shop.example/v2//manifests/1": unauthorized'))
    line = f'Error response from daemon: Head "https://registry.shop.example/v2/{name}/manifests/1": unauthorized'
    assert len(line) == 120
    assert "auth.credentials-missing" in _named(f"{line}\nlooks broken, any idea?")
