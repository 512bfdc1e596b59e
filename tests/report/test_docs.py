from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
FREE = {
    ("how", "params"),
    ("quality", "imbalance", "counts"),
    ("quality", "unreadable"),
    ("quality", "sizes"),
}
FREE |= {("pictures", "files")}
FREE |= {("arms", "params"), ("trials", "params"), ("environment", "plugins")}


def test_every_key_of_the_report_is_documented(sample):
    text = DOCS.read_text(encoding="utf-8").replace("`", " ")
    for mark in '"{}[],;:.()':
        text = text.replace(mark, " ")
    words = set(text.split())
    assert {key for key in _keys(sample) if key not in words} == set()


def _keys(document, before=()):
    if before in FREE:
        return
    if isinstance(document, dict):
        if before == ("when", "similarity"):  # names of backbones and of measures, then keys
            document = {
                k: v
                for measures in document.values()
                for found in measures.values()
                for k, v in found.items()
            }
        for key, value in document.items():
            yield key
            yield from _keys(value, (*before, key))
    elif isinstance(document, list) and document:
        yield from _keys(document[0], before)
