"""The command ``chiasm encode``."""

from contextlib import ExitStack
from importlib import import_module

from chiasm.cli.expand import expand_options
from chiasm.cli.options import (
    Address,
    Data,
    Encoding,
    Engine,
    Reading,
    refuse_without_effect,
)
from chiasm.cli.screen import notes, say_what_was_read


@expand_options
def encode(
    data: Data,
    reading: Reading,
    settings: Encoding,
    engine: Engine = "local",
    address: Address = None,
) -> None:
    """Encode the data into the feature cache, so that train, compare and tune begin at once.

    A recipe and encoders as they will be given to those. What is in the cache is not encoded again,
    so the same command goes on after an interruption.

    Example: chiasm encode reviews.csv --engine ray --address auto
    """
    from chiasm.encoders.features.cache import FeatureCache
    from chiasm.model.dataset import encode_table

    if engine == "ray":
        import_module("chiasm.scale.cluster")  # before any work, as it may be missing
    else:
        refuse_without_effect("with --engine ray", address=address)
    recipe = settings.read_recipe()
    table = reading.read(data)
    say_what_was_read(table)
    settings.refuse_unused(
        {m: kind for m, kind in table.kinds.items() if {m, kind} & recipe.encoders.keys()}
    )
    encoders = recipe.for_table(table).load_encoders(table.kinds)
    with ExitStack() as stack:
        cache = FeatureCache()
        if engine == "ray":
            from chiasm.scale.cluster import cluster
            from chiasm.scale.encoding import encode_on_ray

            stack.enter_context(cluster(address))
            cache = FeatureCache(compute=encode_on_ray)
        encode_table(table, encoders, cache=cache)
    notes.print(f"Features: {cache.folder}", highlight=False)
