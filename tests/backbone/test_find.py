import pytest

from autotl.api import Applies, Weights
from autotl.backbone import candidates, find
from autotl.errors import UnknownName, WeightsError


class Shop:
    """A source that has the names it is given, and may be unable to deliver."""

    summary = "for tests"

    def __init__(
        self,
        name: str,
        *names: str,
        broken: bool = False,
        on_disk: tuple[str, ...] = (),
        offered: tuple[str, ...] | None = None,
    ) -> None:
        self.name, self.names, self.broken, self.on_disk = name, names, broken, on_disk
        self.offered = names if offered is None else offered
        self.asked: list[str] = []

    def offers(self):
        return self.offered

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
    "resnet50.a1_in1k",
    "convnext_tiny.in12k_ft_in1k",
)
LITE = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")


def auto(sources, *, device="cpu", seconds=300.0, images=500, on_disk=()):
    return candidates(sources, device=device, seconds=seconds, images=images, cached=lambda n: n in on_disk)


def names(chosen):
    return [weights.name for weights in chosen]


def test_the_first_source_that_opens_a_name_is_asked():
    sources = shelf(Shop("b", "x"), Shop("a", "y"), Shop("c", "x"))
    assert find("x", sources).origin == "b"


def test_an_unknown_name_gets_suggestions():
    with pytest.raises(UnknownName, match=r"'tyny'.*Did you mean 'tiny'\?.*resnet18\.a1_in1k, tiny"):
        find("tyny", shelf(Shop("tiny", "tiny"), Shop("hub", "resnet18.a1_in1k")))


def test_a_cpu_gets_the_strongest_installed_network_that_the_budget_allows():
    hub = Shop("hub", *HUB)
    chosen, notes = auto(shelf(hub, Shop("lite", *LITE)))
    assert names(chosen) == ["efficientnet_lite2"]
    assert hub.asked == []  # a download would bring nothing stronger
    assert notes == [
        "Uses efficientnet_lite2: the strongest available backbone for this device and budget. "
        "Name others with --backbone."
    ]


def test_a_shorter_budget_gets_a_lighter_network_and_says_why():
    chosen, notes = auto(shelf(Shop("lite", *LITE)), images=1050)
    assert names(chosen) == ["efficientnet_lite0"]
    assert any(note.startswith("efficientnet_lite2 was skipped: a search of 1,050 images") for note in notes)


def test_a_budget_too_short_for_all_gets_the_lightest_installed_network():
    hub = Shop("hub", *HUB)
    chosen, notes = auto(shelf(hub, Shop("lite", *LITE)), seconds=10.0, images=50_000)
    assert names(chosen) == ["efficientnet_lite0"]
    assert hub.asked == []
    assert "the budget is short for so many images" in notes[-1]


def test_packages_that_are_not_installed_are_no_choice():
    chosen, notes = auto(shelf(Shop("lite", *LITE, offered=LITE[:1])))
    assert names(chosen) == ["efficientnet_lite0"]
    assert len(notes) == 1


def test_a_gpu_and_an_hour_get_two_strong_networks_to_compare():
    chosen, notes = auto(shelf(Shop("hub", *HUB), Shop("lite", *LITE)), device="cuda", seconds=3600.0)
    assert names(chosen) == ["convnext_tiny.in12k_ft_in1k", "resnet50.a1_in1k"]
    assert notes[-1].startswith("Uses convnext_tiny.in12k_ft_in1k and resnet50.a1_in1k")


def test_a_gpu_without_a_network_gets_the_installed_backbone_and_asks_the_hub_once():
    hub = Shop("hub", *HUB, broken=True)
    chosen, notes = auto(shelf(hub, Shop("lite", *LITE)), device="cuda", seconds=300.0)
    assert names(chosen) == ["efficientnet_lite2"]
    assert len(hub.asked) == 1
    assert any("cannot be reached" in note for note in notes)


def test_an_unreachable_hub_still_gives_what_is_on_this_machine():
    small = "mobilenetv3_small_100.lamb_in1k"
    hub = Shop("hub", *HUB, broken=True, on_disk=(small,))
    chosen, _ = auto(shelf(hub), on_disk=(small,))
    assert names(chosen) == [small]


def test_a_damaged_package_is_skipped_with_its_error():
    chosen, notes = auto(shelf(Shop("hub", *HUB), Shop("lite", *LITE[:1], broken=True)))
    assert names(chosen) == ["mobilenetv3_large_100.ra_in1k"]
    assert notes[0].startswith("efficientnet_lite0 was skipped: ")


def test_the_embedded_toy_is_never_chosen():
    with pytest.raises(
        WeightsError, match=r"one of three ways.*--backbone FOLDER.*HF_HOME.*efficientnet_lite0"
    ):
        auto(shelf(Shop("hub", *HUB, broken=True), Shop("tiny", "tiny")))
    with pytest.raises(WeightsError, match="Choose one of three ways"):
        auto({})


def test_networks_beyond_the_limits_are_skipped_for_a_lighter_one():
    hub = Shop("hub", *HUB)
    chosen, notes = candidates(
        shelf(hub),
        device="cpu",
        seconds=120.0,
        images=500,
        cached=lambda _: False,
        beyond=lambda name: "it is too large" if "large" in name else None,
    )
    assert names(chosen) == ["mobilenetv3_small_100.lamb_in1k"] == hub.asked
    assert "mobilenetv3_large_100.ra_in1k was skipped: it is too large." in notes


def test_a_short_budget_does_not_bring_back_networks_beyond_the_limits():
    chosen, _ = candidates(
        shelf(Shop("lite", *LITE), Shop("hub", *HUB)),
        device="cpu",
        seconds=10.0,
        images=50_000,
        cached=lambda _: False,
        beyond=lambda name: "it is too large" if "lite" in name else None,
    )
    assert names(chosen) == ["mobilenetv3_small_100.lamb_in1k"]


@pytest.mark.parametrize("gives", [SystemExit(3), ValueError("no net"), None])
def test_a_source_that_fails_is_named(gives):
    class Broken(Shop):
        def open(self, name):
            if gives is None:
                return
            raise gives

    with pytest.raises(WeightsError, match=r"backbone source broken failed on 'mine': .*--without broken"):
        find("mine", shelf(Broken("broken", "mine")))
