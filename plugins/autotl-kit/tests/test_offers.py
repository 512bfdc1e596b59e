from autotl import plugins


def test_every_plugin_of_the_kit_is_loaded():
    catalog = plugins.load()
    assert not catalog.broken
    found = {
        name
        for registry in catalog.registries().values()
        for name, origin in registry.origins.items()
        if origin.distribution == "autotl-kit"
    }
    assert found == {"drift", "centroid_accuracy", "filenames", "placebo", "patient", "card"}
    assert catalog.manager.has_plugin("diary")
