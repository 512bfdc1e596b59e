import pytest

from autotl.api import Applies, Weights
from autotl.backbone import candidates, find
from autotl.errors import UnknownName, WeightsError


class Shop:
    """A source that has the names it is given, and may be unable to deliver."""

    summary = "for tests"

    def __init__(self, name: str, *names: str, broken: bool = False, on_disk: tuple[str, ...] = ()) -> None:
        self.name, self.names, self.broken, self.on_disk = name, names, broken, on_disk
        self.asked: list[str] = []

    def offers(self):
        return self.names

    def opens(self, name):
        return Applies(name in self.names, "it has it" if name in self.names else "it has it not")

    def open(self, name):
        self.asked.append(name)
        if self.broken and name not in self.on_disk:
            raise WeightsError("The hub cannot be reached.")
        return Weights(name, name, self.name)


def shelf(*shops: Shop) -> dict[str, Shop]:
    return {shop.name: shop for shop in shops}


HUB = (
    "mobilenetv3_small_100.lamb_in1k",
    "mobilenetv3_large_100.ra_in1k",
    "resnet18.a1_in1k",
    "resnet50.a1_in1k",
    "convnext_tiny.in12k_ft_in1k",
)


def auto(sources, *, device="cpu", seconds=120.0, images=500, on_disk=()):
    return candidates(sources, device=device, seconds=seconds, images=images, cached=lambda n: n in on_disk)


def test_the_first_source_that_opens_a_name_is_asked():
    sources = shelf(Shop("b", "x"), Shop("a", "y"), Shop("c", "x"))
    assert find("x", sources).origin == "b"


def test_a_name_nobody_opens_is_answered_with_what_there_is():
    with pytest.raises(UnknownName, match=r"'tyny'.*Did you mean 'tiny'\?.*resnet18\.a1_in1k, tiny"):
        find("tyny", shelf(Shop("tiny", "tiny"), Shop("hub", "resnet18.a1_in1k")))


def test_a_cpu_and_minutes_get_one_small_network():
    chosen, notes = auto(shelf(Shop("hub", *HUB), Shop("tiny", "tiny")))
    assert [w.name for w in chosen] == ["mobilenetv3_large_100.ra_in1k"]
    assert any("resnet50.a1_in1k was passed over: it is too slow on a CPU." in note for note in notes)
    assert any(note.startswith("resnet18.a1_in1k was passed over: on 500 images") for note in notes)


def test_a_gpu_and_an_hour_get_two_strong_ones_to_compare():
    chosen, _ = auto(shelf(Shop("hub", *HUB), Shop("tiny", "tiny")), device="cuda", seconds=3600.0)
    assert [w.name for w in chosen] == ["convnext_tiny.in12k_ft_in1k", "resnet50.a1_in1k"]


def test_seconds_get_the_embedded_one_without_a_download():
    hub = Shop("hub", *HUB)
    chosen, _ = auto(shelf(hub, Shop("tiny", "tiny")), seconds=10.0, images=2000)
    assert [w.name for w in chosen] == ["tiny"]
    assert hub.asked == []


def test_an_unreachable_hub_is_asked_once():
    hub = Shop("hub", *HUB, broken=True)
    chosen, notes = auto(shelf(hub, Shop("tiny", "tiny")), seconds=1000.0)
    assert [w.name for w in chosen] == ["tiny"]
    assert len(hub.asked) == 1
    assert any("cannot be reached" in note for note in notes)


def test_an_unreachable_hub_still_gives_what_is_on_this_machine():
    small = "mobilenetv3_small_100.lamb_in1k"
    hub = Shop("hub", *HUB, broken=True, on_disk=(small,))
    chosen, _ = auto(shelf(hub, Shop("tiny", "tiny")), on_disk=(small,))
    assert [w.name for w in chosen] == [small]


def test_with_nothing_to_be_had_the_ways_out_are_told():
    with pytest.raises(WeightsError, match=r"Three ways out.*--backbone FOLDER.*HF_HOME.*--backbone tiny"):
        auto(shelf(Shop("hub", *HUB, broken=True)))
    with pytest.raises(WeightsError, match="Three ways out"):
        auto({})


def test_what_is_beyond_the_limits_is_passed_over_for_a_lighter_one():
    hub = Shop("hub", *HUB)
    chosen, notes = candidates(
        shelf(hub),
        device="cpu",
        seconds=120.0,
        images=500,
        cached=lambda _: False,
        beyond=lambda name: "it is too large" if "large" in name else None,
    )
    assert [w.name for w in chosen] == ["mobilenetv3_small_100.lamb_in1k"] == hub.asked
    assert "mobilenetv3_large_100.ra_in1k was passed over: it is too large." in notes
