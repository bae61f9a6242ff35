from benchmarks.peers.php import quoted


def test_text_cannot_end_its_quotes() -> None:
    assert quoted('{"a": "it\'s\\"}') == r"""'{"a": "it\'s\\"}'"""
