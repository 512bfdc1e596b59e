"""Write the loader of a text network, which needs no autotl."""

from __future__ import annotations

from importlib.resources import files

TEMPLATE = files("autotl") / "results" / "texts" / "templates" / "load_model.py.txt"
MAIN = 'if __name__ == "__main__":\n'
IMPORT = "import timm\n"
CREATE = 'timm.create_model(f"local-dir:{folder}", pretrained=True)'


def text_loader() -> str:
    """Return the code that loads a text network with a linear head."""
    return TEMPLATE.read_text(encoding="utf-8")


def with_text_network(code: str) -> str:
    """Return the loader of a head that is not linear, for texts.

    A text network takes the place of timm's. A loader that only names a missing plugin is returned as it is.
    """
    if CREATE not in code:
        return code
    own = text_loader()
    start, main = own.partition("\n\ndef load(")[0], own.partition(MAIN)[2]
    head = code.replace(CREATE, "TextNetwork(folder)").replace(IMPORT, "").partition(MAIN)[0]
    # the imports and the folder are those of the text network
    classes = head.partition("FOLDER = Path(__file__).resolve().parent\n")[2]
    return f"{start}\n{classes.rstrip()}\n\n\n{MAIN}{main}"
