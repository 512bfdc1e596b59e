from autotl import plugins


def test_every_plugin_of_the_kit_is_found_and_none_is_broken():
    catalog = plugins.load()
    assert not catalog.broken
    offered = {
        name
        for shelf in catalog.registries().values()
        for name, origin in shelf.origins.items()
        if origin.distribution == "autotl-kit"
    }
    assert offered == {"drift", "centroid_accuracy", "filenames", "placebo", "patient", "card"}
    assert catalog.manager.has_plugin("diary")
